"""What scripts/develop and the browser tests start and drive: Home Assistant and the simulator."""
