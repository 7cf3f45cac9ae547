"""A meter in New York with some hours of interval data, and what it truly counted."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.device import Device
from tests.integration.bills import begin_at_home, count, instant, poll
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

BEGIN = instant("06-30 23:00:00")
"""An hour before a month ends."""

IMPORTED, EXPORTED = 257, 13
"""Wh in an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredHome:
    """A home whose meter was read at the borders of so many intervals."""

    entry: MockConfigEntry
    intervals: int


@asynccontextmanager
async def metered_home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    *,
    begin: datetime = BEGIN,
    minutes: int = 15,
    intervals: int = 8,
) -> AsyncIterator[MeteredHome]:
    """Let some intervals pass."""
    await begin_at_home(hass)
    freezer.move_to(begin)
    device = Device()
    count(device, 5_000_000, 70_000)
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        hass.config_entries.async_update_entry(entry, title="DTS 307 (4711)")
        for border in range(intervals + 1):
            count(device, 5_000_000 + border * IMPORTED, 70_000 + border * EXPORTED)
            await poll(hass, freezer, begin + border * timedelta(minutes=minutes))
        freezer.tick(timedelta(seconds=6))
        yield MeteredHome(entry=entry, intervals=intervals)


def rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    return list(csv.DictReader(StringIO(text, newline="")))


def wh(found: Iterable[dict[str, str]], column: str) -> Decimal:
    """Return the sum of a column in Wh."""
    return sum((Decimal(row[column]) for row in found), Decimal(0)) * 1000
