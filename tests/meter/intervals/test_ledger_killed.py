"""Home Assistant is killed when one of its files has been written, and another one has not."""

from dataclasses import replace
import math

from hypothesis import given, strategies as st

from custom_components.dts307.meter.intervals import Ledger, with_tracks
from custom_components.dts307.meter.sample import Sample
from tests.meter.ledgers import NEW_YORK, SERIAL, at, read, stored

BEGIN, MIDNIGHT = at("06-10", "23:20:17"), at("06-11")
POLL = 50.0
POLLS = 60
POWER = 1200.0
TRACKS = ("imported", "register_imported", "exported", "register_exported")


def shown(when: float) -> int:
    """Return what the import register shows, in Wh."""
    return 5_000_000 + math.floor((when - BEGIN) * POWER / 3600)


def polled(ledger: Ledger, *times: float) -> Ledger:
    """Return the ledger after polls."""
    for when in times:
        ledger = read(ledger, when, shown(when), 70_000)
    return ledger


def killed(files: tuple[Ledger, Ledger, Ledger]) -> Ledger:
    """Return what is loaded of the files of the ledger, of the intervals and of the latest reads.

    Each was written when this was the ledger.
    """
    ledger, intervals, totals = files
    recent = {
        name: replace(track, latest=track.samples[-1]) for name, track in intervals.recent.items()
    }
    loaded = replace(stored(ledger), recent=recent).reconciled(NEW_YORK)
    return loaded.with_newer(totals.newest, SERIAL, NEW_YORK)


@given(
    written=st.tuples(*[st.integers(0, POLLS)] * 3),
    off=st.sampled_from([20.0, 600.0, 7200.0]) | st.floats(5, 90_000),
)
def test_the_bill_and_interval_data_know_the_same(
    written: tuple[int, int, int], off: float
) -> None:
    """Each file was written after any of the polls; what one of them holds is known."""
    states = [polled(Ledger(), BEGIN)]
    for number in range(1, POLLS + 1):
        states.append(polled(states[-1], BEGIN + number * POLL))
    first, second, third = (states[number] for number in written)
    begun = BEGIN + POLLS * POLL + off
    ledger = polled(killed((first, second, third)), begun, begun + POLL)
    detailed, now = with_tracks(ledger, ledger.recent), begun + POLL
    for name in TRACKS:
        known = ledger.tracks[name].at(MIDNIGHT, now)
        assert detailed.tracks[name].at(MIDNIGHT, now) == known
    in_ledger = [first.tracks["imported"].latest, *first.kept["imported"]]
    in_others = [*second.recent["imported"].kept, third.newest["imported"]]
    times = {begun, *(sample.at for sample in (*in_ledger, *in_others))}
    bounds = ledger.tracks["imported"].at(MIDNIGHT, now)
    assert bounds.lowest == shown(max(when for when in times if when <= MIDNIGHT))
    assert bounds.highest == shown(min(when for when in times if when >= MIDNIGHT))


def test_reads_that_are_not_in_both_files_stay_as_they_are() -> None:
    """A meter that begins to count, and a file of intervals that got lost."""
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000)
    assert replace(ledger, recent={}).reconciled(NEW_YORK).recent == {}
    assert Ledger(recent=ledger.recent).reconciled(NEW_YORK).tracks == {}


def test_an_undecided_clock_leaves_each_file_as_it_is() -> None:
    """It is not known whether what looks newer came later."""
    ahead = polled(Ledger(), BEGIN, BEGIN + 1000, BEGIN + 2000)
    behind = polled(ahead, BEGIN + 500)
    for ledger, recent in ((ahead, behind.recent), (behind, ahead.recent)):
        mixed = replace(ledger, recent=recent)
        assert mixed.reconciled(NEW_YORK) == mixed
        assert mixed.reconciled(NEW_YORK).recent == recent


def test_a_later_sample_is_known_at_once() -> None:
    """What the ledger's file had latest is the latest around borders, too."""
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000, BEGIN + 1010)
    older = polled(Ledger(), BEGIN, BEGIN + 1000)
    merged = replace(ledger, recent=older.recent).reconciled(NEW_YORK)
    expected = Sample(value=shown(BEGIN + 1010), at=BEGIN + 1010)
    assert merged.recent["imported"].latest == expected


def test_a_later_sample_is_the_first_after_a_border() -> None:
    """The ledger's file was written between midnights, as after an answer of the owner."""
    ledger = polled(Ledger(), BEGIN, BEGIN + 1000)
    merged = replace(ledger, recent=polled(Ledger(), BEGIN).recent).reconciled(NEW_YORK)
    later = polled(merged, BEGIN + 1050)
    assert [sample.at for sample in later.recent["imported"].samples] == [BEGIN, BEGIN + 1000]
    assert [sample.at for sample in later.tracks["imported"].samples] == [BEGIN]
