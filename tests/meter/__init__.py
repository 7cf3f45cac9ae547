"""Tests of the device library, against the SunSpec models as they are published."""
