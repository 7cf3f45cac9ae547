"""Tests of the SunSpec server, without Home Assistant."""
