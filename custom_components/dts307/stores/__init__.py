"""What is kept of a meter across restarts."""
