"""Tests of the device library's sunspec package."""
