"""Real frames on a wire that keeps the time of a serial line."""
