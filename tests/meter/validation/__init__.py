"""Tests of the device library's validation package."""
