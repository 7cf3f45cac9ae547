"""Three meters on one bus, polled for weeks of simulated time through faults that chance picks.

What the meters say stands still while one of them is polled, so that there is one truth for each
reading: that of the simulator. A reading is that truth, in every value it holds, or does not come
to be. The exception is a misread counter in a perfect frame, which only the guard can tell. It
stands alone and is off by more than the counter's reach; the guard promises more, and tests/meter
holds it to that. So here what is published is the truth after two good readings in a row, never
falls, and is never ahead.
"""
