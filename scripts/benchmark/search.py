"""How long a search takes until a meter is found, on a wire that takes as long as a real one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307.meter.modbus import PARITIES, SCAN_RANGE
from custom_components.dts307.scan.search import LinkSearch
from simulator.meter import MeterConfig
from tests.device import Device
from tests.lines import serial_data
from tests.uart import UartLine, uart

from .report import SearchRow

_DEFAULT_SPEED = 9600
_FACTORY_UNIT_ID = 100
_TURNAROUND = 0.02


class NotFoundError(Exception):
    """A search has not found the meter, or something else; the message says which it was."""


@dataclass(frozen=True)
class _Case:
    """Meters to search for one by one, each by its speed, parity and unit id."""

    name: str
    aim: float
    meters: tuple[tuple[int, str, int], ...]
    everything: bool = False


def _cases(*, long: bool) -> Iterator[_Case]:
    yield _Case("a new meter", 2, ((_DEFAULT_SPEED, "N", _FACTORY_UNIT_ID),))
    settings = [(speed, parity) for speed in SCAN_RANGE.baud_rates for parity in PARITIES]
    yield _Case(
        "unit id 100 at any usual speed and parity",
        15,
        tuple((*each, _FACTORY_UNIT_ID) for each in settings),
    )
    yield _Case(
        "any unit id at the default speed",
        60,
        tuple((_DEFAULT_SPEED, "N", unit_id) for unit_id in (1, 124, 247)),
    )
    if long:
        # The aim is for 9600 baud and more; the slower ones come after the last of these.
        yield _Case(
            "any unit id at any usual speed and parity",
            480,
            ((19200, "E", 17), (115200, "E", 246)),
            everything=True,
        )


async def measure_searches(folder: Path, *, long: bool) -> list[SearchRow]:
    """Search for meters in each case."""
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
    """Search a bus with one meter; return after how long its owner is asked about it."""
    device = Device(MeterConfig(unit=unit_id))
    with pytest.MonkeyPatch.context() as monkeypatch:
        async with uart(
            monkeypatch, device, baud=speed, parity=parity, turnaround=_TURNAROUND
        ) as line:
            search = _search(hass, line, everything=everything)
            began = time.monotonic()
            await search.run()
            seconds = time.monotonic() - began
    found = [finding.identity and finding.identity.serial_number for finding in search.findings]
    if found != [device.serial_number]:
        raise NotFoundError(f"{speed} {parity} {unit_id}: found {found}")
    return seconds


def _search(hass: HomeAssistant, line: UartLine, *, everything: bool) -> LinkSearch:
    link = serial_data(line, speed=_DEFAULT_SPEED)
    unit_id = link.pop("unit_id")
    return LinkSearch(
        hass,
        link,
        unit_id,
        is_wanted=lambda finding: finding.identity is not None,
        on_progress=lambda _progress: None,
        everything=everything,
    )
