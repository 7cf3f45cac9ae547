"""Scan a serial port or a network adapter for meters."""
