"""Demand in Home Assistant, and energies that are summed over phases."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import Device
from tests.integration.bills import begin_at_home, change, count, instant, kwh, poll, sensor
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

NOON = instant("06-10 12:00:00")


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


async def consume(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    device: Device,
    seconds: tuple[int, int],
    watts: int,
) -> None:
    """Draw power between two seconds after noon, with a poll each half minute up to the last."""
    begin, end = seconds
    counted = device.read("TotWhImp")
    for second in range(begin + 30, end + 1, 30):
        count(device, counted + watts * (second - begin) // 3600)
        await poll(hass, freezer, NOON + timedelta(seconds=second))


async def test_demand(hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device) -> None:
    """It is the average of whole blocks, and survives a restart in the middle of one."""
    freezer.move_to(NOON - timedelta(seconds=30))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert sensor(hass, meter, "demand").state == "unknown"
        await consume(hass, freezer, meter, (-30, 900), 6000)
        demand = sensor(hass, meter, "demand")
        assert float(demand.state) == pytest.approx(6, abs=0.004)
        assert demand.attributes["unit_of_measurement"] == "kW"
        assert demand.attributes["block_start"] == NOON
        assert demand.attributes["block_end"] == NOON + timedelta(minutes=15)
        # One count of 1 Wh in a quarter of an hour, as each border was read itself.
        assert demand.attributes["uncertainty"] == pytest.approx(0.004)
        await consume(hass, freezer, meter, (900, 1200), 1200)
        running = sensor(hass, meter, "demand").attributes["running"]
        assert running == pytest.approx(1.2 / 3, abs=0.004)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await consume(hass, freezer, meter, (1200, 1800), 1200)
        assert kwh(hass, meter, "demand") == pytest.approx(1.2, abs=0.004)
        peak = sensor(hass, meter, "demand_peak")
        assert float(peak.state) == pytest.approx(6, abs=0.004)
        assert peak.attributes["block_start"] == NOON
        assert peak.attributes["last_period_peak"] is None

        await poll(hass, freezer, "07-01 00:00:00")
        await poll(hass, freezer, "07-01 00:00:05")
        peak = sensor(hass, meter, "demand_peak")
        assert peak.state == "unknown"
        assert peak.attributes["last_period_peak"] == pytest.approx(6, abs=0.004)
        assert peak.attributes["last_period_peak_start"] == NOON


async def test_another_demand_window_is_chosen(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Peaks of other windows say nothing about this one.

    It begins with the readings that have not settled yet.
    """
    freezer.move_to(NOON - timedelta(seconds=30))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await consume(hass, freezer, meter, (-30, 900), 6000)
        await change(hass, entry, billing_day=2)
        assert kwh(hass, meter, "demand_peak") == pytest.approx(6, abs=0.004)
        await change(hass, entry, demand_window=30)
        assert sensor(hass, meter, "demand_peak").state == "unknown"
        await consume(hass, freezer, meter, (900, 3600), 2400)
        peak = sensor(hass, meter, "demand_peak")
        assert float(peak.state) == pytest.approx((6 + 2.4) / 2, abs=0.002)
        assert peak.attributes["block_start"] == NOON


async def test_phases_that_are_summed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """A house that feeds in on one phase and draws on another does both at once."""
    freezer.move_to(instant("06-10 12:00:00"))
    for phase, imported, exported in (("A", 1000, 900), ("B", 2000, 0), ("C", 4000, 30)):
        meter.write(f"TotWhImpPh{phase}", imported)
        meter.write(f"TotWhExpPh{phase}", exported)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        await poll(hass, freezer, "06-10 12:00:05")
        assert kwh(hass, meter, "energy_imported_phases") == pytest.approx(7)
        assert kwh(hass, meter, "energy_exported_phases") == pytest.approx(0.93)
        assert kwh(hass, meter, "energy_imported") == pytest.approx(5000)


async def test_a_meter_of_one_phase_has_nothing_to_sum(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(instant("06-10 12:00:00"))
    device = Device(MeterConfig(model=201))
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        await poll(hass, freezer, "06-10 12:00:05")
        assert kwh(hass, device, "imported_this_period") == 0
        registry = er.async_get(hass)
        unique_id = f"{device.serial_number}_energy_imported_phases"
        assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) is None
