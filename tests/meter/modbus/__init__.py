"""Tests of the device library's modbus package."""
