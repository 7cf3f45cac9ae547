"""Interval data against a model of a house: sums exact, bounds true, flags right."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
import math
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    Estimate,
    Gap,
    Interval,
    IntervalGrid,
    Ledger,
    Progress,
    Quality,
    energy_between,
    estimated_share,
    evenly,
    intervals,
    with_tracks,
)
from custom_components.dts307.meter.phases import TOTAL
from custom_components.dts307.meter.sample import Sample
from tests.meter.ledgers import NEW_YORK, SERIAL, at, read

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
QUARTER = 900.0
GRID = IntervalGrid(zone=NEW_YORK, seconds=QUARTER)
BEGIN = at("06-10", "12:00:00")


def found(ledger: Ledger, start: float, end: float, grid: IntervalGrid = GRID) -> list[Interval]:
    """Return the intervals that a ledger and its recent reads know."""
    return list(intervals(with_tracks(ledger, ledger.recent), start, end, grid))


def polled(ledger: Ledger, start: float, end: float, power: float, step: float = 5.0) -> Ledger:
    """Return the ledger after polls of a constant power in W, imported, and half of it exported."""
    times = [start + number * step for number in range(int((end - start) // step) + 1)]
    for when in times:
        counted = power * (when - BEGIN) / 3600
        ledger = read(ledger, when, 1000 + counted, 500 + counted / 2)
    return ledger


def test_polled_quarters_are_actual() -> None:
    ledger = polled(Ledger(), BEGIN + 3, BEGIN + 2 * 3600, 1200)
    known = found(ledger, BEGIN, BEGIN + 3 * 3600)
    assert [interval.start for interval in known] == [BEGIN + QUARTER * n for n in range(1, 7)]
    for interval in known:
        assert interval.quality is Quality.ACTUAL
        assert interval.end - interval.start == QUARTER
        assert interval.imported is not None
        assert interval.exported is not None
        assert interval.imported.value == pytest.approx(300)
        assert interval.exported.value == pytest.approx(150)


def test_a_gap_is_estimated_and_its_energy_exact() -> None:
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 1200)
    ledger = polled(ledger, BEGIN + 5000, BEGIN + 6000, 1200)
    known = found(ledger, BEGIN, BEGIN + 6000)
    assert [interval.quality for interval in known] == [
        Quality.ACTUAL,
        *[Quality.ESTIMATED] * 5,
    ]
    assert math.fsum(each.imported.value for each in known if each.imported) == pytest.approx(1800)
    inside = known[2]
    assert inside.imported is not None
    assert inside.imported.lowest == 0
    assert inside.imported.highest == pytest.approx(4000 / 3)
    assert estimated_share(known) == pytest.approx(5 / 6)


def test_a_gap_in_which_nothing_flowed_is_known() -> None:
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 0)
    ledger = polled(ledger, BEGIN + 5000, BEGIN + 6000, 0)
    known = found(ledger, BEGIN, BEGIN + 6000)
    assert {interval.quality for interval in known} == {Quality.ACTUAL}
    assert estimated_share(known) == 0


def test_an_answer_of_the_owner_edits_the_gap_around_it() -> None:
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 1200)
    ledger = polled(ledger.with_edit(BEGIN + 4000, [TOTAL]), BEGIN + 5000, BEGIN + 7300, 1200)
    qualities = [interval.quality for interval in found(ledger, BEGIN, BEGIN + 7300)]
    assert qualities == [Quality.ACTUAL, *[Quality.EDITED] * 5, *[Quality.ACTUAL] * 2]


def test_a_replaced_meter_edits_the_gap_too() -> None:
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 1200).with_unread(BEGIN + 2000, 3600)
    ledger = read(ledger, BEGIN + 2000, 1400, 700, serial="NEW")
    ledger = read(ledger, BEGIN + 2005, 1400, 700, serial="NEW")
    (first, second) = found(ledger, BEGIN, BEGIN + 2005)
    assert first.quality is Quality.ACTUAL
    assert second.quality is Quality.EDITED
    assert second.imported is not None
    assert second.imported.highest == pytest.approx(1400 - 1300 + 3600 * 1000 / 3600)


def late(gap: Gap) -> Progress:
    """Let most energy of a gap flow at its end."""
    even = evenly(gap)
    return lambda when: even(when) ** 3


def test_the_share_of_a_part_of_an_interval() -> None:
    """What is asked for need not begin and end with an interval."""
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 1200)
    ledger = polled(ledger, BEGIN + 5000, BEGIN + 6000, 1200)
    energy = energy_between(ledger, BEGIN + 1100, BEGIN + 1200, GRID)
    assert energy is not None
    assert energy.estimated_share == 1


def test_sums_are_exact_while_the_clock_is_undecided() -> None:
    """The clock goes back into a gap, so that the bounds of what came later are unknown."""
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 1200)
    ledger = polled(ledger, BEGIN + 15_400, BEGIN + 16_400, 1200)
    for passed in range(5):
        ledger = read(ledger, BEGIN + 8000 + passed, 6500 + passed, 3500)
    detailed = with_tracks(ledger, ledger.recent)
    known = intervals(detailed, BEGIN, BEGIN + 14_400, GRID, late)
    energy = energy_between(detailed, BEGIN, BEGIN + 14_400, GRID, late)
    assert energy is not None
    assert energy.imported is not None
    assert energy.imported.highest == math.inf
    assert len(known) == 16
    total = math.fsum(each.imported.value for each in known if each.imported)
    assert total == pytest.approx(energy.imported.value)


def test_what_is_not_known_yet_is_left_out() -> None:
    """While a counter is in quarantine, its energy is unknown."""
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 1200)
    counted = ledger.newest["exported"].value
    for passed in range(1005, 3005, 5):
        exported = Sample(value=counted, at=BEGIN + passed)
        seen = Sample(value=0, at=BEGIN + passed)
        ledger = ledger.after({"seen": seen, "exported": exported}, SERIAL, NEW_YORK)
    first, second, third = found(ledger, BEGIN, BEGIN + 3000)
    assert first.imported is not None
    assert second.imported is third.imported is None
    assert second.exported is not None
    assert second.exported.value == pytest.approx(600 * 100 / 3600)
    assert third.exported == Estimate.exactly(0)
    energy = energy_between(with_tracks(ledger, ledger.recent), BEGIN, BEGIN + 3000, GRID)
    assert energy is not None
    assert energy.imported is energy.net is None


def test_nothing_is_known_before_the_first_reading() -> None:
    assert found(Ledger(), BEGIN, BEGIN + 3600) == []
    assert energy_between(Ledger(), BEGIN, BEGIN + 3600, GRID) is None
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, 1200)
    assert energy_between(ledger, BEGIN - 3600, BEGIN, GRID) is None
    seen = Ledger().after({"seen": Sample(value=0, at=BEGIN)}, SERIAL, NEW_YORK)
    assert energy_between(seen, BEGIN - 3600, BEGIN + 3600, GRID) is None


@pytest.mark.parametrize(
    ("zone", "day", "minutes", "lengths"),
    [
        (BERLIN, "03-29", 60, [3600.0] * 23),
        (BERLIN, "10-25", 60, [3600.0] * 25),
        (BERLIN, "10-25", 15, [900.0] * 100),
        (LORD_HOWE, "10-04", 60, [3600.0, 3600.0, 1800.0, *[3600.0] * 21]),
        (LORD_HOWE, "04-05", 60, [3600.0, 3600.0, 1800.0, *[3600.0] * 22]),
    ],
)
def test_days_on_which_the_clock_is_changed(
    zone: ZoneInfo, day: str, minutes: int, lengths: list[float]
) -> None:
    start = at(day, zone=zone)
    end = start + sum(lengths)
    ledger = Ledger(interval=60.0 * minutes)
    for when in range(int(start) - 90, int(end) + 120, 60):
        samples = {"imported": Sample(value=when - start + 90, at=float(when))}
        ledger = ledger.after(samples, SERIAL, zone)
    known = found(ledger, start, end, IntervalGrid(zone=zone, seconds=60.0 * minutes))
    assert [interval.end - interval.start for interval in known] == lengths
    assert {interval.quality for interval in known} == {Quality.ACTUAL}
    assert math.fsum(each.imported.value for each in known if each.imported) == pytest.approx(
        end - start
    )


@dataclass
class House:
    """A house whose power in W changes at random times; it imports what is positive."""

    times: list[float]
    powers: list[float]

    def counted(self, when: float, sign: int) -> float:
        """Return what a register shows, in Wh."""
        borders = [*self.times[: bisect_right(self.times, when)], when]
        spans = zip(borders, borders[1:], self.powers, strict=False)
        return math.fsum(
            (end - start) * max(0.0, sign * power) / 3600 for start, end, power in spans
        )


HOUSES = st.lists(st.tuples(st.floats(60, 20_000), st.floats(-5000, 5000)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    steps=HOUSES,
    polls=st.lists(st.tuples(st.integers(1, 200), st.sampled_from([5, 60, 3000])), max_size=8),
    minutes=st.sampled_from([5, 15, 30, 60]),
)
def test_sums_are_exact_and_bounds_are_true(
    steps: list[tuple[float, float]], polls: list[tuple[int, int]], minutes: int
) -> None:
    """However the house behaves, and whenever it is read."""
    times, when = [BEGIN], BEGIN
    for length, _ in steps[:-1]:
        when += length
        times.append(when)
    house = House(times=times, powers=[power for _, power in steps])
    ledger, when = Ledger(interval=60.0 * minutes), BEGIN
    read_at = []
    for count, step in [(1, 5), *polls]:
        for _ in range(count):
            ledger = read(ledger, when, house.counted(when, 1), house.counted(when, -1))
            read_at.append(when)
            when += step
    known = found(ledger, BEGIN, when, IntervalGrid(zone=NEW_YORK, seconds=60.0 * minutes))
    for interval in known:
        for energy, sign in ((interval.imported, 1), (interval.exported, -1)):
            assert energy is not None
            truth = house.counted(interval.end, sign) - house.counted(interval.start, sign)
            # Between two polls, the counter is taken to move evenly.
            slack = 1e-6 if energy.estimated else 5000 * 60 / 3600
            assert energy.lowest - slack <= truth <= energy.highest + slack
            assert energy.lowest <= energy.value + 1e-6
            assert energy.value <= energy.highest + 1e-6
    for earlier, later in pairwise(known):
        assert earlier.end == later.start
    if known:
        energy_known = energy_between(
            with_tracks(ledger, ledger.recent),
            known[0].start,
            known[-1].end,
            IntervalGrid(zone=NEW_YORK, seconds=60.0 * minutes),
        )
        assert energy_known is not None
        assert energy_known.imported is not None
        total = math.fsum(each.imported.value for each in known if each.imported)
        assert total == pytest.approx(energy_known.imported.value, abs=1e-6)
