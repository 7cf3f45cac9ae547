"""The integration in a real Home Assistant, with real Modbus frames below it."""
