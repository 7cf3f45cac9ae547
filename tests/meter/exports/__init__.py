"""Tests of the files that interval data is exported to."""
