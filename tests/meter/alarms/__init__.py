"""Tests of the device library's alarms package."""
