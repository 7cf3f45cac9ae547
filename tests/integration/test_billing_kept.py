"""What is kept of the bill on the disk while the clock is wrong."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from tests.device import Device
from tests.integration.bills import begin_at_home, count, instant, kwh, poll, sensor, start
from tests.integration.disk import storage_key
from tests.integration.home import entry_for, load
from tests.lines import network, network_data


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant) -> None:
    """A home in New York."""
    await begin_at_home(hass)


@pytest.fixture
def meter() -> Device:
    """A meter with energies of its own."""
    device = Device()
    count(device, 5_000_000, 70_000)
    return device


async def test_a_clock_that_stays_behind_over_restarts(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    meter: Device,
) -> None:
    """Home Assistant is killed each few hours meanwhile; it takes a day all the same."""
    freezer.move_to(instant("06-10 12:00:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        count(meter, 5_000_010)
        ahead = instant("06-10 12:00:05").replace(year=2030)
        for minute in range(31):
            await poll(hass, freezer, ahead + timedelta(minutes=minute))
        stores = (storage_key(entry, "ledger"), storage_key(entry, "totals"))
        for hour in range(1, 27):
            count(meter, 5_000_010 + hour * 100)
            now = instant("06-10 12:00:00") + timedelta(hours=hour)
            if hour % 5 == 1:
                disk = {key: deepcopy(hass_storage[key]) for key in stores}
                assert await hass.config_entries.async_unload(entry.entry_id)
                hass_storage |= disk
                freezer.move_to(now)
                await start(hass, entry)
            for seconds in (10, 20):
                await poll(hass, freezer, now + timedelta(seconds=seconds))
            running = sensor(hass, meter, "imported_this_period")
            assert running.attributes["period_start"].year == (2030 if hour < 25 else 2026)
            assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.01 + hour * 0.1)
        assert running.attributes["period_start"] == instant("06-01 00:00:00")
        assert float(running.state) == pytest.approx(2.61)
        # What was found out is on the disk, though no midnight has passed since.
        assert hass_storage[stores[0]]["data"]["behind"] == {}
