"""What the file of interval data holds is what the tracks kept, whatever the clock did."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from custom_components.dts307.meter.intervals import (
    Ledger,
    Track,
    TrackChange,
    Tracks,
    joined,
    kept,
    most_reads,
    storable,
    track_changes,
    tracks_of,
    trimmed,
)
from custom_components.dts307.meter.sample import Sample
from tests.meter.ledgers import NEW_YORK, SERIAL, at

DAY = 86400.0
BEGIN = at("06-10", "12:00:00")


class File:
    """A model of the file: the reads by track, provisional or not."""

    def __init__(self) -> None:
        """Begin empty."""
        self.reads: dict[tuple[str, bool], list[Sample]] = {}

    def apply(self, changes: list[TrackChange]) -> None:
        """Change what is stored."""
        for change in changes:
            key = change.name, change.provisional
            earlier = [read for read in self.reads.get(key, []) if read.at < change.since]
            self.reads[key] = [*earlier, *change.samples]
            assert all(one.at < other.at for one, other in pairwise(self.reads[key]))

    @property
    def tracks(self) -> Tracks:
        """What is loaded again."""
        return tracks_of(
            (provisional, name, read)
            for (name, provisional), reads in self.reads.items()
            for read in reads
        )


def after(ledger: Ledger, when: float, value: float) -> Ledger:
    """Return a ledger after a reading of both counters."""
    samples = {
        name: Sample(value=value, at=when)
        for name in ("imported", "exported", "register_imported", "register_exported", "seen")
    }
    return ledger.after(samples, SERIAL, NEW_YORK)


# No two reads are at the same instant.
JUMPS = (-7200.17, -3 * DAY - 0.31, 5 * DAY + 0.013, 40 * DAY + 0.0071, -40 * DAY - 0.0005)
MOVES = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.sampled_from([5.0, 300.0, 3600.0, 20_000.0, DAY]),
        st.sampled_from([0.0, 0.0, 0.0, *JUMPS]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(moves=MOVES, restarts=st.sets(st.integers(0, 7)))
def test_the_file_holds_what_was_kept(
    moves: list[tuple[int, float, float]], restarts: set[int]
) -> None:
    """With and without what was dropped from memory, over restarts, and with clocks that step."""
    whole = Ledger()
    memory, written, file = Ledger(), dict[str, Track](), File()
    wall, value = BEGIN, 0.0
    for place, (count, step, jump) in enumerate(moves):
        wall = max(0.0, wall + jump)
        for _ in range(count):
            wall, value = wall + step, value + 1
            whole, memory = after(whole, wall, value), after(memory, wall, value)
            wanted = storable(written, memory.recent)
            file.apply(list(track_changes(written, wanted)))
            written = dict(wanted)
            memory = replace(memory, recent=trimmed(memory.recent))
        if place in restarts:
            again = replace(memory, recent=trimmed(file.tracks))
            newest = {**memory.newest}
            memory = again.with_newer(newest, SERIAL, NEW_YORK)
            written = dict(trimmed(file.tracks))
    stored = kept(file.tracks)
    for name, reads in kept(whole.recent).items():
        if len(reads) > 1 and not restarts:
            assert stored[name] == reads
    assert "seen" not in stored
    for name, track in joined(file.tracks, memory.recent).items():
        # The latest days are whole in memory, and the file has all that was before.
        instants = [read.at for read in track.samples]
        assert instants == sorted(set(instants))
        if name in stored and not restarts:
            assert track.samples == whole.recent[name].samples


def test_a_single_read_is_not_stored() -> None:
    ledger = after(Ledger(), BEGIN + 5, 100)
    assert storable({}, ledger.recent) == {}
    ledger = after(ledger, BEGIN + 905, 200)
    changes = track_changes({}, storable({}, ledger.recent))
    assert {change.name for change in changes} == {
        "imported",
        "exported",
        "register_imported",
        "register_exported",
    }
    assert {len(change.samples) for change in changes if not change.provisional} == {2}


def test_what_could_not_be_loaded_decides_no_clock() -> None:
    """The file could not be read after the clock went back. What it holds of that is void."""
    file = File()
    ledger = after(after(Ledger(), BEGIN + 5, 100), BEGIN + 905, 200)
    ledger = after(after(ledger, BEGIN + 5 - DAY / 2, 201), BEGIN + 905 - DAY / 2, 202)
    file.apply(list(track_changes({}, storable({}, ledger.recent))))
    assert file.tracks["imported"].provisional is not None
    again = after(after(Ledger(), BEGIN + 2000, 300), BEGIN + 3000, 400)
    file.apply(list(track_changes({}, storable({}, again.recent))))
    assert {track.provisional for track in file.tracks.values()} == {None}
    assert [read.value for read in file.tracks["imported"].samples] == [100, 200, 300, 400]


def test_nothing_changes_between_borders() -> None:
    ledger = after(after(Ledger(), BEGIN + 5, 100), BEGIN + 905, 200)
    later = after(ledger, BEGIN + 1000, 220)
    assert track_changes(ledger.recent, later.recent) == []


def test_memory_holds_the_latest_days() -> None:
    ledger = Ledger()
    for hour in range(24 * 10):
        ledger = after(ledger, BEGIN + hour * 3600, hour)
    (samples,) = {track.samples for track in trimmed(ledger.recent).values()}
    assert samples[0].at == BEGIN + 24 * 7 * 3600 - 3600
    assert len(samples) < len(ledger.recent["imported"].samples)


def test_what_is_older_than_what_is_stored_is_no_step_of_the_clock() -> None:
    """The latest reading is stored every five minutes, and so before the latest border's."""
    ledger = after(after(Ledger(), BEGIN + 5, 100), BEGIN + 905, 200)
    older = {name: Sample(value=150, at=BEGIN + 700) for name in ledger.recent}
    again = Ledger(recent=ledger.recent).with_newer(older, SERIAL, NEW_YORK)
    assert again.recent == ledger.recent
    assert again.newest == older


def test_three_years_are_stored() -> None:
    assert most_reads(900) == 2 * 3 * 366 * 96
