"""Tests of the device library's intervals package."""
