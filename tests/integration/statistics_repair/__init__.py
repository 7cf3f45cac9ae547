"""Outages in Home Assistant's statistics, with the real recorder."""
