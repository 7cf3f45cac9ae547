"""What a new meter counts before the owner says that it replaces the old one."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.device import Device
from tests.integration.bills import begin_at_home, count, instant, kwh, sensor, start
from tests.integration.home import entry_for, let_pass, load
from tests.integration.test_replacement import (
    NEW,
    answer,
    energy,
    question,
    replace,
)
from tests.lines import network, network_data

THIRD = "S30711111"


@pytest.fixture
async def meter(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Device:
    """A meter in New York that has imported 5 MWh."""
    await begin_at_home(hass)
    assert await async_setup_component(hass, "repairs", {})
    freezer.move_to(instant("06-10 08:00:00"))
    device = Device()
    count(device, 5_000_000, 0)
    return device


def known(device: Device, line: object, **options: float) -> MockConfigEntry:
    """Return the entry of a meter whose current transformers are known."""
    data = network_data(line)  # type: ignore[arg-type]
    return entry_for(device, data, ct_rating=100.0, ct_sets=1, **options)


async def swap(
    hass: HomeAssistant, entry: MockConfigEntry, meter: Device, imported: int, serial: str = NEW
) -> None:
    """Put in another meter while Home Assistant is off, which is then started."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    replace(meter, serial)
    count(meter, imported, 0)
    await start(hass, entry)


def placeholders(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return what the repair says, besides its text."""
    asked = question(hass, entry)
    assert asked is not None
    assert asked.translation_placeholders is not None
    return asked.translation_placeholders


@pytest.mark.parametrize(
    ("choice", "imported"), [("same_place", 7.3), ("began_at_zero", 7.8)], ids=str
)
async def test_the_period_is_an_estimate(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, choice: str, imported: float
) -> None:
    """Between the meters, twice the 300 kW that flow now can have flowed for half an hour."""
    async with network(meter) as line:
        entry = known(meter, line)
        await load(hass, entry)
        count(meter, 5_000_100, 0)
        for _ in range(2):
            freezer.tick(timedelta(seconds=6))
            await let_pass(hass)
        assert sensor(hass, meter, "imported_this_period").attributes["estimated"] is False
        freezer.tick(timedelta(minutes=30))
        await swap(hass, entry, meter, 500)
        assert placeholders(hass, entry) == {
            "name": "DTS 307",
            "time": "2026-06-10 08:30",
            "imported": "0.500",
            "exported": "0.000",
        }
        freezer.tick(timedelta(hours=6))
        count(meter, 7_700, 0)
        assert await answer(hass, entry, choice) == "create_entry"
        for _ in range(2):
            freezer.tick(timedelta(seconds=6))
            await let_pass(hass)
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(imported)
        shown = sensor(hass, meter, "imported_this_period").attributes
        assert shown["estimated"] is True
        assert shown["lowest"] == pytest.approx(imported)
        assert shown["highest"] == pytest.approx(imported + 300, rel=0.01)


async def test_a_third_meter(hass: HomeAssistant, meter: Device) -> None:
    """It counts from when it was seen itself."""
    hass.config.language = "fr"
    async with network(meter) as line:
        entry = known(meter, line)
        await load(hass, entry)
        await swap(hass, entry, meter, 500)
        await swap(hass, entry, meter, 900_000, serial=THIRD)
        assert placeholders(hass, entry)["imported"] == "900,000"
        count(meter, 900_200, 0)
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert entry.unique_id == THIRD


async def test_a_third_meter_that_is_seen_with_the_answer(
    hass: HomeAssistant, meter: Device
) -> None:
    """What it showed before is unknown."""
    async with network(meter) as line:
        entry = known(meter, line)
        await load(hass, entry)
        await swap(hass, entry, meter, 500)
        replace(meter, serial=THIRD)
        count(meter, 900_000, 0)
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert entry.unique_id == THIRD
        assert energy(hass) == "5000.0"


async def test_the_same_new_meter_after_the_own_one(hass: HomeAssistant, meter: Device) -> None:
    """In between it may have counted elsewhere."""
    async with network(meter) as line:
        entry = known(meter, line)
        await load(hass, entry)
        own = dict(meter.registers)
        await swap(hass, entry, meter, 500)
        other = dict(meter.registers)
        meter.registers = own
        assert await hass.config_entries.async_reload(entry.entry_id)
        assert question(hass, entry) is None
        assert await hass.config_entries.async_unload(entry.entry_id)
        meter.registers = other
        count(meter, 8_000, 0)
        await start(hass, entry)
        assert placeholders(hass, entry)["imported"] == "8.000"


async def test_an_entry_that_is_not_loaded(hass: HomeAssistant, meter: Device) -> None:
    """The new meter is read with the answer."""
    async with network(meter) as line:
        entry = known(meter, line)
        await load(hass, entry)
        await swap(hass, entry, meter, 500)
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert entry.state is ConfigEntryState.LOADED
        assert energy(hass) == "5000.0"


async def test_zero_is_not_offered_if_it_is_impossible(
    hass: HomeAssistant, meter: Device, freezer: FrozenDateTimeFactory
) -> None:
    """In six seconds, a meter cannot have counted a MWh."""
    async with network(meter) as line:
        entry = known(meter, line)
        await load(hass, entry)
        freezer.tick(timedelta(seconds=6))
        await swap(hass, entry, meter, 1_000_000)
        asked = question(hass, entry)
        assert asked is not None
        assert asked.data == {"entry_id": entry.entry_id, "may_begin_at_zero": False}
        manager = hass.data["repairs"]["flow_manager"]
        shown = await manager.async_init(asked.domain, data={"issue_id": asked.issue_id})
        assert shown["menu_options"] == ["same_place", "elsewhere"]
