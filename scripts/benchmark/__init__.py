"""Measure our poll, and other ways to read the same meter, on equal buses (scripts/bench)."""
