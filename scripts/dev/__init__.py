"""Start and drive Home Assistant and the simulator, for scripts/develop and the browser tests."""
