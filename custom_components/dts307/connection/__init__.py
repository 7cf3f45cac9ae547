"""How a meter is reached: its address, the shared bus behind it, and why it cannot be reached."""
