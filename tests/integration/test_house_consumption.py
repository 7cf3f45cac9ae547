"""What the house consumes is known from the counters of the meters around it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.coordinator import Dts307Coordinator
from custom_components.dts307.meter import PerPhase
from custom_components.dts307.stores.house import FILE_HOUSE
from simulator import MeterConfig
from simulator.server import TcpLine
from tests.device import Device
from tests.integration.bills import begin_at_home, instant, kwh, sensor, start
from tests.integration.disk import Clock, Disk
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("real_disk")

ENERGY = "house_consumption"
POWER = "house_power"


class House:
    """A house with meters on one bus, whose counters a test lets run."""

    def __init__(
        self, hass: HomeAssistant, clock: Clock, line: TcpLine, meters: list[Device]
    ) -> None:
        """Have no meter set up yet."""
        self._hass = hass
        self.clock = clock
        self._line = line
        self.grid, self.solar, self.battery = meters
        self.counts = {meter.unit: [2_000_000, 3_000_000] for meter in meters}
        self.entries: dict[int, MockConfigEntry] = {}
        for meter in meters:
            self._write(meter)

    def set_power(self, meter: Device, watts: int | None) -> None:
        """Let a meter measure so much, positive while importing."""
        meter.write("W_SF", 0)
        for point in ("W", "WphA", "WphB", "WphC"):
            meter.write(point, watts if watts is None or point == "W" else watts // 3)

    def _write(self, meter: Device) -> None:
        for point, value in zip(("TotWhImp", "TotWhExp"), self.counts[meter.unit], strict=True):
            meter.write(point, value)

    def count(self, meter: Device, imported: int, exported: int) -> None:
        """Let a meter count so many more Wh."""
        # Power that explains what is counted.
        meter.let_flow()
        for place, more in enumerate((imported, exported)):
            self.counts[meter.unit][place] += more
        self._write(meter)

    async def add(self, meter: Device, role: str) -> MockConfigEntry:
        """Set a meter up."""
        data = network_data(self._line, unit_id=meter.unit)
        entry = entry_for(meter, data, role=role, ct_rating=100)
        self.entries[meter.unit] = entry
        await load(self._hass, entry)
        await self.clock.run(12)
        return entry

    async def live(self, steps: int = 1) -> None:
        """Consume 30 Wh in each step: 20 of the sun's 25, the grid's 4, the battery's 6."""
        for _ in range(steps):
            self.count(self.grid, 4, 5)
            self.count(self.solar, 0, 25)
            self.count(self.battery, 1, 7)
            await self.clock.run(6)

    def shown(self) -> float:
        """Return what the house has consumed, in Wh."""
        return kwh(self._hass, self.grid, ENERGY) * 1000

    def state(self, key: str = ENERGY) -> str:
        """Return the state of a sensor of the house."""
        return sensor(self._hass, self.grid, key).state

    def is_there(self) -> bool:
        """Return whether the house has sensors."""
        registry = er.async_get(self._hass)
        return [
            registry.async_get_entity_id("sensor", "dts307", f"{self.grid.serial_number}_{key}")
            is not None
            for key in (ENERGY, POWER)
        ] == [True, True]


WITHOUT_BATTERY = 24
"""Wh of a step that grid and sun bring."""
WITH_BATTERY = 30


@pytest.fixture
async def clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Clock:
    await begin_at_home(hass)
    freezer.move_to(instant("06-10 14:00:30"))
    return Clock(hass, freezer)


@pytest.fixture
async def house(hass: HomeAssistant, clock: Clock) -> AsyncIterator[House]:
    """A house whose meters are not set up yet."""
    meters = [Device(MeterConfig(unit=unit)) for unit in (100, 101, 102)]
    async with network(*meters) as line:
        yield House(hass, clock, line, meters)


async def test_it_is_the_sum_of_grid_sun_and_battery(house: House) -> None:
    """With the sensors at the meter of the grid, which come with the second meter."""
    await house.add(house.grid, "grid")
    assert not house.is_there()
    await house.add(house.solar, "solar")
    assert house.is_there()
    assert house.shown() == 0
    await house.live(5)
    assert house.shown() == pytest.approx(5 * WITHOUT_BATTERY)
    await house.add(house.battery, "battery")
    assert house.shown() == pytest.approx(5 * WITHOUT_BATTERY)
    await house.live(5)
    assert house.shown() == pytest.approx(5 * WITHOUT_BATTERY + 5 * WITH_BATTERY)


async def test_power_is_the_sum_too(house: House) -> None:
    """It is never negative, and unknown if one of them is."""
    for meter, role, watts in (
        (house.grid, "grid", 400),
        (house.solar, "solar", -2500),
        (house.battery, "battery", 600),
    ):
        house.set_power(meter, watts)
        await house.add(meter, role)
    await house.clock.run(6)
    assert float(house.state(POWER)) == 2300
    house.set_power(house.battery, None)
    await house.clock.run(6)
    assert house.state(POWER) == STATE_UNKNOWN
    house.set_power(house.battery, 6000)
    await house.clock.run(6)
    assert float(house.state(POWER)) == 0


async def test_a_reversed_inverter_counts_the_other_way(house: House) -> None:
    """What it imports flows into the house then."""
    house.counts[house.solar.unit] = [3_000_000, 10]
    house.count(house.solar, 0, 0)
    await house.add(house.grid, "grid")
    await house.add(house.solar, "solar")
    for _ in range(3):
        house.count(house.solar, 25, 0)
        house.count(house.grid, 5, 0)
        await house.clock.run(6)
    assert house.shown() == pytest.approx(90)


async def test_an_outage_is_made_up_for(house: House, clock: Clock) -> None:
    """Nothing is shown while a meter is silent; its counters bring what flowed meanwhile."""
    await house.add(house.grid, "grid")
    await house.add(house.solar, "solar")
    await house.live(2)
    house.solar.refusal = ExcCodes.DEVICE_FAILURE
    await house.live(40)
    assert house.state() == house.state(POWER) == STATE_UNAVAILABLE
    house.solar.refusal = None
    await clock.run(60)
    assert house.shown() == pytest.approx(42 * WITHOUT_BATTERY)


async def test_a_counter_that_is_not_known(house: House) -> None:
    """As after a kill, until two readings agree: the house shows nothing meanwhile."""
    await house.add(house.grid, "grid")
    solar = await house.add(house.solar, "solar")
    await house.live(2)
    meter: Dts307Coordinator = solar.runtime_data
    reading = replace(meter.data.reading, energy_exported=PerPhase())
    meter.async_set_updated_data(replace(meter.data, reading=reading))
    assert house.state() == STATE_UNAVAILABLE
    await house.live(2)
    assert house.shown() == pytest.approx(4 * WITHOUT_BATTERY)


@pytest.mark.parametrize("which", ["grid", "solar"])
async def test_a_restart_loses_nothing(hass: HomeAssistant, house: House, which: str) -> None:
    """What flows while one of them is not loaded is counted, and nothing jumps."""
    await house.add(house.grid, "grid")
    await house.add(house.solar, "solar")
    await house.live(10)
    entry = house.entries[getattr(house, which).unit]
    assert await hass.config_entries.async_unload(entry.entry_id)
    await house.live(50)
    assert house.state() == STATE_UNAVAILABLE
    await start(hass, entry)
    await house.live(2)
    assert house.shown() == pytest.approx(62 * WITHOUT_BATTERY)


async def test_a_kill_loses_nothing(hass: HomeAssistant, house: House) -> None:
    """The file is minutes old; what is shown does not fall, and is soon as it should be."""
    await house.add(house.grid, "grid")
    await house.add(house.solar, "solar")
    await house.live(70)
    before = house.shown()
    entry = house.entries[house.grid.unit]
    disk = Disk(hass, entry)
    left = disk.copied()
    assert disk.content(FILE_HOUSE)["published"] < before
    assert await hass.config_entries.async_unload(entry.entry_id)
    disk.restore(left)
    await start(hass, entry)
    await house.live(2)
    assert house.shown() >= before
    await house.live(20)
    assert house.shown() == pytest.approx(92 * WITHOUT_BATTERY)


async def test_meters_that_come_and_go(hass: HomeAssistant, house: House) -> None:
    """The sum of others continues; with a second meter at the grid, it is not known."""
    await house.add(house.grid, "grid")
    await house.add(house.solar, "solar")
    battery = await house.add(house.battery, "battery")
    await house.live(5)
    before = house.shown()
    assert before == pytest.approx(5 * WITH_BATTERY)

    await change_role(hass, battery, "load")
    await house.live(2)
    assert before <= house.shown() <= before + 2 * WITHOUT_BATTERY
    before = house.shown()
    await house.live(2)
    assert house.shown() == pytest.approx(before + 2 * WITHOUT_BATTERY)

    await change_role(hass, battery, "grid")
    await house.live(2)
    assert house.state() == STATE_UNAVAILABLE
    await hass.config_entries.async_remove(battery.entry_id)
    await house.live(3)
    assert house.shown() == pytest.approx(before + 7 * WITHOUT_BATTERY)

    await hass.config_entries.async_remove(house.entries[house.solar.unit].entry_id)
    await house.live(3)
    assert house.state() == STATE_UNAVAILABLE


async def change_role(hass: HomeAssistant, entry: MockConfigEntry, role: str) -> None:
    """Choose another role in the options."""
    options: dict[str, Any] = {**entry.options, "role": role}
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_meter_that_leaves_the_grid(hass: HomeAssistant, house: House) -> None:
    """It no longer shows the house; removed, it leaves no file."""
    grid = await house.add(house.grid, "grid")
    await house.add(house.solar, "solar")
    await house.live(2)
    disk = Disk(hass, grid)
    await change_role(hass, grid, "load")
    assert not house.is_there()
    assert FILE_HOUSE in disk.names
    await hass.config_entries.async_remove(grid.entry_id)
    assert disk.names == set()


@pytest.mark.parametrize(
    ("damage", "shown"),
    [({}, 48), ({"margin": -1}, 0), ({"signs": {"x": 2}}, 0), ({"published": "much"}, 0)],
)
async def test_a_damaged_file(
    hass: HomeAssistant, house: House, damage: dict[str, Any], shown: float
) -> None:
    """It is set aside, and the sum starts again."""
    grid = await house.add(house.grid, "grid")
    await house.add(house.solar, "solar")
    await house.live(2)
    assert house.shown() == pytest.approx(48)
    assert await hass.config_entries.async_unload(grid.entry_id)
    disk = Disk(hass, grid)
    disk.write(FILE_HOUSE, {**disk.content(FILE_HOUSE), **damage})
    await start(hass, grid)
    await house.clock.run(12)
    assert house.shown() == pytest.approx(shown)
    assert (f"{FILE_HOUSE}.unreadable" in disk.names) is bool(damage)
