"""Swapped CTs: the repair, the attribute, and what a restart keeps of them."""

import cmath
from datetime import UTC, datetime, timedelta
import math

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.disk import storage_key
from tests.integration.home import entry_for, let_pass, load
from tests.lines import network, network_data

NIGHT = datetime(2026, 6, 1, 9, tzinfo=UTC)
"""Two o'clock in the morning where Home Assistant is in tests."""
IDLE = {"A": 300 + 50j, "B": 200 - 30j, "C": 250 + 20j}
LOAD = 1500 + 0j


@pytest.fixture
def meter(freezer: FrozenDateTimeFactory) -> Device:
    """A meter of a house at night, at which time stands still."""
    freezer.move_to(NIGHT)
    device = Device()
    for phase in ("", "phA", "phB", "phC"):
        for point in ("A", "VA", "PF"):
            device.write(f"{point}{phase}", None)
    return device


def show(device: Device, powers: dict[str, complex], *, swapped: bool) -> None:
    """Measure the powers of the phases; the CTs of A and B may be swapped."""
    if swapped:
        third = cmath.rect(1, 2 * math.pi / 3)
        powers = {"A": powers["B"] * third, "B": powers["A"] / third, "C": powers["C"]}
    for phase, power in {"": sum(powers.values()), **powers}.items():
        suffix = f"ph{phase}" if phase else ""
        device.write(f"W{suffix}", round(power.real))
        device.write(f"VAR{suffix}", round(power.imag))


async def evening(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, device: Device, *, swapped: bool
) -> None:
    """Switch a load on each phase on and off six times."""
    for _ in range(6):
        for phase in "ABC":
            for power in (0j, LOAD):
                show(device, {**IDLE, phase: IDLE[phase] + power}, swapped=swapped)
                freezer.tick(timedelta(seconds=6))
                await let_pass(hass)
    show(device, IDLE, swapped=swapped)
    freezer.tick(timedelta(seconds=6))
    await let_pass(hass)


def faults(hass: HomeAssistant, device: Device) -> tuple[list[str], list[str]]:
    """Return the phases whose CTs are reversed and swapped, as automations see them."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{device.serial_number}_power"
    )
    assert entity_id is not None
    state = hass.states.get(entity_id)
    assert state is not None
    return state.attributes["reversed_cts"], state.attributes["swapped_cts"]


def issue(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> ir.IssueEntry | None:
    """Return an issue about an entry's meter, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


async def test_swapped_cts(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """They are reported after an evening, also after a reload, until they are corrected."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), direction="import_positive")
        await load(hass, entry)
        await evening(hass, freezer, meter, swapped=False)
        assert faults(hass, meter) == ([], [])
        await evening(hass, freezer, meter, swapped=True)
        assert faults(hass, meter) == ([], ["A", "B"])
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert faults(hass, meter) == ([], ["A", "B"])
        told = issue(hass, entry, "phases_swapped")
        assert told is not None
        assert told.translation_placeholders == {"name": "DTS 307", "phases": "A, B"}
        await evening(hass, freezer, meter, swapped=False)
        assert faults(hass, meter) == ([], [])
        assert issue(hass, entry, "phases_swapped") is None


async def test_nothing_is_learnt_while_the_sign_of_power_is_unknown(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Turned power would turn the evidence."""
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        await evening(hass, freezer, meter, swapped=True)
        assert faults(hass, meter) == ([], [])


async def test_a_swapped_ct_is_not_called_reversed(
    hass: HomeAssistant, hass_storage: dict[str, object], meter: Device
) -> None:
    """At night it exports, as a reversed one does."""
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
                "steps": {"a": 12, "b": -12},
                "swapped_phases": ["a", "b"],
            },
        }
        await load(hass, entry)
        assert faults(hass, meter) == (["C"], ["A", "B"])
        told = issue(hass, entry, "phase_opposite")
        assert told is not None
        assert told.translation_placeholders == {"name": "DTS 307", "phases": "C"}
        assert issue(hass, entry, "phases_swapped") is not None
