"""Whatever a meter goes through, the recorder's sums are what went through the meter.

Each test lets energy flow before, during and after something that happens to the counters of a
meter, with the real recorder behind; `Books` compares in the end.
"""

from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.integration.books import COUNTERS, Books, FirstReadWrong
from tests.integration.disk import storage_key
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

START = datetime(2026, 6, 1, 6, 0, 30, tzinfo=UTC)
FIVE_MINUTES = 300
"""Seconds; for each five minutes the recorder makes a sum of its own."""

NEW_SERIAL = "S30799999"


@pytest.fixture
def recorder_config() -> dict[str, Any]:
    """Record the counters alone: to book all else besides would take most of the time."""
    return {"include": {"entities": [f"sensor.dts_307_{key}" for key in COUNTERS.values()]}}


@pytest.fixture
async def books(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_storage: dict[str, Any],  # noqa: ARG001 - nothing is to be left on the disk
    freezer: FrozenDateTimeFactory,
) -> Books:
    """A meter that has imported 5 MWh and never exported, on a morning in June."""
    freezer.move_to(START)
    for component in ("sensor", "repairs"):
        assert await async_setup_component(hass, component, {})
    return Books(hass, recorder_mock, freezer)


@pytest.fixture
async def entry(books: Books) -> AsyncIterator[MockConfigEntry]:
    """The meter's config entry, which is not set up yet; its current transformers are known."""
    async with network(books.device) as line:
        yield entry_for(books.device, network_data(line), ct_rating=100.0, ct_sets=2)


@pytest.fixture
async def loaded(hass: HomeAssistant, books: Books, entry: MockConfigEntry) -> MockConfigEntry:
    """The meter's config entry, set up, after some energy has flowed."""
    await load(hass, entry)
    books.flow(imported=10)
    await books.poll()
    return entry


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("wrong", [0, 2_000_000_000, 5_000_010 + 65_536, 4_999_000])
async def test_a_glitch(books: Books, wrong: int) -> None:
    """A count that is far too high or too low, once, and is all there is in five minutes."""
    books.misread("TotWhImp", wrong)
    await books.poll(seconds=FIVE_MINUTES)
    books.flow(imported=10)
    await books.poll(seconds=FIVE_MINUTES)
    await books.poll()
    await books.are_true()


@pytest.mark.parametrize("wrong", [0, 2_000_000_000, 5_050_000])
async def test_the_first_reading_after_a_start_is_wrong(
    books: Books, loaded: MockConfigEntry, wrong: int
) -> None:
    """The stored counters reveal it."""
    await books.stop(loaded)
    books.misread("TotWhImp", wrong)
    await books.poll()
    await books.start(loaded)
    books.flow(imported=10)
    await books.poll(seconds=FIVE_MINUTES)
    await books.poll(2)
    await books.are_true()


@pytest.mark.parametrize("wrong", [0, 2_000_000_000, 5_000_100])
async def test_the_very_first_reading_is_wrong(
    hass: HomeAssistant, books: Books, entry: MockConfigEntry, wrong: int
) -> None:
    """Nothing is known then: nothing is shown before a second reading agrees with the first."""
    books.device.requests = reads = FirstReadWrong(books, wrong)
    await load(hass, entry)
    await books.poll(2)
    assert reads.reads > 2
    books.flow(imported=10, exported=5)
    await books.poll()
    await books.are_true()


@pytest.mark.usefixtures("loaded")
async def test_an_outage_of_hours(books: Books) -> None:
    """The meter goes on counting; what it counted is booked when it is back."""
    await books.vanish(hours=2)
    books.flow(imported=40_000, exported=2_000)
    await books.vanish(hours=1)
    await books.reappear()
    books.flow(imported=10)
    await books.poll()
    await books.are_true()


async def test_a_restart(books: Books, loaded: MockConfigEntry) -> None:
    """Home Assistant was off for a while."""
    await books.stop(loaded)
    books.flow(imported=20_000)
    await books.poll(seconds=1800)
    await books.start(loaded)
    books.flow(imported=10)
    await books.poll(2)
    await books.are_true()


async def test_a_restart_during_an_outage(
    hass: HomeAssistant, books: Books, loaded: MockConfigEntry
) -> None:
    """The meter answers neither before the restart nor at first after it."""
    await books.vanish(hours=1)
    books.flow(imported=15_000)
    await books.stop(loaded)
    await books.poll(seconds=600)
    await books.start(loaded)
    assert loaded.runtime_data.data is None
    await books.vanish(hours=1)
    books.flow(imported=15_000, exported=1_000)
    await books.reappear()
    await books.poll(3, seconds=90)
    assert hass.config_entries.async_loaded_entries(DOMAIN) == [loaded]
    books.flow(imported=10)
    await books.poll(2)
    await books.are_true()


async def test_a_kill_soon_after_a_start(
    hass_storage: dict[str, Any],
    books: Books,
    loaded: MockConfigEntry,
) -> None:
    """What was kept at the last stop is older by then than what was shown and booked."""
    await books.stop(loaded)
    await books.start(loaded)
    books.flow(imported=25, exported=3)
    await books.poll()
    key = storage_key(loaded, "counters")
    kept = deepcopy(hass_storage[key])
    await books.stop(loaded)
    hass_storage[key] = kept
    books.flow(imported=1_200)
    await books.poll(seconds=FIVE_MINUTES)
    await books.start(loaded)
    await books.poll(seconds=FIVE_MINUTES)
    await books.poll(2)
    await books.are_true()


@pytest.fixture
async def full(hass: HomeAssistant, books: Books, entry: MockConfigEntry) -> MockConfigEntry:
    """The meter's config entry, set up, when the register is about to start over."""
    books.set_register("TotWhImp", 2**32 - 15)
    books.begin()
    await load(hass, entry)
    return entry


async def test_a_register_that_starts_over(books: Books, full: MockConfigEntry) -> None:
    """At 2^32 counts; then Home Assistant restarts."""
    for _ in range(4):
        books.flow(imported=7)
        await books.poll()
    await books.poll()
    await books.stop(full)
    await books.start(full)
    books.flow(imported=7)
    await books.poll(2)
    await books.are_true()


async def test_a_register_that_starts_over_while_nobody_looks(
    books: Books, full: MockConfigEntry
) -> None:
    """The meter does not answer, and Home Assistant restarts meanwhile."""
    await books.vanish(hours=1)
    await books.stop(full)
    books.flow(imported=30_000)
    books.device.refusal = None
    await books.start(full)
    await books.poll(2)
    await books.are_true()


async def test_a_counter_that_was_set_back(books: Books, loaded: MockConfigEntry) -> None:
    """The owner says so, and it goes on from there; it has counted since, too."""
    books.set_register("TotWhImp", 0)
    books.flow(imported=3)
    await books.poll(14)
    books.flow(imported=6)
    await books.poll()
    await books.answer("counter_set_back", loaded, "zero")
    books.flow(imported=10)
    await books.poll()
    await books.are_true()


async def test_a_counter_that_was_not_set_back(books: Books, loaded: MockConfigEntry) -> None:
    """What stood before was wrong, for so long after an outage that it had to be believed.

    Too much is booked then; the sum waits until it is true.
    """
    await books.vanish(hours=3)
    books.flow(imported=5_000)
    books.misread("TotWhImp", books.registers["TotWhImp"] + 95_000)
    await books.reappear()
    books.read_well()
    await books.poll(14)
    await books.answer("counter_set_back", loaded, "not_set_back")
    await books.vanish(hours=1)
    books.flow(imported=100_000)
    await books.reappear()
    await books.are_true()


async def test_a_leap_that_is_real(books: Books, loaded: MockConfigEntry) -> None:
    """More than the current transformers could have seen, and yet it was energy."""
    books.flow(imported=4_000_000)
    await books.poll(14)
    books.flow(imported=6)
    await books.answer("counter_leap", loaded, "real")
    books.flow(imported=10)
    await books.poll()
    await books.are_true()


async def test_a_leap_that_is_not_real(
    hass: HomeAssistant, books: Books, loaded: MockConfigEntry
) -> None:
    """The counter was set forward; the step is left out, and what is counted later is not."""
    books.set_register("TotWhImp", 9_000_000)
    await books.poll(14)
    books.flow(imported=6)
    await books.answer("counter_leap", loaded, "not_real")
    books.flow(imported=10)
    await books.poll()
    assert await hass.config_entries.async_reload(loaded.entry_id)
    books.flow(imported=10)
    await books.poll(2)
    await books.are_true()


async def test_a_meter_that_was_replaced(books: Books, loaded: MockConfigEntry) -> None:
    """The new one has counted elsewhere before; the history goes on with what it counts here."""
    await books.vanish(hours=1)
    books.device.become(MeterConfig(serial=NEW_SERIAL))
    books.device.let_flow()
    books.set_register("TotWhImp", 777_000)
    books.set_register("TotWhExp", 111_000)
    await books.reappear()
    await books.answer("meter_replaced", loaded, "same_place")
    assert loaded.unique_id == NEW_SERIAL
    books.flow(imported=10, exported=5)
    await books.poll()
    await books.are_true()


@pytest.mark.parametrize("meanwhile", ["nothing", "restart", "kill"])
@pytest.mark.parametrize("choice", ["same_place", "began_at_zero"])
async def test_a_replacement_that_is_answered_hours_later(
    hass_storage: dict[str, Any], books: Books, loaded: MockConfigEntry, choice: str, meanwhile: str
) -> None:
    """What the new meter counts until then is booked with the answer."""
    await books.vanish(hours=1)
    books.device.become(MeterConfig(serial=NEW_SERIAL))
    books.device.let_flow()
    began_at_zero = choice == "began_at_zero"
    books.set_register("TotWhImp", 0 if began_at_zero else 777_000)
    books.set_register("TotWhExp", 0 if began_at_zero else 111_000)
    if began_at_zero:
        books.flow(imported=3_000, exported=100)
    await books.reappear()
    for _ in range(6):
        books.flow(imported=1_200, exported=30)
        await books.poll(seconds=3600)
    if meanwhile != "nothing":
        key = storage_key(loaded, "counters")
        kept = deepcopy(hass_storage[key])
        await books.stop(loaded)
        if meanwhile == "kill":
            hass_storage[key] = kept
        books.flow(imported=1_000)
        await books.start(loaded)
        books.flow(imported=1_000)
        await books.poll(seconds=3600)
    await books.answer("meter_replaced", loaded, choice)
    assert loaded.unique_id == NEW_SERIAL
    books.flow(imported=10, exported=5)
    await books.poll()
    await books.stop(loaded)
    await books.start(loaded)
    books.flow(imported=10)
    await books.poll(2)
    await books.are_true()


@pytest.mark.usefixtures("loaded")
async def test_a_meter_that_exports_for_the_first_time(books: Books) -> None:
    """Its counter has stood at zero until then, which is a number like others."""
    await books.poll(3, seconds=60)
    books.flow(exported=1)
    await books.poll()
    books.flow(exported=12)
    await books.poll()
    await books.are_true()


@pytest.mark.usefixtures("loaded")
async def test_a_counter_that_steps_back_by_one(books: Books) -> None:
    """Rounding in the meter can do that; it is neither booked nor lost."""
    books.misread("TotWhImp", 5_000_009)
    await books.poll(2)
    books.flow(imported=4)
    await books.poll()
    await books.are_true()
