"""What scripts/bench measures: our poll and other ways to read the same meter, on an equal bus."""
