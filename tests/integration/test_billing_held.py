"""What the bill says while a counter is not believed, or before it was first believed."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
import pytest

from tests.device import Device
from tests.integration.bills import begin_at_home, count, instant, kwh, poll, sensor
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant) -> None:
    """A home in New York."""
    await begin_at_home(hass)


async def poll_twice(hass: HomeAssistant, freezer: FrozenDateTimeFactory, when: str) -> None:
    """Let the meter be read, and again a second later: the guard may want to see that."""
    for seconds in (0, 1):
        await poll(hass, freezer, instant(when) + timedelta(seconds=seconds))


def certainty(state: State) -> tuple[bool, float | None, float | None]:
    """Return whether a sensor shows an estimate, and its bounds if it has any."""
    attributes = state.attributes
    return attributes["estimated"], attributes.get("lowest"), attributes.get("highest")


async def test_export_is_first_believed_in_the_middle_of_a_period(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A meter that keeps it as a negative number has to export twice before that is understood.

    Nothing of what was imported until then is forgotten.
    """
    freezer.move_to(instant("06-29 20:00:00"))
    meter = Device()
    count(meter, 5_000_000, 2**32 - 500_000)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1))
        for moment, imported in (
            ("06-29 20:00:10", 0),
            ("06-30 12:00:00", 9_000),
            ("06-30 23:59:58", 13_000),
            ("07-01 00:00:02", 13_000),
            ("07-01 09:00:00", 16_000),
        ):
            count(meter, 5_000_000 + imported, 2**32 - 500_000)
            await poll_twice(hass, freezer, moment)
        assert kwh(hass, meter, "imported_last_period") == pytest.approx(13)
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(3)
        for number, moment in enumerate(("07-01 09:00:10", "07-01 09:00:20", "07-01 09:00:30"), 1):
            count(meter, 5_016_000 + number, 2**32 - 500_000 - number)
            await poll_twice(hass, freezer, moment)
        assert kwh(hass, meter, "energy_exported") == pytest.approx(500.003)
        assert kwh(hass, meter, "imported_last_period") == pytest.approx(13)
        running = sensor(hass, meter, "imported_this_period")
        assert float(running.state) == pytest.approx(3.003)
        assert running.attributes["last_reset"] == instant("07-01 00:00:00").isoformat()
        net = sensor(hass, meter, "net_this_period")
        assert net.attributes["counted_since"] > instant("07-01 09:00:00")
        assert float(net.state) == pytest.approx(0, abs=0.002)
        assert net.attributes["last_reset"] == net.attributes["counted_since"].isoformat()
        assert kwh(hass, meter, "register_imported_billing_day") == pytest.approx(5013)


async def test_import_is_held_over_a_billing_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The register was set back to 0, and the owner has not been seen yet; export goes on."""
    freezer.move_to(instant("06-30 23:00:00"))
    meter = Device()
    count(meter, 5_000_000, 70_000)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1))
        await poll(hass, freezer, "06-30 23:59:00")
        for second in range(0, 300, 30):
            count(meter, second, 70_000 + second)
            await poll(hass, freezer, instant("06-30 23:59:10") + timedelta(seconds=second))
        assert kwh(hass, meter, "energy_imported") == 5000
        for key, lowest in (
            ("imported_last_period", 0),
            ("imported_this_period", 0),
            ("register_imported_billing_day", 5000),
            ("register_imported_midnight", 5000),
        ):
            assert certainty(sensor(hass, meter, key)) == (True, lowest, None)
        assert certainty(sensor(hass, meter, "exported_last_period")) == pytest.approx(
            (False, 0.03, 0.06)
        )
        assert certainty(sensor(hass, meter, "net_this_period"))[:2] == (True, -0.24)
        credit = sensor(hass, meter, "credit")
        assert certainty(credit)[:2] == (True, 0)


async def test_two_polls_in_a_row_tell_what_is_between_them(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A meter polled each minute may move far between polls: an estimate, but no outage."""
    freezer.move_to(instant("06-30 23:50:00"))
    meter = Device()
    count(meter, 5_000_000, 70_000)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1))
        for moment, imported in (("06-30 23:59:15", 1000), ("07-01 00:00:44", 1250)):
            count(meter, 5_000_000 + imported, 70_000)
            await poll_twice(hass, freezer, moment)
        assert certainty(sensor(hass, meter, "register_imported_billing_day")) == (
            False,
            5001.0,
            5001.25,
        )
        assert certainty(sensor(hass, meter, "imported_this_period")) == (False, 0, 0.25)
