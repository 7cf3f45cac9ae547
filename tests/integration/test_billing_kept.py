"""What is kept of the bill on the disk: when the clock is wrong, and when it cannot be read."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307.stores.billing import ledger_store, totals_store
from tests.device import Device
from tests.integration.bills import begin_at_home, count, instant, kwh, poll, sensor, start
from tests.integration.home import entry_for, load
from tests.lines import network, network_data


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home in New York."""
    await begin_at_home(hass, monkeypatch)


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
        for seconds in (0, 5):
            await poll(hass, freezer, ahead + timedelta(seconds=seconds))
        stores = (ledger_store(hass, entry).key, totals_store(hass, entry).key)
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


ODD: Final[tuple[Any, ...]] = ([], "x", 5, {}, {"tracks": {"imported": []}})


@pytest.fixture(params=[*ODD, None], ids=str)
def spoil(request: pytest.FixtureRequest) -> Callable[[dict[str, Any]], None]:
    """Put something odd in the place of what was kept, or somewhere within it."""

    def spoil(kept: dict[str, Any]) -> None:
        if request.param is not None:
            kept["data"] = request.param
        elif "tracks" in kept["data"]:
            kept["data"]["tracks"]["imported"] = []
        else:
            kept["data"]["points"]["imported"] = [1.0, None]

    return spoil


async def test_an_odd_ledger_costs_the_bill_and_nothing_else(  # noqa: PLR0913 - fixtures
    *,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    meter: Device,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    """It begins anew, the old file is put aside, and one line in the log says what is lost."""
    freezer.move_to(instant("06-10 12:00:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        count(meter, 5_000_020)
        await poll(hass, freezer, "06-10 12:00:10")
        assert await hass.config_entries.async_unload(entry.entry_id)
        stores = (ledger_store(hass, entry).key, totals_store(hass, entry).key)
        for key in stores:
            spoil(hass_storage[key])
        before = deepcopy(hass_storage)
        caplog.clear()
        await start(hass, entry)
        assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.02)
        assert kwh(hass, meter, "imported_this_period") == 0
        lost = [record.getMessage() for record in caplog.records if "has lost" in record.message]
        assert len(lost) == 2
        for key, message in zip(stores, lost, strict=True):
            aside = f"{key}.unreadable"
            assert hass_storage[aside]["data"] == before[key]["data"]
            assert message.startswith("Net metering of DTS 307 has lost the readings of ")
            assert aside in message

        count(meter, 5_000_030)
        await poll(hass, freezer, "06-10 12:00:20")
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(0.01)
        assert len([record for record in caplog.records if "has lost" in record.message]) == 2

        await hass.config_entries.async_remove(entry.entry_id)
        assert not [key for key in hass_storage if entry.entry_id in key]
