"""A meter is added to the Energy dashboard as its role calls for, beside all that is there."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.validate import async_validate
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.dts307.energy_dashboard import (
    EnergyDashboardError,
    async_add_to_dashboard,
    async_can_offer,
    async_is_in_dashboard,
    async_sources_there,
)
from custom_components.dts307.options import Role
from simulator import MeterConfig
from tests.device import Device
from tests.integration.dashboard import (
    OLD_DEVICE,
    OLD_GRID,
    OLD_PREFERENCES,
    devices,
    open_dashboard,
    save,
    shown,
    sources,
)
from tests.integration.home import entry_for, let_pass, load
from tests.lines import network, network_data

IMPORTED = "sensor.dts_307_energy_imported"
EXPORTED = "sensor.dts_307_energy_exported"
CHARGED = "sensor.dts_307_energy_charged"
DISCHARGED = "sensor.dts_307_energy_discharged"
CONSUMED = "sensor.dts_307_energy_consumed"
COST = "sensor.dts_307_energy_cost"
COMPENSATION = "sensor.dts_307_energy_compensation"
POWER = "sensor.dts_307_power"
PRODUCTION = "sensor.dts_307_production"
INVERTED = "sensor.dts_307_power_inverted"
MORNING = datetime(2026, 6, 1, 6, 0, 30, tzinfo=UTC)

GRID_SOURCE = {
    "type": "grid",
    "stat_energy_from": IMPORTED,
    "stat_energy_to": EXPORTED,
    "stat_cost": None,
    "entity_energy_price": None,
    "number_energy_price": None,
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "power_config": {"stat_rate": POWER},
    "stat_rate": POWER,
    "cost_adjustment_day": 0.0,
}
SOLAR_SOURCE = {
    "type": "solar",
    "stat_energy_from": EXPORTED,
    "stat_rate": PRODUCTION,
    "config_entry_solar_forecast": None,
}
BATTERY_SOURCE = {
    "type": "battery",
    "stat_energy_from": DISCHARGED,
    "stat_energy_to": CHARGED,
    "power_config": {"stat_rate_inverted": POWER},
    "stat_rate": INVERTED,
}
DEVICE = {"stat_consumption": CONSUMED, "stat_rate": POWER, "name": "DTS 307"}
ADDED: dict[Role, dict[str, Any]] = {
    Role.GRID: {"energy_sources": [GRID_SOURCE], "device_consumption": []},
    Role.SOLAR: {"energy_sources": [SOLAR_SOURCE], "device_consumption": []},
    Role.BATTERY: {"energy_sources": [BATTERY_SOURCE], "device_consumption": []},
    Role.LOAD: {"energy_sources": [], "device_consumption": [DEVICE]},
}


pytestmark = pytest.mark.usefixtures("recorder_mock")


def meter_entry(device: Device, data: dict[str, Any], role: Role | None) -> MockConfigEntry:
    """Return the entry of a meter with a role."""
    return entry_for(device, data, **({} if role is None else {"role": role}))


@pytest.mark.parametrize("role", ADDED)
async def test_one_valid_source(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, role: Role
) -> None:
    """It is what the dashboard's forms would have made; the dashboard finds nothing amiss."""
    freezer.move_to(MORNING)
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), role)
        await load(hass, entry)
        assert not await async_is_in_dashboard(hass, entry)
        await async_add_to_dashboard(hass, entry)
        assert await async_is_in_dashboard(hass, entry)
        assert shown(manager).items() >= ADDED[role].items()
        assert len(sources(manager)) + len(devices(manager)) == 1
        await async_wait_recording_done(hass)
        freezer.tick(timedelta(minutes=2))
        await let_pass(hass)
        await async_wait_recording_done(hass)
        start = MORNING.replace(second=0)
        freezer.move_to(start + timedelta(minutes=5, seconds=20))
        do_adhoc_statistics(hass, start=start)
        await async_wait_recording_done(hass)
        validation = (await async_validate(hass)).as_dict()
        assert [*validation["energy_sources"], *validation["device_consumption"]] == [[]]


@pytest.mark.parametrize("is_disabled", [False, True])
async def test_the_cost_comes_with_the_source(hass: HomeAssistant, *, is_disabled: bool) -> None:
    """If prices are chosen, and as far as the sensors are enabled."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = entry_for(
            device, network_data(line), role="grid", import_price=0.3, export_price=0.1
        )
        await load(hass, entry)
        if is_disabled:
            disabled = er.RegistryEntryDisabler.USER
            er.async_get(hass).async_update_entity(COMPENSATION, disabled_by=disabled)
        await async_add_to_dashboard(hass, entry)
        (source,) = sources(manager)
        costs = {"stat_cost": COST, "stat_compensation": None if is_disabled else COMPENSATION}
        assert source == {**GRID_SOURCE, **costs}


@pytest.mark.parametrize("role", ADDED)
async def test_what_is_there_stays(hass: HomeAssistant, role: Role) -> None:
    """Prices, order, names, and what only a later Home Assistant knows."""
    manager = await open_dashboard(hass, old=True)
    device = Device()
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), role)
        await load(hass, entry)
        await async_add_to_dashboard(hass, entry)
        after = shown(manager)
        part = "device_consumption" if role is Role.LOAD else "energy_sources"
        added = after[part].pop()
        assert after == OLD_PREFERENCES
        # Where there are several, each has a name.
        (expected,) = ADDED[role][part]
        assert added == {**expected, "name": "DTS 307"}


async def test_a_battery_that_gives_is_positive(hass: HomeAssistant) -> None:
    """Its meter exports then; the dashboard turns that round."""
    await open_dashboard(hass)
    device = Device()
    device.write("W_SF", 0)
    device.write("W", -3000)
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), Role.BATTERY)
        await load(hass, entry)
        await async_add_to_dashboard(hass, entry)
        await hass.async_block_till_done()
        discharging = hass.states.get(INVERTED)
        assert discharging is not None
        assert float(discharging.state) == 3000
        device.write("W", 1500)
        await let_pass(hass)
        charging = hass.states.get(INVERTED)
        assert charging is not None
        assert float(charging.state) == -1500


@pytest.mark.parametrize("role", ADDED)
async def test_twice_is_once(hass: HomeAssistant, role: Role) -> None:
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), role)
        await load(hass, entry)
        await async_add_to_dashboard(hass, entry)
        once = shown(manager)
        await async_add_to_dashboard(hass, entry)
        assert shown(manager) == once


@pytest.mark.parametrize(
    "used",
    [
        {"energy_sources": [{**OLD_GRID, "power_config": {"stat_rate_inverted": POWER}}]},
        {"energy_sources": [{"type": "solar", "stat_energy_from": IMPORTED}]},
        {"device_consumption": [{"stat_consumption": "sensor.x", "stat_rate": POWER}]},
    ],
)
async def test_in_whatever_way_it_is_there(
    hass: HomeAssistant, used: dict[str, list[dict[str, Any]]]
) -> None:
    """Its owner has used it otherwise, by hand: that is not for us to better."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), Role.GRID)
        await load(hass, entry)
        await save(manager, **used)
        before = shown(manager)
        await async_add_to_dashboard(hass, entry)
        assert shown(manager) == before


async def test_four_at_once(hass: HomeAssistant) -> None:
    """None undoes what another has added."""
    manager = await open_dashboard(hass, old=True)
    meters = [Device(MeterConfig(unit=unit)) for unit in range(1, 5)]
    roles = (Role.GRID, Role.SOLAR, Role.LOAD, Role.LOAD)
    async with network(*meters) as line:
        entries = [
            meter_entry(device, network_data(line, unit_id=device.unit), role)
            for device, role in zip(meters, roles, strict=True)
        ]
        for entry in entries:
            await load(hass, entry)
        await asyncio.gather(*(async_add_to_dashboard(hass, entry) for entry in entries))
        for entry in entries:
            assert await async_is_in_dashboard(hass, entry)
        old = OLD_PREFERENCES
        assert len(shown(manager)["energy_sources"]) == len(old["energy_sources"]) + 2
        assert len(devices(manager)) == len(old["device_consumption"]) + 2


async def test_what_is_there_is_named(hass: HomeAssistant) -> None:
    """By its own name, by its entity's, or else by its statistic."""
    manager = await open_dashboard(hass)
    for role in ADDED:
        assert await async_sources_there(hass, role) == []
    device = Device()
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), Role.GRID)
        await load(hass, entry)
        await async_add_to_dashboard(hass, entry)
        export_only = {**OLD_GRID, "stat_energy_from": None, "stat_energy_to": "sensor.old_export"}
        both = [*OLD_PREFERENCES["energy_sources"], *sources(manager), export_only]
        await save(manager, **{**OLD_PREFERENCES, "energy_sources": both})
        assert await async_sources_there(hass, Role.GRID) == [
            "sensor.old_import",
            "DTS 307 Energy imported",
            "sensor.old_export",
        ]
        assert await async_sources_there(hass, Role.SOLAR) == ["Old roof"]
        assert await async_sources_there(hass, Role.LOAD) == [
            OLD_DEVICE["stat_consumption"],
            "sensor.oven",
        ]


@pytest.mark.parametrize(
    ("role", "key", "reason"),
    [
        (Role.GRID, "energy_exported", "sensor_disabled"),
        (Role.SOLAR, "production", "sensor_disabled"),
        (Role.BATTERY, "power", "sensor_disabled"),
        (Role.LOAD, "power", "sensor_disabled"),
        (None, "power", "no_role"),
    ],
)
async def test_what_is_in_the_way(
    hass: HomeAssistant, role: Role | None, key: str, reason: str
) -> None:
    """The dashboard is as it was; once it is out of the way, all is well."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), role)
        await load(hass, entry)
        registry = er.async_get(hass)
        registry.async_update_entity(
            f"sensor.dts_307_{key}", disabled_by=er.RegistryEntryDisabler.USER
        )
        with pytest.raises(EnergyDashboardError) as refused:
            await async_add_to_dashboard(hass, entry)
        assert refused.value.reason == reason
        assert manager.data is None
        registry.async_update_entity(f"sensor.dts_307_{key}", disabled_by=None)
        hass.config_entries.async_update_entry(entry, options={"role": "load"} | entry.options)
        await async_add_to_dashboard(hass, entry)
        assert await async_is_in_dashboard(hass, entry)


@pytest.mark.parametrize("role", [Role.GRID, Role.SOLAR])
async def test_what_is_not_there_yet(hass: HomeAssistant, role: Role) -> None:
    """It is asked for at the very moment in which the meter is to become a solar one."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = meter_entry(device, network_data(line), role)
        await load(hass, entry)
        hass.config_entries.async_update_entry(entry, options={"role": "solar"})
        with pytest.raises(EnergyDashboardError) as refused:
            await async_add_to_dashboard(hass, entry)
        assert refused.value.reason == "sensor_missing"
        await hass.config_entries.async_reload(entry.entry_id)
        await async_add_to_dashboard(hass, entry)
        assert sources(manager) == [SOLAR_SOURCE]


async def test_without_an_energy_dashboard(hass: HomeAssistant) -> None:
    assert not async_can_offer(hass)
