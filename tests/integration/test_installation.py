"""What the readings give away about the installation, and what becomes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.disk import storage_key
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, network_data

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def meter(freezer: FrozenDateTimeFactory) -> Device:
    """A meter at a noon at which time stands still."""
    freezer.move_to(START)
    return Device()


def issue(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> ir.IssueEntry | None:
    """Return an issue about an entry's meter, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


async def export(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, device: Device, minutes: int, watts: int
) -> None:
    """Let the export counter move minute by minute, while power has some sign."""
    device.write("W", watts)
    for _ in range(minutes):
        exported = device.read("TotWhExp") or 0
        device.write("TotWhExp", exported + abs(watts) // 60)
        freezer.tick(timedelta(minutes=1))
        await let_pass(hass, 60)


async def test_a_meter_that_counts_the_other_way_round(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Its power is inverted and an issue is raised; the finding survives a reload."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await export(hass, freezer, meter, minutes=4, watts=6000)
        assert state_of(hass, meter, "power") == "6000"
        assert issue(hass, entry, "power_turned") is None
        await export(hass, freezer, meter, minutes=12, watts=6000)
        assert state_of(hass, meter, "power") == "-6000"
        told = issue(hass, entry, "power_turned")
        assert told is not None
        assert not told.is_fixable
        assert told.translation_placeholders == {"name": "DTS 307"}

        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert state_of(hass, meter, "power") == "-6000"


async def test_a_meter_that_counts_as_home_assistant_does(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Nothing is inverted, and no issue is raised."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await export(hass, freezer, meter, minutes=16, watts=-6000)
        assert state_of(hass, meter, "power") == "-6000"
        assert issue(hass, entry, "power_turned") is None


@pytest.mark.parametrize(
    ("direction", "shown"), [("import_positive", "6000"), ("export_positive", "-6000")]
)
async def test_the_owner_knows_better(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    direction: str,
    shown: str,
) -> None:
    """The option overrules what was found, at once and without an issue."""
    meter.write("W", 6000)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), direction=direction)
        await load(hass, entry)
        assert state_of(hass, meter, "power") == shown
        await export(hass, freezer, meter, minutes=16, watts=6000)
        assert state_of(hass, meter, "power") == shown
        assert issue(hass, entry, "power_turned") is None


async def test_a_phase_that_is_opposite(
    hass: HomeAssistant, hass_storage: dict[str, Any], meter: Device
) -> None:
    """The issue names it."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        hass_storage[storage_key(entry, "direction")] = {
            "version": 1,
            "minor_version": 1,
            "data": {
                "direction": "import_positive",
                "suspect_phases": ["a", "c"],
                "lead": 9,
                "opposition": {"a": 30000.0, "c": 30000.0},
            },
        }
        await load(hass, entry)
        told = issue(hass, entry, "phase_opposite")
        assert told is not None
        assert told.translation_placeholders == {"name": "DTS 307", "phases": "A, C"}


async def test_current_without_voltage(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """An issue is raised once it lasts, and withdrawn once it is fixed."""
    own = dict(meter.registers)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        for point in ("A", "AphA", "AphB", "AphC"):
            meter.write(point, 1000)
        for point in ("PhV", "PhVphA", "PhVphB", "PhVphC"):
            meter.write(point, 0)
        for _ in range(2):
            assert issue(hass, entry, "current_without_voltage") is None
            freezer.tick(timedelta(seconds=40))
            await let_pass(hass, 40)
        freezer.tick(timedelta(seconds=40))
        await let_pass(hass, 40)
        assert issue(hass, entry, "current_without_voltage") is not None
        meter.registers = own
        await let_pass(hass)
        assert issue(hass, entry, "current_without_voltage") is None


async def test_energy_exported_that_is_kept_as_a_negative_number(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """It is unknown how the register counts until it has moved twice; a reload does not forget."""
    register = 2**32 - 250_000
    meter.write("TotWhExp", register)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        registry = er.async_get(hass)
        unique_id = f"{meter.serial_number}_energy_exported"
        assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) is None
        for moved in range(1, 5):
            meter.write("TotWhExp", register - 10 * moved)
            freezer.tick(timedelta(minutes=1))
            await let_pass(hass, 60)
        assert state_of(hass, meter, "energy_exported") == "250.04"

        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        assert state_of(hass, meter, "energy_exported") == "250.04"
