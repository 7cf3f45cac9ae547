"""Tests of the device library's installation package."""
