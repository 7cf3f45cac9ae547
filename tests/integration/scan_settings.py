"""Give scans other timings and ranges than their defaults."""

from dataclasses import fields, replace
from functools import partial
from typing import Any

import pytest

from custom_components.dts307.meter.modbus import (
    BusScan,
    ScanRange,
    ScanTiming,
    network_passes,
    serial_passes,
    usual_settings,
)
from custom_components.dts307.scan import search

_TIMINGS = {field.name for field in fields(ScanTiming)}


class ScanSettings:
    """What scans that begin from now on are given for their timing and range."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin with the defaults."""
        self._monkeypatch = monkeypatch
        self.timing = ScanTiming()
        self.scan_range = ScanRange()

    def change(self, **values: Any) -> None:
        """Change fields of the timing or the range."""
        timings = {name: value for name, value in values.items() if name in _TIMINGS}
        ranges = {name: value for name, value in values.items() if name not in _TIMINGS}
        self.timing = replace(self.timing, **timings)
        self.scan_range = replace(self.scan_range, **ranges)
        both: dict[str, Any] = {"timing": self.timing, "scan_range": self.scan_range}
        functions: tuple[Any, ...] = (BusScan, network_passes, serial_passes)
        for function in functions:
            self._monkeypatch.setattr(search, function.__name__, partial(function, **both))
        settings = partial(usual_settings, scan_range=self.scan_range)
        self._monkeypatch.setattr(search, "usual_settings", settings)
