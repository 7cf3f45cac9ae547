"""A month of a house with solar, billed by Home Assistant and by a reader at the meter.

The reader reads the meter at each midnight, to the exact Wh, and subtracts; that is all the
truth there is. Home Assistant looks some seconds before and after, is off for a day, and is
restarted at midnight on the billing day.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import MeterConfig
from simulator.house import House
from simulator.meter import Meter as SimulatedMeter, Site
from tests.device import Device
from tests.integration.bills import NEW_YORK, begin_at_home, sensor, start
from tests.integration.home import entry_for, let_pass, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

ZONE = ZoneInfo(NEW_YORK)
BILLING_DAY = 5
LOOKS = (timedelta(hours=7), timedelta(hours=13), timedelta(hours=19))
"""When Home Assistant looks between the midnights: the days are long, and the test is not."""

BETWEEN_TWO_POLLS = 0.012
"""kWh that this house may draw or feed in within the six seconds around a midnight."""


class Life:
    """A house, its meter, Home Assistant, and the one who writes down what the meter counted."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, begin: datetime
    ) -> None:
        """Begin at a time."""
        self.hass = hass
        self.freezer = freezer
        self.now = begin
        freezer.move_to(begin)
        site = Site(House(latitude=41.0, solar_peak=9000.0, timezone=ZONE))
        config = MeterConfig(counters={"TotWhImp": 7_000_000, "TotWhExp": 3_000_000})
        self.meter = SimulatedMeter(config, site, int(begin.timestamp()))
        self.device = Device(config, timestamp=int(begin.timestamp()))
        self.written_down: dict[datetime, tuple[float, float]] = {}
        self.write_down()

    def go_on(self, until: datetime) -> None:
        """Let the house live."""
        while (left := int(until.timestamp()) - self.meter.timestamp) > 0:
            self.meter.advance(min(left, 600))
        self.now = until
        self.freezer.move_to(until)
        image = self.meter.image()
        self.device.registers = dict(enumerate(image.registers, start=self.device.base))

    def write_down(self) -> None:
        """Read the meter at this instant, in kWh."""
        counters = self.meter.counters
        self.written_down[self.now] = (
            counters.exact("TotWhImp") / 1000,
            counters.exact("TotWhExp") / 1000,
        )

    def billed(self, start: datetime, end: datetime) -> tuple[float, float]:
        """Subtract what was written down: kWh imported and exported."""
        before, after = self.written_down[start], self.written_down[end]
        return after[0] - before[0], after[1] - before[1]

    async def poll(self, at: datetime) -> None:
        """Let Home Assistant read the meter."""
        self.go_on(at)
        await let_pass(self.hass)

    async def day(self, midnight: datetime) -> None:
        """Live a day up to the midnight at its end, and just over it."""
        for look in LOOKS:
            # What was counted in hours is believed when a second reading agrees.
            await self.poll(midnight - timedelta(days=1) + look)
            await self.poll(self.now + timedelta(seconds=5))
        await self.to_midnight(midnight)
        await self.poll(midnight + timedelta(seconds=3))

    async def to_midnight(self, midnight: datetime) -> None:
        """Live until midnight, with two readings just before."""
        for seconds in (8, 3):
            await self.poll(midnight - timedelta(seconds=seconds))
        self.go_on(midnight)
        self.write_down()

    async def start(self, entry: MockConfigEntry) -> None:
        """Start Home Assistant's entry, and read the meter twice."""
        await start(self.hass, entry)
        await self.poll(self.now + timedelta(seconds=5))

    def sensor(self, key: str) -> State:
        """Return the state of a sensor."""
        return sensor(self.hass, self.device, key)

    def kwh(self, key: str) -> float:
        """Return the number that a sensor shows."""
        return float(self.sensor(key).state)


def midnight(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=ZONE)


@pytest.fixture(autouse=True)
async def home(hass: HomeAssistant) -> None:
    """A home in New York."""
    await begin_at_home(hass)


async def test_a_month_with_solar(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    life = Life(hass, freezer, midnight(6, 3) + timedelta(hours=12))
    begun = life.now
    async with network(life.device) as line:
        entry = entry_for(
            life.device, network_data(line), billing_day=BILLING_DAY, ct_rating=100.0, ct_sets=1
        )
        await load(hass, entry)
        days = [midnight(6, 4) + timedelta(days=n) for n in range(30)]
        for end in days:
            if end == midnight(6, 17):
                continue
            if end == midnight(6, 18):
                # Home Assistant is off from 8 o'clock on the 16th, until 20 o'clock on the 17th.
                await life.poll(midnight(6, 16) + timedelta(hours=8))
                assert await hass.config_entries.async_unload(entry.entry_id)
                life.go_on(midnight(6, 17))
                life.write_down()
                life.go_on(midnight(6, 17) + timedelta(hours=20))
                await life.start(entry)
                assert_missing_day(life)
                await life.to_midnight(end)
                await life.poll(end + timedelta(seconds=3))
                continue
            await life.day(end)
            if end == midnight(6, 5):
                assert_first_period(life, begun)
            register = life.sensor("register_exported_midnight")
            assert register.attributes["estimated"] is False
            assert float(register.state) == pytest.approx(
                life.written_down[end][1], abs=BETWEEN_TWO_POLLS
            )
        await life.day(midnight(7, 4))
        await life.poll(midnight(7, 4) + timedelta(hours=18))
        await life.to_midnight(midnight(7, 5))
        assert await hass.config_entries.async_unload(entry.entry_id)
        life.go_on(midnight(7, 5) + timedelta(seconds=40))
        await life.start(entry)
        assert_bill(life, begun)


def assert_first_period(life: Life, begun: datetime) -> None:
    """It was a day and a half, and says so."""
    imported, exported = life.billed(begun, midnight(6, 5))
    assert life.kwh("imported_last_period") == pytest.approx(imported, abs=BETWEEN_TWO_POLLS)
    assert life.kwh("exported_last_period") == pytest.approx(exported, abs=BETWEEN_TWO_POLLS)
    state = life.sensor("net_last_period")
    assert state.attributes["period_start"] == midnight(5, 5)
    assert state.attributes["counted_since"] == begun


def assert_missing_day(life: Life) -> None:
    """One midnight was not seen; it is between the readings before and after."""
    imported, exported = life.written_down[midnight(6, 17)]
    for key, truth in (("imported", imported), ("exported", exported)):
        register = life.sensor(f"register_{key}_midnight")
        assert register.attributes["read_at"] == midnight(6, 17)
        assert register.attributes["estimated"] is True
        assert register.attributes["lowest"] <= truth <= register.attributes["highest"]
        assert register.attributes["highest"] - register.attributes["lowest"] > 1


def assert_bill(life: Life, begun: datetime) -> None:
    """Compare with what was written down; the missing day makes no difference to it."""
    start, end = midnight(6, 5), midnight(7, 5)
    # Home Assistant was off for three quarters of a minute over the end of the period.
    margin = 10 * BETWEEN_TWO_POLLS
    imported, exported = life.billed(start, end)
    assert imported > 100
    assert exported > 500
    assert life.kwh("imported_last_period") == pytest.approx(imported, abs=margin)
    assert life.kwh("exported_last_period") == pytest.approx(exported, abs=margin)
    net = life.sensor("net_last_period")
    assert float(net.state) == pytest.approx(imported - exported, abs=margin)
    assert net.attributes["period_start"] == start
    assert net.attributes["period_end"] == end
    assert net.attributes["estimated"] is False
    first_imported, first_exported = life.billed(begun, start)
    credit = max(0.0, first_exported - first_imported) + exported - imported
    assert life.kwh("credit") == pytest.approx(credit, abs=2 * margin)
    for key, truth in zip(("imported", "exported"), life.written_down[end], strict=True):
        register = life.sensor(f"register_{key}_billing_day")
        assert float(register.state) == pytest.approx(truth, abs=margin)
        assert register.attributes["serial_number"] == life.device.serial_number
        this_period = life.kwh(f"{key}_this_period")
        assert this_period == pytest.approx(life.kwh(f"energy_{key}") - truth, abs=margin)
