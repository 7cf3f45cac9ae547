"""Measure how long a scan takes to find a meter, on a wire with the timing of a real one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307.connection import MeterAddress
from custom_components.dts307.meter.bus_scan import MeterScan
from custom_components.dts307.meter.modbus import SCAN_RANGE, USUAL_PARITIES
from custom_components.dts307.scan.links import SharedLinks
from simulator import MeterConfig
from tests.device import Device
from tests.lines import serial_data
from tests.uart import UartLine, uart

from .report import SearchRow

_DEFAULT_SPEED = 9600
_FACTORY_UNIT_ID = 100
_TURNAROUND = 0.02


class NotFoundError(Exception):
    """A scan has not found exactly the meter; the message contains what it found."""


@dataclass(frozen=True)
class _Case:
    """Meters to scan for one by one, each with its baud rate, parity and unit ID."""

    name: str
    aim: float
    meters: tuple[tuple[int, str, int], ...]
    everything: bool = False


def _cases(*, long: bool) -> Iterator[_Case]:
    yield _Case("a new meter", 2, ((_DEFAULT_SPEED, "N", _FACTORY_UNIT_ID),))
    settings = [(speed, parity) for speed in SCAN_RANGE.baud_rates for parity in USUAL_PARITIES]
    yield _Case(
        "unit ID 100 at any usual baud rate and parity",
        15,
        tuple((*each, _FACTORY_UNIT_ID) for each in settings),
    )
    yield _Case(
        "a common unit ID at the default baud rate",
        20,
        tuple((_DEFAULT_SPEED, "N", unit_id) for unit_id in (1, 50, 247)),
    )
    if long:
        # The aim is for 9600 baud and more. Slower baud rates are scanned after 115200 8E1.
        yield _Case(
            "any unit ID at any usual baud rate and parity",
            480,
            ((19200, "E", 17), (115200, "E", 246)),
            everything=True,
        )


async def measure_searches(folder: Path, *, long: bool) -> list[SearchRow]:
    """Scan for the meters of each case."""
    hass = HomeAssistant(str(folder))
    try:
        return [
            SearchRow(
                case.name,
                case.aim,
                [
                    await _seconds_to_find(hass, *meter, everything=case.everything)
                    for meter in case.meters
                ],
            )
            for case in _cases(long=long)
        ]
    finally:
        await hass.async_stop(force=True)


async def _seconds_to_find(
    hass: HomeAssistant, speed: int, parity: str, unit_id: int, *, everything: bool
) -> float:
    """Scan a bus with one meter; return the seconds until the scan ends with it."""
    device = Device(MeterConfig(unit=unit_id))
    with pytest.MonkeyPatch.context() as monkeypatch:
        async with uart(
            monkeypatch, device, baud=speed, parity=parity, turnaround=_TURNAROUND
        ) as line:
            scan = _scan(hass, line, everything=everything)
            began = time.monotonic()
            await scan.run()
            seconds = time.monotonic() - began
    found = [result.identity and result.identity.serial_number for result in scan.results]
    if found != [device.serial_number]:
        raise NotFoundError(f"{speed} {parity} {unit_id}: found {found}")
    return seconds


def _scan(hass: HomeAssistant, line: UartLine, *, everything: bool) -> MeterScan:
    return MeterScan(
        SharedLinks(hass),
        MeterAddress.parse(serial_data(line, speed=_DEFAULT_SPEED)),
        is_wanted=lambda result: result.identity is not None,
        on_progress=lambda _progress: None,
        everything=everything,
    )
