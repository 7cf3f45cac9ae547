"""Three meters on one bus, polled for weeks of simulated time through random faults.

The registers do not change during a poll, so the simulator knows the one right value of each
reading. A reading must be right in every value, or fail. The exception is a misread counter in a
valid frame, which only the counter filter can detect. Such misreads are single, and off by more
than the counter can move; tests/meter tests the filter with smaller ones. So the published counters
are right after two good readings in a row, never fall, and are never ahead.
"""
