"""The Energy dashboard takes the energies: the real recorder books them, the dashboard agrees."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.energy.validate import async_validate
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import (
    async_list_statistic_ids,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from tests.device import Device
from tests.integration.home import entry_for, let_pass, load
from tests.lines import network, network_data

IMPORTED = "sensor.dts_307_energy_imported"
EXPORTED = "sensor.dts_307_energy_exported"
NET = "sensor.dts_307_energy_net"
POWER = "sensor.dts_307_power"
MORNING = datetime(2026, 6, 1, 6, 0, 30, tzinfo=UTC)


@pytest.mark.usefixtures("all_entities_enabled")
async def test_energies_are_booked_and_valid(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """What the meter counts within five minutes is what the recorder books for them."""
    freezer.move_to(MORNING)
    assert await async_setup_component(hass, "sensor", {})
    assert await async_setup_component(hass, "energy", {})
    device = Device()
    device.write("TotWhImp", 1_000_000)
    device.write("TotWhExp", 2_000_000)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        await async_wait_recording_done(hass)
        freezer.tick(timedelta(minutes=2))
        device.write("TotWhImp", 1_000_750)
        device.write("TotWhExp", 2_000_125)
        await let_pass(hass)
        await async_wait_recording_done(hass)
        start = MORNING.replace(second=0)
        freezer.move_to(start + timedelta(minutes=5, seconds=20))
        do_adhoc_statistics(hass, start=start)
        await async_wait_recording_done(hass)

        booked = await recorder_mock.async_add_executor_job(
            statistics_during_period,
            hass,
            start,
            None,
            {IMPORTED, EXPORTED, NET, POWER},
            "5minute",
            None,
            {"state", "sum", "mean"},
        )
        assert [(row["state"], row["sum"]) for row in booked[IMPORTED]] == [(1000.75, 0.75)]
        assert [(row["state"], row["sum"]) for row in booked[EXPORTED]] == [(2000.125, 0.125)]
        assert [row["sum"] for row in booked[NET]] == [0.625]
        assert booked[POWER][0]["mean"] == float(device.meter_model().W.cvalue)

        metadata = {row["statistic_id"]: row for row in await async_list_statistic_ids(hass)}
        for statistic in (IMPORTED, EXPORTED, NET):
            assert metadata[statistic]["has_sum"] is True
            assert metadata[statistic]["unit_class"] == "energy"
            assert metadata[statistic]["statistics_unit_of_measurement"] == "kWh"
        assert metadata[POWER]["has_sum"] is False
        assert metadata[POWER]["unit_class"] == "power"

        manager = await async_get_manager(hass)
        await manager.async_update(
            {
                "energy_sources": [
                    {
                        "type": "grid",
                        "stat_energy_from": IMPORTED,
                        "stat_energy_to": EXPORTED,
                        "stat_cost": None,
                        "entity_energy_price": None,
                        "number_energy_price": 0.31,
                        "stat_compensation": None,
                        "entity_energy_price_export": None,
                        "number_energy_price_export": 0.08,
                        "power_config": {"stat_rate": POWER},
                        "cost_adjustment_day": 0.0,
                    }
                ],
                "device_consumption": [],
            }
        )
        await hass.async_block_till_done(wait_background_tasks=True)
        validation = await async_validate(hass)
        assert validation.as_dict()["energy_sources"] == [[]]
