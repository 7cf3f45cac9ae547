"""Phases follow the rules of the totals in interval data, and have no part in the bill."""

from dataclasses import replace

from hypothesis import example, given, settings, strategies as st

from custom_components.dts307.meter.intervals import (
    PART_TRACKS,
    Books,
    DemandRecord,
    IntervalGrid,
    Ledger,
    Quality,
    Samples,
    intervals,
    part_ledger,
    with_tracks,
)
from custom_components.dts307.meter.phases import TOTAL
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import FirstSight
from tests.meter.ledgers import NEW_YORK, SERIAL, at, stored

DAY = 86400.0
BEGIN = at("06-10", "12:00:00")
GRID = IntervalGrid(zone=NEW_YORK, seconds=900)


def samples(when: float, value: float, *parts: str) -> Samples:
    """Return reads of the counters of some parts, all of this value."""
    read = Sample(value=value, at=when)
    names = [track for part in parts for track in PART_TRACKS[part].values()]
    registers = [f"register_{track}" for track in PART_TRACKS[TOTAL].values()]
    return dict.fromkeys((*names, *registers, "seen"), read)


def without_phases(ledger: Ledger) -> Ledger:
    """Return what the bill and the totals follow from; stored, it comes back the same."""
    assert stored(ledger) == ledger
    return replace(ledger, phase_seams={})


STEPS = st.tuples(
    st.integers(1, 12),
    st.sampled_from([5.0, 300.0, 3600.0, 20_000.0]),
    st.sampled_from([0.0, 0.0, 0.0, -7200.17, -DAY - 0.31, 2 * DAY + 0.013]),
    st.sampled_from(["read", "read", "answered", "replaced"]),
)


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=5))
def test_a_phase_that_counts_the_same_has_the_same_intervals(
    steps: list[tuple[int, float, float, str]],
) -> None:
    """Whatever the clock does, after an answer, and after the meter was replaced."""
    ledger = alone = Ledger()
    wall, value, earliest = BEGIN, 0.0, BEGIN
    for count, step, jump, event in steps:
        wall += jump
        earliest = min(earliest, wall)
        if event == "answered":
            ledger, alone = (each.with_edit(wall, [TOTAL, "b"]) for each in (ledger, alone))
        if event == "replaced":
            ledger, alone = (each.with_unread(wall, 20_000) for each in (ledger, alone))
        for _ in range(count):
            wall, value = wall + step, value + 100
            ledger = ledger.after(samples(wall, value, TOTAL, "b"), SERIAL, NEW_YORK)
            alone = alone.after(samples(wall, value, TOTAL), SERIAL, NEW_YORK)
    assert without_phases(ledger) == alone
    known = with_tracks(replace(ledger, tracks={}), ledger.recent)
    span = earliest - DAY, wall + DAY
    hours = replace(GRID, seconds=3600)
    of_total = intervals(part_ledger(known, TOTAL), *span, hours)
    assert intervals(part_ledger(known, "b"), *span, hours) == of_total
    assert intervals(part_ledger(known, "a"), *span, hours) == []


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(st.tuples(STEPS, st.booleans()), min_size=1, max_size=8))
@example(
    [
        ((12, 600.0, 0.0, "read"), True),
        ((12, 900.0, 0.0, "read"), False),
        ((12, 600.0, 0.0, "read"), True),
        ((2, 60.0, -7200.17, "read"), True),
    ]
)
def test_totals_do_not_depend_on_which_phases_are_read(
    steps: list[tuple[tuple[int, float, float, str], bool]],
) -> None:
    """A phase that was disabled for a while looks as if the clock had leapt."""
    ledger = alone = Ledger()
    wall, value = BEGIN, 0.0
    for (count, step, jump, _), is_enabled in steps:
        wall += jump
        for _ in range(count):
            wall, value = wall + step, value + 100
            parts = (TOTAL, "c") if is_enabled else (TOTAL,)
            ledger = ledger.after(samples(wall, value, *parts), SERIAL, NEW_YORK)
            alone = alone.after(samples(wall, value, TOTAL), SERIAL, NEW_YORK)
    assert without_phases(ledger) == alone
    totals = {name: track for name, track in ledger.recent.items() if not name.endswith("_c")}
    assert totals == alone.recent


def test_an_answer_is_about_a_part() -> None:
    """A phase that was not read meanwhile is an estimate, and a total that was read is actual."""
    ledger = Ledger()
    for place in range(8):
        for seconds in (-5, 5):
            parts = (TOTAL, "a") if place in {0, 1, 6, 7} else (TOTAL,)
            when = BEGIN + place * 900 + seconds
            ledger = ledger.after(samples(when, place * 100, *parts), SERIAL, NEW_YORK)
        if place in {3, 7}:
            ledger = ledger.with_edit(BEGIN + place * 900 + 2, [TOTAL] if place == 3 else ["a"])
    known = with_tracks(stored(ledger), ledger.recent)
    qualities = {
        part: [
            each.quality
            for each in intervals(part_ledger(known, part), BEGIN, BEGIN + 7 * 900, GRID)
        ]
        for part in (TOTAL, "a")
    }
    assert qualities[TOTAL][2:4] == [Quality.EDITED] * 2
    assert qualities[TOTAL].count(Quality.ACTUAL) == 5
    assert qualities["a"] == [Quality.ACTUAL] + [Quality.ESTIMATED] * 5 + [Quality.EDITED]


def test_a_phase_has_a_quality_of_its_own() -> None:
    """It begins when it is first read, and a gap of it alone is an estimate."""
    ledger = Ledger()
    for place, parts in enumerate(["", "", "a", "a", "", "", "a", "a"]):
        for seconds in (-5, 5):
            when = BEGIN + place * 900 + seconds
            ledger = ledger.after(samples(when, place * 100, TOTAL, *parts), SERIAL, NEW_YORK)
    known = with_tracks(ledger, ledger.recent)
    of_total = intervals(known, BEGIN, BEGIN + 7 * 900, GRID)
    assert {each.quality for each in of_total} == {Quality.ACTUAL}
    of_phase = intervals(part_ledger(known, "a"), BEGIN, BEGIN + 7 * 900, GRID)
    assert [each.start for each in of_phase] == [BEGIN + place * 900 for place in range(2, 7)]
    assert [each.quality for each in of_phase] == [
        Quality.ACTUAL,
        *[Quality.ESTIMATED] * 3,
        Quality.ACTUAL,
    ]
    assert sum(each.imported.value for each in of_phase if each.imported) == 500


def test_what_was_found_of_another_meter_is_read_of_its_phases() -> None:
    sight = FirstSight(serial_number="S2", at=BEGIN, registers={}, possible_power=0.0)
    books = Books(ledger=Ledger(), demand=DemandRecord(window=900), serial_number=SERIAL)
    totals = {"imported": (500.0, 7.0), "imported_c": (200.0, 3.0)}
    ledger = books.with_new_meter(sight, totals, NEW_YORK).ledger
    assert {name: track.latest.value for name, track in ledger.recent.items()} == {
        "imported": 500.0,
        "register_imported": 7.0,
        "imported_c": 200.0,
    }
    assert ledger.tracks.keys() == {"imported", "register_imported", "seen"}
