"""A machine without a clock chip, in Home Assistant with the real recorder.

It was off for hours over the end of a billing period, and starts with the time of its shutdown. A
time server sets it right minutes later.
"""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
import time
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.dts307.meter.clock import RunClock
from custom_components.dts307.meter.intervals import (
    BookEntry,
    Books,
    DemandRecord,
    Ledger,
    RunBooks,
)
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.stores import clock
from custom_components.dts307.stores.booking import booked
from custom_components.dts307.stores.clock import elapsed_seconds
from custom_components.dts307.stores.state_saver import AT_ONCE, SOON, WHILE_COUNTING
from custom_components.dts307.stores.stored_bill import StoredReads
from tests.device import Device
from tests.integration.bills import begin_at_home, instant, kwh, sensor, start
from tests.integration.home import entry_for, let_pass, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

_POWER = 2_000.0
"""W; what the house draws all the time."""


class Machine:
    """A machine whose wall time is off by ``error`` s, and a house behind a meter."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device) -> None:
        """Begin when wall time is right."""
        self._hass = hass
        self._freezer = freezer
        self.meter = meter
        self.begun = dt_util.utcnow()
        self.seconds = 0.0
        self.error = 0.0
        self.boot: str | None = "first"
        self._suspended = 0.0
        self.meter.write("W_SF", 0)
        self.meter.write("W", int(_POWER))
        self._count()

    @property
    def imported(self) -> float:
        """What the register shows, in Wh."""
        return 5_000_000 + _POWER * self.seconds / 3600

    def _count(self) -> None:
        self.meter.write("TotWhImp", int(self.imported))

    @property
    def elapsed(self) -> float:
        """What the monotonic clock says, in s."""
        return 1000.0 + self.seconds - self._suspended

    def suspend(self, seconds: float) -> None:
        """Let time pass while the machine sleeps."""
        self._suspended += seconds
        self.elapse(seconds)

    def elapse(self, seconds: float) -> None:
        """Let time pass; nothing is polled."""
        self.seconds += seconds
        self._count()
        self._freezer.move_to(self.begun + timedelta(seconds=self.seconds + self.error))

    async def poll(self, minutes: float, every: float = 60.0) -> None:
        """Let the meter be polled for some minutes."""
        for _ in range(int(minutes * 60 / every)):
            self.elapse(every)
            await let_pass(self._hass, every)


@pytest.fixture
def recorder_config() -> dict[str, Any]:
    """Record the counter, and what is counted of this period, alone."""
    counters = ("energy_imported", "imported_this_period")
    return {"include": {"entities": [f"sensor.dts_307_{key}" for key in counters]}}


@pytest.fixture
async def machine(
    recorder_mock: Recorder,  # noqa: ARG001 - before Home Assistant
    hass: HomeAssistant,
    hass_storage: dict[str, Any],  # noqa: ARG001 - nothing is to be left on the disk
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Machine:
    """A machine on the evening before a billing day."""
    freezer.move_to(instant("06-30 20:00:00"))
    await begin_at_home(hass)
    for component in ("sensor", "repairs"):
        assert await async_setup_component(hass, component, {})
    machine = Machine(hass, freezer, Device())
    monkeypatch.setattr(clock, "elapsed_seconds", lambda: machine.elapsed)
    monkeypatch.setattr(clock, "boot_id", lambda: machine.boot)
    return machine


async def sums_of(
    recorder: Recorder, hass: HomeAssistant, machine: Machine, key: str
) -> list[float]:
    """Return the sums that the recorder comes to for a sensor, every five minutes."""
    await async_wait_recording_done(hass)
    now = dt_util.utcnow()
    first = machine.begun.replace(minute=0, second=0, microsecond=0)
    for number in range(int((now - first) / timedelta(minutes=5)) + 1):
        do_adhoc_statistics(hass, start=first + number * timedelta(minutes=5))
    await async_wait_recording_done(hass)
    entity_id = sensor(hass, machine.meter, key).entity_id
    booked = await recorder.async_add_executor_job(
        statistics_during_period, hass, first, None, {entity_id}, "5minute", None, {"sum"}
    )
    return [row["sum"] or 0.0 for row in booked[entity_id]]


@pytest.mark.parametrize("ct_rating", [100.0, None])
@pytest.mark.parametrize("minutes", [1, 20])
async def test_an_outage_that_the_clock_does_not_know_of(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    machine: Machine,
    minutes: int,
    ct_rating: float | None,
) -> None:
    """All energy is shown, in its billing period, without a question and without a false peak."""
    meter = machine.meter
    rated = {} if ct_rating is None else {"ct_rating": ct_rating, "ct_sets": 1}
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), **rated)
        machine.elapse(60)
        await load(hass, entry)
        await machine.poll(90)
        before = machine.imported
        assert kwh(hass, meter, "imported_this_period") == pytest.approx(3.0, abs=0.002)
        assert await hass.config_entries.async_unload(entry.entry_id)
        machine.boot = "second"
        machine.error = 60 - 5.5 * 3600
        machine.elapse(5.5 * 3600)
        await start(hass, entry)
        await machine.poll(minutes)
        assert not ir.async_get(hass).issues
        if kwh(hass, meter, "energy_imported") > before / 1000 + 1:
            assert kwh(hass, meter, "imported_this_period") < 3.2, "it is not known when it flowed"
        machine.error = 0.0
        await machine.poll(1)
        assert kwh(hass, meter, "energy_imported") == pytest.approx(
            machine.imported / 1000, abs=0.002
        )
        await machine.poll(40)
        assert not ir.async_get(hass).issues

        june, july = (
            sensor(hass, meter, f"imported_{period}_period") for period in ("last", "this")
        )
        assert june.attributes["estimated"] is july.attributes["estimated"] is True
        truth = _POWER * (instant("07-01 00:00:00") - machine.begun).total_seconds() / 3_600_000
        rest = (machine.imported - 5_000_000) / 1000 - truth
        for state, energy in ((june, truth), (july, rest)):
            assert state.attributes["lowest"] <= energy + 0.04
            assert energy <= state.attributes["highest"] + 0.002
        peak = sensor(hass, meter, "demand_peak")
        for shown in (peak.state, peak.attributes["last_period_peak"]):
            assert float(shown) <= _POWER / 1000 + 0.02

        sums = await sums_of(recorder_mock, hass, machine, "energy_imported")
        assert sums == sorted(sums)
        assert sums[-1] == pytest.approx((machine.imported - 5_000_033) / 1000, abs=0.003)


async def test_a_first_start_in_1970(
    recorder_mock: Recorder, hass: HomeAssistant, machine: Machine
) -> None:
    """Nothing is dated before the clock is right; then all is dated right."""
    meter = machine.meter
    async with network(meter) as line:
        machine.error = 86_400 - machine.begun.timestamp()
        machine.elapse(60)
        await load(hass, entry_for(meter, network_data(line)))
        await machine.poll(10)
        assert kwh(hass, meter, "energy_imported") == pytest.approx(
            machine.imported / 1000, abs=0.002
        )
        assert sensor(hass, meter, "imported_this_period").state == "unknown"
        machine.error = 0.0
        await machine.poll(1)
        first = kwh(hass, meter, "imported_this_period")
        await machine.poll(59)
        period = sensor(hass, meter, "imported_this_period")
        assert float(period.state) == pytest.approx((machine.imported - 5_000_033) / 1000, abs=2e-3)
        assert period.attributes["counted_since"] == machine.begun + timedelta(seconds=60)
        assert sensor(hass, meter, "imported_last_period").state == "unknown"
        assert kwh(hass, meter, "credit") == 0
        sums = await sums_of(recorder_mock, hass, machine, "imported_this_period")
        assert sums == sorted(sums)
        assert sums[-1] == pytest.approx(float(period.state) - first, abs=0.05)


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("step", [-300.0, 3 * 3600.0])
async def test_a_step_while_it_runs(hass: HomeAssistant, machine: Machine, step: float) -> None:
    """A time server sets the clock back by minutes; or the host was suspended for hours."""
    meter = machine.meter
    async with network(meter) as line:
        machine.elapse(60)
        await load(hass, entry_for(meter, network_data(line), ct_rating=5.0, ct_sets=1))
        await machine.poll(40)
        if step > 0:
            # Suspended, so that elapsed time stands still, and energy flows.
            machine.suspend(step)
        else:
            machine.error = step
        await machine.poll(10)
        assert not ir.async_get(hass).issues
        assert kwh(hass, meter, "energy_imported") == pytest.approx(
            machine.imported / 1000, abs=0.002
        )


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("boots", [["second", "second"], ["second", "third"], [None, None]])
async def test_restarts_before_the_clock_is_right(
    hass: HomeAssistant, machine: Machine, boots: list[str | None]
) -> None:
    """Home Assistant restarts meanwhile, or the machine, or it is unknown which of them."""
    meter = machine.meter
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await machine.poll(230, every=120)
        assert await hass.config_entries.async_unload(entry.entry_id)
        machine.error = 60 - 1800.0
        machine.elapse(1800)
        for boot in boots:
            machine.boot = boot
            await start(hass, entry)
            await machine.poll(8)
            assert await hass.config_entries.async_unload(entry.entry_id)
            machine.elapse(30)
        machine.error = 0.0
        await start(hass, entry)
        await machine.poll(40)
        june, july = (
            sensor(hass, meter, f"imported_{period}_period") for period in ("last", "this")
        )
        truth = _POWER * (instant("07-01 00:00:00") - machine.begun).total_seconds() / 3_600_000
        rest = (machine.imported - 5_000_000) / 1000 - truth
        for state, energy in ((june, truth), (july, rest)):
            assert state.attributes["lowest"] <= energy + 0.002
            assert energy <= state.attributes["highest"] + 0.002


@pytest.mark.parametrize(
    ("boot", "elapsed", "is_same"),
    [
        ("first", 1001.0, True),
        ("second", 1001.0, False),
        (None, 1001.0, False),
        ("first", 900.0, False),
    ],
)
async def test_which_clocks_are_those_of_this_run(
    *,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    boot: str | None,
    elapsed: float,
    is_same: bool,
) -> None:
    """A container can move to a machine whose monotonic clock began later."""
    monkeypatch.setattr(clock, "elapsed_seconds", lambda: 1000.0)
    monkeypatch.setattr(clock, "boot_id", lambda: "first")
    keeper = clock.ClockKeeper()
    await keeper.async_load(hass)
    stored = keeper.as_dict()
    monkeypatch.setattr(clock, "elapsed_seconds", lambda: elapsed)
    monkeypatch.setattr(clock, "boot_id", lambda: boot)
    keeper = clock.ClockKeeper()
    await keeper.async_load(hass)
    assert keeper.async_resume(stored) is is_same
    assert keeper.current.elapsed == elapsed
    assert keeper.current.steady_since == (1000 if is_same else elapsed)


def test_midnight_is_stored_at_once_before_the_clock_has_settled() -> None:
    """As the latest reading, with which the ledger can be made up again."""
    begun, zone = instant("06-30 23:59:30").timestamp(), ZoneInfo("America/New_York")
    books = RunBooks.starting_with(
        Books(ledger=Ledger(), demand=DemandRecord(window=900.0), serial_number="S307")
    )
    run_clock, within = RunClock.starting(begun, 0.0), []
    for seconds in (10, 20, 40, 50, 940, 950):
        run_clock = run_clock.after(begun + seconds, seconds)
        samples = {name: Sample(value=5e6, at=begun + seconds) for name in ("seen", "imported")}
        entry = BookEntry(samples=samples, power=0.0, resolution=1.0)
        result = booked(books, entry, run_clock, zone, 1)
        books = result.books
        within.append(result.totals_within)
        assert not result.is_ledger_changed
        assert result.passed is None
    assert within == [AT_ONCE, WHILE_COUNTING, AT_ONCE, WHILE_COUNTING, SOON, WHILE_COUNTING]


def test_what_a_later_ledger_holds_is_not_entered_twice() -> None:
    """A kill can come between the writes of the two files."""
    begun = instant("06-30 12:00:00").timestamp()
    read = {"seen": Sample(value=0.0, at=begun + 60), "imported": Sample(value=5e6, at=begun + 60)}
    run_clock = RunClock.starting(begun, 0.0).after(begun + 60, 60.0)
    entry = BookEntry(samples=read, power=0.0, resolution=1.0)
    totals = StoredReads(
        points={"seen": Sample(value=0.0, at=begun)},
        serial_number="S307",
        demand=DemandRecord(window=900.0),
        run={
            "boot": "first",
            "clock": run_clock.as_dict(),
            "doubted": False,
            "pending": [entry.as_dict()],
        },
    )
    new = Books(ledger=Ledger(), demand=totals.demand, serial_number="S307")
    zone = ZoneInfo("America/New_York")
    assert totals.added_to(new, zone, is_same_run=True).pending == (entry,)
    assert not totals.added_to(new, zone, is_same_run=False).pending
    later = new.with_entry(entry, run_clock, zone)
    books = totals.added_to(later, zone, is_same_run=True)
    assert not books.pending
    assert books.current.ledger == later.ledger


def test_what_later_interval_data_holds_is_not_entered_twice() -> None:
    """Just after the clock has settled, a kill can come when nothing else is written."""
    begun, zone = instant("06-30 12:00:00").timestamp(), ZoneInfo("America/New_York")
    run_clock = RunClock.starting(begun, 0.0).after(begun + 1810, 1810.0)
    entries = []
    for seconds in (-3600, 890, 930, 1790, 1810):
        read = Sample(value=5e6 + seconds, at=begun + seconds)
        samples = {"seen": Sample(value=0.0, at=read.at), "imported": read}
        entries.append(BookEntry(samples=samples, power=0.0, resolution=1.0))
    first, *pending, latest = entries
    record = DemandRecord(window=900.0)
    new = Books(ledger=Ledger(), demand=record, serial_number="S307")
    before = settled = new.with_entry(first, run_clock, zone)
    for entry in (*pending, latest):
        settled = settled.with_entry(entry, run_clock, zone)
    totals = StoredReads(
        points=before.ledger.newest,
        serial_number="S307",
        demand=record,
        run={
            "clock": run_clock.as_dict(),
            "doubted": False,
            "pending": [entry.as_dict() for entry in pending],
        },
    )
    recent = settled.ledger.recent
    loaded = before.with_recent(recent)
    loaded = replace(loaded, ledger=loaded.ledger.reconciled(zone))
    books = totals.added_to(loaded, zone, is_same_run=True).resumed(run_clock, zone)
    assert not books.pending
    assert books.current.ledger.recent == recent
    assert not books.current.ledger.seams


def test_a_run_has_a_name_where_the_system_tells(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert clock.boot_id()
    monkeypatch.setattr(clock, "BOOT_ID", tmp_path / "boot_id")
    assert clock.boot_id() is None


def test_elapsed_time_includes_suspension_where_the_system_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clocks = {time.CLOCK_BOOTTIME: 5000.0, time.CLOCK_MONOTONIC: 1400.0}
    monkeypatch.setattr(time, "monotonic", lambda: 1400.0)
    monkeypatch.setattr(time, "clock_gettime", lambda which: clocks[which])
    assert elapsed_seconds() == 5000
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    assert elapsed_seconds() == 1400
