"""The rows of statistics after outages, against what the counter truly was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    IMPORTED,
    Gap,
    IntervalGrid,
    Ledger,
    Progress,
    Row,
    Spread,
    Track,
    evenly,
    hour_ends,
    refills,
)
from custom_components.dts307.meter.sample import Sample

BEGUN = 1_780_272_000.0
"""s; an hour begins here"""
HOUR = 3600
MINUTE = 60
START = 5_000_000.0
"""Wh"""

GRID = IntervalGrid(zone=UTC, seconds=900)

type Span = tuple[int, int]
"""minutes since the beginning"""


def inside(minute: int, spans: Iterable[Span]) -> bool:
    """Return whether a minute is in one of these spans."""
    return any(begin <= minute < end for begin, end in spans)


@dataclass(kw_only=True)
class House:
    """Hours of energy, of which the meter was not read or the recorder not written in some spans.

    Energy flows evenly within an hour. The recorder adds no row for an hour without a reading, or
    one that ``repeats`` the latest state.
    """

    energies: list[float]
    silent: list[Span]
    unrecorded: list[Span]
    repeats: bool = False
    offset: float = 0.0
    border: int | None = None
    """s after each hour around which reads are kept; None for each quarter hour"""

    def counter(self, minute: float) -> float:
        """Return what the counter is at a minute, in Wh."""
        whole, part = divmod(minute, 60)
        hours = self.energies[: int(whole)]
        running = self.energies[int(whole)] * part / 60 if part else 0.0
        return START + sum(hours) + running

    @cached_property
    def ledger(self) -> Ledger:
        """What the reads of each minute leave in the ledger."""
        track: Track | None = None
        for minute in range(60 * len(self.energies) + 1):
            if inside(minute, self.silent):
                continue
            sample = Sample(value=self.counter(minute), at=BEGUN + MINUTE * minute)
            if track is None:
                track = Track.starting_with(sample)
            else:
                track = track.after(sample, self._border(sample.at))
        return Ledger(tracks={} if track is None else {IMPORTED: track})

    def _border(self, at: float) -> float:
        if self.border is None:
            return at // 900 * 900
        return (at - self.border) // HOUR * HOUR + self.border

    @property
    def rows(self) -> dict[float, Row]:
        """What Home Assistant has booked for each hour."""
        rows: dict[float, Row] = {}
        state: float | None = None
        for hour in range(len(self.energies)):
            written = [
                minute
                for minute in range(60 * hour, 60 * hour + 60)
                if not inside(minute, [*self.silent, *self.unrecorded])
            ]
            if written:
                state = self.counter(written[-1])
            if state is not None and (written or self.repeats):
                start = BEGUN + HOUR * hour
                rows[start] = Row(start=start, state=state, sum=state - self.offset)
        return rows

    def measured(self, hour: int) -> bool:
        """Return whether the row of an hour is right, as it was read and written to its end."""
        last = range(60 * hour + 45, 60 * hour + 60)
        return not any(inside(minute, [*self.silent, *self.unrecorded]) for minute in last)


def checked(
    house: House, rows: Mapping[float, Row], spread: Spread = evenly
) -> tuple[dict[float, Row], float | None]:
    """Return the rows after a check, and up to when they are right."""
    end = BEGUN + HOUR * len(house.energies)
    hours = list(hour_ends(house.ledger, IMPORTED, (BEGUN, end), GRID, spread))
    found, until = refills(hours, rows)
    return {**rows, **{row.start: row for refill in found for row in refill.rows}}, until


def bars(rows: Mapping[float, Row]) -> list[float]:
    """Return what the Energy dashboard shows for the hours after the first, in Wh."""
    return [
        later.sum - sooner.sum for sooner, later in pairwise(rows[start] for start in sorted(rows))
    ]


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("offset", [0.0, 4_999_000.0])
def test_an_outage_of_three_hours(offset: float, *, repeats: bool) -> None:
    """It becomes bars of what flowed on average; the partial hours at both ends are complete."""
    house = House(
        energies=[600.0] * 8, silent=[(150, 330)], unrecorded=[], repeats=repeats, offset=offset
    )
    booked = house.rows
    assert max(bars(booked)) > 2000
    rows, until = checked(house, booked)
    assert until == BEGUN + 8 * HOUR
    assert bars(rows) == pytest.approx([600.0] * 7, abs=11)
    assert [row for start, row in booked.items() if rows[start] != row] == [
        row for start, row in booked.items() if 2 * HOUR <= start - BEGUN < 5 * HOUR
    ]
    assert checked(house, rows) == (rows, until)


def test_an_outage_within_an_hour() -> None:
    """The hour is complete at its end."""
    house = House(energies=[600.0] * 4, silent=[(70, 110)], unrecorded=[])
    assert checked(house, house.rows)[0] == house.rows


def test_the_meter_was_read_while_nothing_was_recorded() -> None:
    """The energy of each hour is known."""
    energies = [100.0, 200.0, 900.0, 50.0, 700.0, 300.0, 100.0]
    house = House(energies=energies, silent=[], unrecorded=[(90, 290)])
    rows, _ = checked(house, house.rows)
    assert bars(rows) == pytest.approx(energies[1:], abs=16)


def test_energy_is_spread_as_it_is_likely_to_have_flowed() -> None:
    """All of it in the last of three hours, for example."""

    def late(gap: Gap) -> Progress:
        assert gap.channel == IMPORTED
        return lambda at: max(0.0, 1 - (gap.after.at - at) / HOUR)

    house = House(energies=[600.0] * 6, silent=[(120, 300)], unrecorded=[])
    rows, _ = checked(house, house.rows, late)
    assert bars(rows) == pytest.approx([600, 0, 0, 1800, 600], abs=31)


def test_an_outage_goes_on() -> None:
    """Nothing is known of it yet."""
    house = House(energies=[600.0] * 6, silent=[(150, 361)], unrecorded=[])
    assert checked(house, house.rows) == (house.rows, BEGUN + 2 * HOUR)


def test_the_hour_after_the_outage_is_not_compiled_yet() -> None:
    """Until then it cannot be compared."""
    house = House(energies=[600.0] * 6, silent=[(150, 290)], unrecorded=[])
    rows = {start: row for start, row in house.rows.items() if start < BEGUN + 4 * HOUR}
    assert checked(house, rows) == (rows, BEGUN + 2 * HOUR)


def test_nothing_was_booked_before() -> None:
    """The statistics begin with the first reading."""
    house = House(energies=[600.0] * 6, silent=[(0, 150)], unrecorded=[])
    assert checked(house, house.rows) == (house.rows, BEGUN + 6 * HOUR)


def test_a_counter_that_was_never_read() -> None:
    """Of a meter that does not export, for example."""
    house = House(energies=[600.0], silent=[(0, 61)], unrecorded=[])
    assert checked(house, {}) == ({}, None)


@pytest.mark.parametrize("adjusted", [2, 3, 4])
def test_a_sum_that_was_adjusted_by_hand(adjusted: int) -> None:
    """Within the outage or in the hour of its end: the owner has decided what it shows."""
    house = House(energies=[600.0] * 6, silent=[(150, 290)], unrecorded=[], repeats=True)
    rows = {
        start: replace(row, sum=row.sum - 1000) if start >= BEGUN + adjusted * HOUR else row
        for start, row in house.rows.items()
    }
    assert checked(house, rows)[0] == rows


def test_the_owner_moved_energy_between_hours_of_an_outage() -> None:
    """In the end the sum is the same."""
    house = House(energies=[600.0] * 6, silent=[(150, 290)], unrecorded=[], repeats=True)
    start = BEGUN + 3 * HOUR
    rows = {**house.rows, start: replace(house.rows[start], sum=house.rows[start].sum + 500)}
    assert checked(house, rows)[0] == rows


def test_a_sum_that_was_adjusted_by_hand_before() -> None:
    """The adjustment stays, and the outage after it is filled in."""
    house = House(energies=[600.0] * 6, silent=[(150, 290)], unrecorded=[])
    booked = {
        start: replace(row, sum=row.sum - 400) if start >= BEGUN + HOUR else row
        for start, row in house.rows.items()
    }
    rows, _ = checked(house, booked)
    assert bars(rows) == pytest.approx([200.0] + [600.0] * 4, abs=11)


def test_a_power_failure_took_our_latest_reads() -> None:
    """Home Assistant has booked a part of the hour that they belong to, which is completed."""
    house = House(energies=[600.0] * 6, silent=[(110, 250)], unrecorded=[])
    seen = House(energies=[600.0] * 6, silent=[(130, 250)], unrecorded=[])
    rows, _ = checked(house, seen.rows)
    assert bars(rows) == pytest.approx([600.0] * 5, abs=11)


def test_home_assistant_knows_that_more_has_flowed() -> None:
    """A state in its row is true, though it is higher than our estimate."""
    energies = [600.0, 600.0, 1500.0, 100.0, 600.0, 600.0]
    house = House(energies=energies, silent=[(110, 250)], unrecorded=[])
    seen = House(energies=energies, silent=[(180, 250)], unrecorded=[])
    rows, _ = checked(house, seen.rows)
    assert rows[BEGUN + 2 * HOUR] == seen.rows[BEGUN + 2 * HOUR]
    assert all(bar >= 0 for bar in bars(rows))


def test_the_clock_was_wrong_after_the_outage() -> None:
    """A row within the outage shows what was read after it, and is corrected."""
    house = House(energies=[600.0] * 6, silent=[(130, 290)], unrecorded=[])
    start = BEGUN + 2 * HOUR
    state = house.counter(290)
    booked = {**house.rows, start: Row(start=start, state=state, sum=state)}
    rows, _ = checked(house, booked)
    assert bars(rows) == pytest.approx([600.0] * 5, abs=11)


def test_the_clock_went_back() -> None:
    """Until it shows which clock was right, the hours since then are left alone."""
    house = House(energies=[600.0] * 6, silent=[(150, 290)], unrecorded=[])
    track = house.ledger.tracks[IMPORTED]
    behind = Sample(value=house.counter(360), at=BEGUN + 3.5 * HOUR)
    ledger = Ledger(tracks={IMPORTED: track.after(behind, behind.at // 900 * 900)})
    hours = list(hour_ends(ledger, IMPORTED, (BEGUN, BEGUN + 6 * HOUR), GRID))
    assert [hour.end for hour in hours] == [BEGUN + number * HOUR for number in range(4)]


@pytest.mark.parametrize("silent", [[], [(130, 290)]])
def test_a_zone_with_half_an_hour(silent: list[Span]) -> None:
    """With intervals of an hour, reads are kept at half past each hour of the statistics."""
    grid = IntervalGrid(zone=ZoneInfo("Asia/Kolkata"), seconds=3600)
    house = House(energies=[600.0] * 6, silent=silent, unrecorded=[], border=1800)
    hours = hour_ends(house.ledger, IMPORTED, (BEGUN, BEGUN + 5 * HOUR), grid)
    assert [hour.measured for hour in hours] == [True] * 3 + [not silent] * 2 + [True]


spans = st.tuples(st.integers(0, 600), st.integers(1, 400)).map(
    lambda span: (span[0], span[0] + span[1])
)


@settings(max_examples=40)
@given(
    energies=st.lists(st.sampled_from([0.0, 1.0, 250.0, 4000.0]), min_size=11, max_size=11),
    silent=st.lists(spans, max_size=2),
    unrecorded=st.lists(spans, max_size=2),
    repeats=st.booleans(),
    offset=st.sampled_from([0.0, 4_999_999.5]),
)
def test_what_always_holds(
    energies: list[float],
    silent: list[Span],
    unrecorded: list[Span],
    offset: float,
    *,
    repeats: bool,
) -> None:
    """Measured rows stay, sums never fall, and a second check finds nothing left to do."""
    house = House(
        energies=energies, silent=silent, unrecorded=unrecorded, repeats=repeats, offset=offset
    )
    booked = house.rows
    rows, until = checked(house, booked)
    for number in range(len(energies)):
        start = BEGUN + HOUR * number
        if house.measured(number) and start in booked:
            assert rows[start] == booked[start]
    assert all(bar > -1e-6 for bar in bars(rows))
    assert all(row.offset == pytest.approx(offset, abs=1e-6) for row in rows.values())
    assert checked(house, rows) == (rows, until)
    if until is not None:
        assert rows.get(until - HOUR) == booked[until - HOUR]


late_spans = spans.filter(lambda span: span[0] >= 60)
"""that leave the first row right"""


@settings(max_examples=30)
@given(
    energy=st.sampled_from([1.0, 600.0, 9000.0]),
    silent=st.lists(late_spans, max_size=2),
    unrecorded=st.lists(late_spans, max_size=2),
    repeats=st.booleans(),
)
def test_no_bar_stands_out(
    energy: float, silent: list[Span], unrecorded: list[Span], *, repeats: bool
) -> None:
    """Where the same flowed in all hours, no bar between two right rows shows much more."""
    energies = [energy] * 11
    house = House(energies=energies, silent=silent, unrecorded=unrecorded, repeats=repeats)
    rows, until = checked(house, house.rows)
    filled = {start: row for start, row in rows.items() if start < (until or BEGUN)}
    assert not any(bar > energy * 1.3 + 1e-3 for bar in bars(filled))
