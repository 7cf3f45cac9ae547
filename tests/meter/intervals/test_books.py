"""The books of a run whose clock is wrong at first, against a model of house and clocks.

Whatever the clock says meanwhile, in the end no claim excludes the truth.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
import itertools
import math
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.clock import RunClock
from custom_components.dts307.meter.intervals import (
    BookEntry,
    Books,
    DemandRecord,
    Estimate,
    Ledger,
    RunBooks,
    billing,
    demand,
    ledger_as_dict,
    ledger_from_dict,
)
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import RegisterReads
from tests.integration.bills import instant
from tests.meter.device import reading_of
from tests.meter.published import encode

NEW_YORK = ZoneInfo("America/New_York")
MIDNIGHT = instant("07-01 00:00:00").timestamp()
"""The billing day, too."""
HOUR = 3600.0
WINDOW = 900.0
INTERVAL = 60.0
"""s from poll to poll"""


@dataclass
class House:
    """A house with a constant power in W in each quarter of an hour."""

    powers: list[float]
    begun: float

    def power(self, at: float) -> float:
        """Return the power in W at an instant."""
        return self.powers[int((at - self.begun) // WINDOW) % len(self.powers)]

    def energy(self, at: float) -> float:
        """Return what the register shows at an instant, in Wh."""
        whole = int((at - self.begun) // WINDOW)
        counted = math.fsum(
            self.powers[number % len(self.powers)] * WINDOW / HOUR for number in range(whole)
        )
        rest = at - self.begun - whole * WINDOW
        return 5_000_000 + counted + self.power(at) * rest / HOUR

    def entry(self, at: float, clock: RunClock) -> BookEntry:
        """Return what a reading at an instant adds to the books."""
        total = Sample(value=self.energy(at), at=clock.unstepped)
        samples = {"imported": total, "register_imported": total}
        seen = {"seen": Sample(value=0.0, at=clock.unstepped)}
        return BookEntry(samples=seen | samples, power=self.power(at), resolution=1.0)


def new_books() -> RunBooks:
    """Return books without any history."""
    record = DemandRecord(window=WINDOW)
    return RunBooks.starting_with(Books(ledger=Ledger(), demand=record, serial_number="S307"))


def run(
    books: RunBooks, house: House, start: float, end: float, error: Callable[[float], float]
) -> RunBooks:
    """Poll a house between two true instants; ``error`` is how far wall time is off at one."""
    at = start
    clock = RunClock.starting(at + error(at), 50.0)
    while at < end:
        clock = clock.after(at + error(at), 50.0 + at - start)
        books = books.after(house.entry(at, clock), clock, NEW_YORK)
        at += INTERVAL
    return books


def steps(times: list[float], errors: list[float]) -> Callable[[float], float]:
    """Return how far a clock is off that has one error until each time, and none afterwards."""

    def error(at: float) -> float:
        return [*errors, 0.0][bisect_right(times, at)]

    return error


def stored(books: Books) -> Books:
    """Return what is read again of books that were written."""
    return Books(
        ledger=ledger_from_dict(ledger_as_dict(books.ledger)),
        demand=DemandRecord.from_dict(books.demand.as_dict()),
        serial_number=books.serial_number,
    )


def restarted(books: RunBooks, clock: RunClock) -> RunBooks:
    """Return the books when Home Assistant has been restarted, but not its machine."""
    settled = stored(books.settled)
    pending = tuple(BookEntry.from_dict(entry.as_dict()) for entry in books.pending)
    again = replace(books, settled=settled, current=settled, pending=pending)
    return again.resumed(clock, NEW_YORK)


def rebooted(books: RunBooks) -> RunBooks:
    """Return the books when the machine has been restarted."""
    settled = stored(books.settled)
    demand_record = replace(settled.demand, running=None)
    return RunBooks.starting_with(replace(settled, demand=demand_record))


def within(estimate: Estimate, truth: float, powers: list[float]) -> bool:
    """Return whether an estimate does not exclude the truth.

    Between two polls the register is taken to move evenly, though a load may be switched.
    """
    slack = (max(powers) - min(powers)) * INTERVAL / HOUR / 4 + 0.01
    return estimate.lowest - slack <= truth <= estimate.highest + slack


def assert_no_claim_excludes_the_truth(books: Books, house: House, now: float) -> None:
    """Compare the books with a house that was last polled ``now``."""
    bill = billing(books.ledger, NEW_YORK, 1)
    assert bill.this_period is not None
    assert bill.this_period.imported is not None
    if now >= MIDNIGHT:
        assert bill.last_period is not None
        assert bill.last_period.imported is not None
        at_midnight = house.energy(MIDNIGHT)
        june = at_midnight - house.energy(house.begun)
        july = house.energy(now) - at_midnight
        assert within(bill.last_period.imported.energy, june, house.powers)
        assert within(bill.this_period.imported.energy, july, house.powers)
    result = demand(books.demand, bill)
    for peak in (result.peak, result.last_peak):
        if peak is not None:
            assert peak.power - peak.uncertainty <= max(house.powers) + 1
            assert peak.power <= max(house.powers) + 8


powers = st.lists(st.sampled_from([0.0, 100.0, 300.0, 2_000.0, 7_600.0]), min_size=3, max_size=9)


@settings(max_examples=40, deadline=None)
@given(
    powers=powers,
    stopped=st.floats(-6 * HOUR, -60),
    off=st.floats(30, 8 * HOUR),
    wrong=st.lists(
        st.tuples(
            st.floats(20, 850),
            st.sampled_from([None, None, -1e9, -86_400.0, -HOUR, 600.0, 86_400.0]),
        ),
        min_size=1,
        max_size=2,
    ),
)
def test_no_claim_excludes_the_truth_after_a_start_with_a_wrong_clock(
    powers: list[float],
    stopped: float,
    off: float,
    wrong: list[tuple[float, float | None]],
) -> None:
    """The clock is wrong for some seconds, by so much; None is the time of the shutdown."""
    begun = MIDNIGHT - 10 * HOUR
    house = House(powers, begun)
    stopped += MIDNIGHT
    books = run(new_books(), house, begun, stopped, lambda _: 0.0)
    started = stopped + off
    times = list(itertools.accumulate((seconds for seconds, _ in wrong), initial=started))[1:]
    at_boot = [60.0 - off if error is None else error for _, error in wrong]
    end = times[-1] + 2 * HOUR
    books = run(RunBooks.starting_with(books.current), house, started, end, steps(times, at_boot))
    assert not books.pending

    now = started + (math.ceil((end - started) / INTERVAL) - 1) * INTERVAL
    assert_no_claim_excludes_the_truth(books.current, house, now)


@settings(max_examples=60, deadline=None)
@given(
    powers=powers,
    stopped=st.floats(-2 * HOUR, -60),
    off=st.floats(30, 4 * HOUR),
    set_right=st.floats(600, 1700),
    wrong=st.sampled_from([None, None, -1e9, -86_400.0, -HOUR, 600.0, 86_400.0]),
    restarts=st.lists(
        st.tuples(
            st.one_of(st.floats(60, 600), st.floats(60, 3 * HOUR)),
            st.floats(5, 1200),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda restart: restart[0],
    ),
)
def test_no_claim_excludes_the_truth_after_restarts_with_a_wrong_clock(  # noqa: PLR0913
    *,
    powers: list[float],
    stopped: float,
    off: float,
    set_right: float,
    wrong: float | None,
    restarts: list[tuple[float, float, bool]],
) -> None:
    """Home Assistant, or the whole machine, is restarted before or after the clock is right.

    A restart has a time, its length, and whether the machine takes part. Then it starts with the
    time when it stopped.
    """
    begun = MIDNIGHT - 10 * HOUR
    house = House(powers, begun)
    stopped += MIDNIGHT
    books = run(new_books(), house, begun, stopped, lambda _: 0.0)
    at = started = stopped + off
    error = 60.0 - off if wrong is None else wrong
    right_at = started + set_right
    books = RunBooks.starting_with(books.current)
    clock = RunClock.starting(at + error, 0.0)
    booted = at
    for since, length, machine in [*sorted(restarts), (5 * HOUR, 0.0, False)]:
        while at < started + since:
            off_by = error if at < right_at else 0.0
            clock = clock.after(at + off_by, at - booted)
            books = books.after(house.entry(at, clock), clock, NEW_YORK)
            now = at
            at += INTERVAL
        if machine:
            at += length
            booted = at
            error = (error if now < right_at else 0.0) - length
            right_at = at + set_right
            clock = RunClock.starting(at + error, 0.0)
            books = rebooted(books)
        else:
            at += length
            clock = clock.after(at + (error if at < right_at else 0.0), at - booted)
            books = restarted(books, clock)
    assert not books.pending

    assert_no_claim_excludes_the_truth(books.current, house, now)


def test_nothing_is_booked_while_the_clock_can_hardly_be_right() -> None:
    """Five kilowatt-hours do not flow in a minute."""
    house = House([2_000.0], MIDNIGHT - 10 * HOUR)
    stopped, started = MIDNIGHT - HOUR, MIDNIGHT + 2 * HOUR
    books = run(new_books(), house, MIDNIGHT - 10 * HOUR, stopped, lambda _: 0.0)
    settled = books.current
    doubted = run(
        RunBooks.starting_with(settled), house, started, started + 600, lambda _: 60 - 3 * HOUR
    )
    assert doubted.doubted
    assert doubted.current == settled
    # The clock is never corrected. So in the end it is believed.
    believed = run(
        RunBooks.starting_with(settled), house, started, started + HOUR, lambda _: 60 - 3 * HOUR
    )
    assert not believed.pending
    assert believed.current.ledger.newest["imported"].value > house.energy(started)


def test_a_first_run_in_1970_books_nothing_before_the_clock_is_right() -> None:
    house = House([2_000.0], MIDNIGHT)
    set_right = MIDNIGHT + 10 * HOUR + 600

    def error(at: float) -> float:
        return 0.0 if at >= set_right else 100.0 - MIDNIGHT - 10 * HOUR

    waiting = run(new_books(), house, MIDNIGHT + 10 * HOUR, set_right, error)
    assert waiting.current.ledger == Ledger()
    books = run(new_books(), house, MIDNIGHT + 10 * HOUR, set_right + HOUR, error)
    (period,) = books.current.ledger.periods(NEW_YORK, 1)
    assert period.imported is not None
    assert period.imported.since.timestamp() == MIDNIGHT + 10 * HOUR
    assert period.credit == Estimate.exactly(0.0)


def test_a_clock_that_is_never_set_does_not_fill_the_memory() -> None:
    """The first and the latest reading are kept, and enough in between."""
    house = House([2_000.0], MIDNIGHT)
    end = MIDNIGHT + 4500 * INTERVAL
    waiting = run(new_books(), house, MIDNIGHT, end, lambda _: -MIDNIGHT)
    assert 100 < len(waiting.pending) <= 240
    first, latest = waiting.pending[0], waiting.pending[-1]
    assert first.samples["imported"].value == house.energy(MIDNIGHT)
    assert latest.samples["imported"].value == house.energy(end - INTERVAL)


def test_a_load_after_a_short_restart_casts_no_doubt() -> None:
    """A car may charge with 22 kW for a while."""
    house = House([300.0, 22_000.0, 300.0], MIDNIGHT)
    books = run(new_books(), house, MIDNIGHT, MIDNIGHT + WINDOW - 60, lambda _: 0.0)
    begun, end = MIDNIGHT + WINDOW - 40, MIDNIGHT + 2 * WINDOW + 100
    books = run(RunBooks.starting_with(books.current), house, begun, end, lambda _: 0.0)
    assert not books.doubted
    assert books.pending


def test_a_restart_at_the_same_instant_casts_no_doubt() -> None:
    """The rounding of times must not make it look as if the clock had gone back."""
    house = House([1_200.0], MIDNIGHT)
    books = run(new_books(), house, MIDNIGHT, MIDNIGHT + 601, lambda _: 0.0)
    begun = MIDNIGHT + 600 - 1e-6
    restarted = run(RunBooks.starting_with(books.current), house, begun, begun + 300, lambda _: 0.0)
    assert not restarted.doubted
    assert restarted.current != books.current


async def a_reading(imported: float | None, exported: float | None) -> Reading:
    """Return a reading with these totals."""
    return replace(
        await reading_of(encode(203)),
        energy_imported=PerPhase(total=imported),
        energy_exported=PerPhase(total=exported),
        power=PerPhase(total=-700.0),
    )


async def test_what_a_reading_adds() -> None:
    """Each total with the time when it was believed, unless that is long ago."""
    clock = RunClock.starting(MIDNIGHT, 50.0).after(MIDNIGHT + 8, 58.0)
    register = Sample(value=300.0, at=MIDNIGHT + 3)
    registers = RegisterReads(imported=register, exported=Sample(value=20.0, at=MIDNIGHT - 200))
    entry = BookEntry.of(await a_reading(1300.0, 20.0), registers, clock, 1.0)
    assert entry.power == 700
    assert entry.samples == {
        "seen": Sample(value=0.0, at=MIDNIGHT + 8),
        "imported": Sample(value=1300.0, at=MIDNIGHT + 3),
        "register_imported": Sample(value=300.0, at=MIDNIGHT + 3),
    }
    assert entry.dated(clock)["imported"].at == MIDNIGHT + 3
    seen = {"seen"}
    silent = await a_reading(None, None)
    assert BookEntry.of(silent, registers, clock, 1.0).samples.keys() == seen
    some = await a_reading(1300.0, 20.0)
    assert BookEntry.of(some, RegisterReads(), clock, 1.0).samples.keys() == seen
    stepped = clock.after(MIDNIGHT + 7200, 60.0)
    assert BookEntry.of(some, registers, stepped, 1.0).samples.keys() == seen


async def test_what_a_reading_adds_of_phases() -> None:
    """The counters of those that are kept, each at its own time, and not their registers."""
    clock = RunClock.starting(MIDNIGHT, 50.0).after(MIDNIGHT + 8, 58.0)
    values = PerPhase(total=1300.0, a=800.0, b=500.0, c=None)
    reading = replace(await a_reading(1300.0, None), energy_imported=values)
    reads = {
        phase: RegisterReads(imported=Sample(value=7.0, at=MIDNIGHT + second))
        for phase, second in (("a", 5), ("b", 6), ("c", 7))
    }
    registers = RegisterReads(phases=reads)
    assert BookEntry.of(reading, registers.with_phases({"a", "c"}), clock, 1.0).samples == {
        "seen": Sample(value=0.0, at=MIDNIGHT + 8),
        "imported_a": Sample(value=800.0, at=MIDNIGHT + 5),
    }
