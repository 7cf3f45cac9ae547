"""The tests: the device library, the simulator, Home Assistant, and real frames on a wire."""
