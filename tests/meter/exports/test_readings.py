"""How the energy of exported intervals is known, by what the ledger makes of register reads."""

from collections.abc import Callable
from itertools import groupby

import pytest

from custom_components.dts307.meter.exports.readings import (
    Channel,
    Evidence,
    delivered,
    readings,
    received,
)
from custom_components.dts307.meter.intervals import (
    Gap,
    IntervalGrid,
    Ledger,
    Progress,
    evenly,
    intervals,
    with_tracks,
)
from tests.meter.ledgers import NEW_YORK, at, read

BEGIN = at("06-10", "12:00:00")
HOUR = 3600.0


def as_on_other_days(gap: Gap) -> Progress:
    """Spread a gap's energy by quarter hours of the local clock, more and more in each."""
    length = gap.after.at - gap.before.at

    def progress(instant: float) -> float:
        return ((instant - gap.before.at) / length) ** 2

    return progress


def evidence(
    reads: list[tuple[float, float, float]],
    minutes: int,
    spread: Callable[[Gap], Progress] = evenly,
    channel: Channel = delivered,
) -> list[tuple[Evidence, int]]:
    """Return how many intervals in a row are known in which way.

    A read has its time in h, and what was imported and exported until then in Wh.
    """
    ledger = Ledger()
    for hours, imported, exported in reads:
        ledger = read(ledger, BEGIN + hours * HOUR, imported, exported)
    found = intervals(
        with_tracks(ledger, ledger.recent),
        BEGIN,
        BEGIN + reads[-1][0] * HOUR,
        IntervalGrid(zone=NEW_YORK, seconds=minutes * 60),
        spread,
    )
    known = [reading.evidence for reading in readings(found, channel) if reading is not None]
    return [(each, len(list(same))) for each, same in groupby(known)]


def polled(start: float, end: float) -> list[tuple[float, float, float]]:
    """Return the reads of each minute of some hours, during which 1 kW is imported."""
    minutes = range(round(start * 60), round(end * 60) + 1)
    return [(minute / 60, minute / 60 * 1000, 0) for minute in minutes]


@pytest.mark.parametrize(
    ("hours", "spread", "how"),
    [
        pytest.param(1, evenly, Evidence.INTERPOLATED, id="up to two hours"),
        pytest.param(6, evenly, Evidence.INTERPOLATED, id="no comparable days"),
        pytest.param(6, as_on_other_days, Evidence.REFERENCE_DAYS, id="comparable days"),
    ],
)
def test_a_gap(hours: int, spread: Callable[[Gap], Progress], how: Evidence) -> None:
    """It begins and ends within an interval."""
    reads = [*polled(0, 1.1), *polled(1.1 + hours, 9)]
    intervals_of_gap = hours * 4 + 1
    assert evidence(reads, 15, spread) == [
        (Evidence.MEASURED, 4),
        (how, intervals_of_gap),
        (Evidence.MEASURED, 36 - 4 - intervals_of_gap),
    ]


def test_the_channel_that_did_not_flow_is_measured() -> None:
    reads = [*polled(0, 1.1), *polled(7.1, 9)]
    assert evidence(reads, 15, as_on_other_days, received) == [(Evidence.MEASURED, 36)]


def test_intervals_shorter_than_those_kept() -> None:
    """Whatever the quarter hours hold, it is spread evenly over each."""
    energies = [0.0]
    for quarter in range(24):
        energies.append(energies[-1] + 100 + quarter % 5 * 30)
    reads = [(quarter / 4, energy, 0.0) for quarter, energy in enumerate(energies)]
    assert evidence(reads, 5) == [(Evidence.INTERPOLATED, 72)]
