"""Net metering in Home Assistant: midnights, restarts, kills, clocks, and other options."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from simulator import MeterConfig
from tests.device import Device
from tests.integration.bills import (
    NEW_YORK,
    begin_at_home,
    change,
    count,
    instant,
    kwh,
    poll,
    sensor,
    start,
)
from tests.integration.disk import storage_key
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


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


async def test_a_billing_day_goes_by(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """What was before midnight is of the last period, and what is after of this one."""
    freezer.move_to(instant("06-30 23:59:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert kwh(hass, meter, "imported_this_period") == 0
        count(meter, 5_000_100, 70_010)
        await poll(hass, freezer, "06-30 23:59:58")
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(0.1)
        running = sensor(hass, meter, "net_this_period")
        assert float(running.state) == pytest.approx(0.09)
        assert running.attributes["period_start"] == instant("06-01 00:00:00")
        assert running.attributes["period_end"] == instant("07-01 00:00:00")
        assert running.attributes["counted_since"] == instant("06-30 23:59:00")
        assert running.attributes["last_reset"] == instant("06-30 23:59:00").isoformat()
        assert running.attributes["state_class"] == "total"

        count(meter, 5_000_110, 70_010)
        await poll(hass, freezer, "07-01 00:00:03")
        assert kwh(hass, meter, "imported_last_period") == pytest.approx(0.104)
        assert kwh(hass, meter, "exported_last_period") == pytest.approx(0.01)
        settled = sensor(hass, meter, "net_last_period")
        assert float(settled.state) == pytest.approx(0.094)
        assert settled.attributes["billed"] == pytest.approx(0.094)
        assert "state_class" not in settled.attributes
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(0.006)
        running = sensor(hass, meter, "imported_this_period")
        assert running.attributes["last_reset"] == instant("07-01 00:00:00").isoformat()
        assert running.attributes["estimated"] is False
        for day in ("billing_day", "midnight"):
            register = sensor(hass, meter, f"register_imported_{day}")
            assert float(register.state) == pytest.approx(5000.104)
            assert register.attributes["serial_number"] == meter.serial_number
            assert register.attributes["read_at"] == instant("07-01 00:00:00")
            assert kwh(hass, meter, f"register_exported_{day}") == pytest.approx(70.01)


async def test_credit_is_carried_into_the_next_period(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    freezer.move_to(instant("06-30 23:59:00"))
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        assert kwh(hass, meter, "credit") == 0
        count(meter, 5_000_000, 70_100)
        await poll(hass, freezer, "06-30 23:59:55")
        credit = sensor(hass, meter, "credit")
        assert float(credit.state) == 0
        assert credit.attributes["if_period_ended_now"] == pytest.approx(0.1)
        await poll(hass, freezer, "07-01 00:00:00")
        count(meter, 5_000_030, 70_100)
        await poll(hass, freezer, "07-01 00:00:05")
        credit = sensor(hass, meter, "credit")
        assert float(credit.state) == pytest.approx(0.1)
        assert credit.attributes["if_period_ended_now"] == pytest.approx(0.07)
        assert sensor(hass, meter, "net_last_period").attributes["billed"] == 0


@pytest.mark.parametrize(("off", "on"), [("23:59:40", "00:00:20"), ("23:00:00", "03:00:00")])
async def test_off_over_midnight(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, off: str, on: str
) -> None:
    """The meter goes on counting; only where it was at midnight may not be known."""
    freezer.move_to(instant("06-30 22:00:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        await poll(hass, freezer, f"06-30 {off}")
        assert await hass.config_entries.async_unload(entry.entry_id)
        freezer.move_to(instant(f"07-01 {on}"))
        count(meter, 5_000_200)
        await start(hass, entry)
        # The guard may want a second reading before it believes the first.
        seconds = timedelta(seconds=5)
        await poll(hass, freezer, instant(f"07-01 {on}") + seconds)
        whole = instant(f"07-01 {on}") - instant(f"06-30 {off}")
        before = instant("07-01 00:00:00") - instant(f"06-30 {off}")
        share = before / whole
        june = sensor(hass, meter, "imported_last_period")
        july = sensor(hass, meter, "imported_this_period")
        assert float(june.state) + float(july.state) == pytest.approx(0.2)
        assert float(june.state) == pytest.approx(0.2 * share, rel=0.15)
        long = whole > timedelta(seconds=90)
        assert june.attributes["estimated"] is july.attributes["estimated"] is long
        if long:
            assert (july.attributes["lowest"], july.attributes["highest"]) == (0, 0.2)
            register = sensor(hass, meter, "register_imported_billing_day")
            assert register.attributes["lowest"] == 5000.0
            assert register.attributes["highest"] == 5000.2


async def test_a_long_outage_is_in_the_bill_at_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """A second reading confirms the first one after a start."""
    freezer.move_to(instant("06-28 12:00:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=5.0, ct_sets=1)
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        freezer.move_to(instant("07-03 12:00:00"))
        count(meter, 5_100_000)
        await start(hass, entry)
        assert kwh(hass, meter, "energy_imported") == 5100
        july = sensor(hass, meter, "imported_this_period")
        assert float(july.state) == pytest.approx(50, rel=0.001)
        assert july.attributes["estimated"] is True
        assert (july.attributes["lowest"], july.attributes["highest"]) == (0, 100)


async def test_after_a_kill_nothing_is_believed_yet(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    meter: Device,
) -> None:
    """The bill stands where it was until the guard knows what to believe."""
    freezer.move_to(instant("06-10 12:00:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        count(meter, 5_000_020)
        await poll(hass, freezer, "06-10 12:00:10")
        assert await hass.config_entries.async_unload(entry.entry_id)
        hass_storage[storage_key(entry, "counters")]["data"]["latest"] = False
        count(meter, 17)
        freezer.move_to(instant("06-10 12:00:20"))
        await start(hass, entry)
        assert sensor(hass, meter, "energy_imported").state == "unknown"
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(0.02)
        count(meter, 5_000_030)
        await poll(hass, freezer, "06-10 12:00:30")
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(0.03)


async def test_the_clock_on_the_wall_is_changed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """On 8 March New York skips an hour; the next midnight is 23 hours after the last."""
    freezer.move_to(instant("03-07 23:59:00"))
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), billing_day=8))
        midnight = instant("03-08 00:00:00")
        for hours, counted in ((0, 5_000_100), (23, 5_023_100)):
            border = midnight.astimezone(ZoneInfo("UTC")) + timedelta(hours=hours)
            for seconds in (-5, 5):
                count(meter, counted + seconds)
                await poll(hass, freezer, border + timedelta(seconds=seconds))
                # The guard may want to see this again.
                await poll(hass, freezer, border + timedelta(seconds=seconds))
        register = sensor(hass, meter, "register_imported_midnight")
        assert register.attributes["read_at"].isoformat() == "2026-03-09T00:00:00-04:00"
        assert float(register.state) == pytest.approx(5023.1)
        running = sensor(hass, meter, "imported_this_period")
        assert running.attributes["period_start"].isoformat() == "2026-03-08T00:00:00-05:00"
        assert running.attributes["period_end"].isoformat() == "2026-04-08T00:00:00-04:00"
        assert float(running.state) == pytest.approx(23.005)


async def test_the_home_moves_to_another_time_zone(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """While running, and back: the period begins elsewhere, and nothing is lost."""
    freezer.move_to(instant("06-30 12:00:00"))
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        for second, moment in enumerate(("06-30 23:59:58", "07-01 00:00:02", "07-01 06:00:00")):
            for repeated in range(2):
                count(meter, 5_012_000 + 1000 * second)
                await poll(hass, freezer, instant(moment) + timedelta(seconds=repeated))
        at_home = sensor(hass, meter, "imported_this_period")
        assert at_home.attributes["period_start"] == instant("07-01 00:00:00")
        assert at_home.attributes["estimated"] is False

        await hass.config.async_update(time_zone="Europe/Berlin")
        await poll(hass, freezer, "07-01 06:00:05")
        abroad = sensor(hass, meter, "imported_this_period")
        berlin = instant("07-01 00:00:00", "Europe/Berlin")
        assert abroad.attributes["period_start"] == berlin
        assert abroad.attributes["estimated"] is True
        assert abroad.attributes["lowest"] <= 2 + 6 <= abroad.attributes["highest"]
        june = kwh(hass, meter, "imported_last_period")
        assert june + float(abroad.state) == pytest.approx(14)

        await hass.config.async_update(time_zone=NEW_YORK)
        await poll(hass, freezer, "07-01 06:00:10")
        back = sensor(hass, meter, "imported_this_period")
        assert back.state == at_home.state
        assert back.attributes["period_start"] == at_home.attributes["period_start"]


async def test_another_billing_day_is_chosen(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """It holds for the past as well."""
    freezer.move_to(instant("06-09 23:59:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        for day in range(10, 13):
            for seconds in (-2, 0):
                count(meter, 5_000_000 + (day - 10) * 1000)
                midnight = instant(f"06-{day} 00:00:00")
                await poll(hass, freezer, midnight + timedelta(seconds=seconds))
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(2)
        await change(hass, entry, billing_day=11)
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(1, abs=0.001)
        assert kwh(hass, meter, "imported_last_period") == pytest.approx(1, abs=0.001)
        running = sensor(hass, meter, "imported_this_period")
        assert running.attributes["period_start"] == instant("06-11 00:00:00")


@pytest.mark.parametrize("billing_day", [1, 5, 21, 30])
async def test_the_last_period_by_another_billing_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, billing_day: int
) -> None:
    """It is known from the midnights that were read; one that ended before them says so."""
    freezer.move_to(instant("06-19 12:00:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), billing_day=1)
        await load(hass, entry)
        midnight = instant("06-20 00:00:00")
        for day in range(20):
            count(meter, 5_000_000 + day * 1000)
            for seconds in (-1, 0):
                await poll(hass, freezer, midnight + timedelta(days=day, seconds=seconds))
        assert kwh(hass, meter, "imported_last_period") == pytest.approx(11, abs=0.01)
        await change(hass, entry, billing_day=billing_day)
        last = sensor(hass, meter, "imported_last_period")
        since = instant("06-19 12:00:00")
        assert last.attributes["counted_since"] == since
        end = last.attributes["period_end"]
        assert end.day == billing_day
        if end > since:
            assert float(last.state) == pytest.approx((end - midnight).days, abs=0.01)
        else:
            assert last.state == "unknown"


async def test_the_last_period_of_a_meter_that_states_no_import(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """What it exports is known since it was first read."""
    freezer.move_to(instant("06-19 12:00:00"))
    meter = Device(MeterConfig(model=213))
    for part in ("", "PhA", "PhB", "PhC"):
        meter.write(f"TotWhImp{part}", None)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        last = sensor(hass, meter, "exported_last_period")
        assert last.state == "unknown"
        assert last.attributes["counted_since"] == instant("06-19 12:00:00")
        assert last.attributes["period_end"] == instant("06-01 00:00:00")
