"""A year of two registers with outages, kills, wrong clocks, a replaced meter and an answer.

The real code keeps its reads in a real database and its files as JSON. Truth is a model of its own:
two energy curves that are known at any instant. docs/internals/interval-data.md explains the rules.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
import os
from pathlib import Path
import sqlite3
from typing import Any, Final

import pytest

from custom_components.dts307.meter.intervals import (
    EXPORTED,
    Gap,
    Interval,
    Progress,
    Spread,
    always,
    evenly,
    intervals,
    shaped,
)

from .checks import (
    implausible,
    missing,
    unlike_midnights,
    wrong_bounds,
    wrong_flags,
    wrong_periods,
    wrong_sums,
)
from .house import BERLIN, DAY, MOST_POWER, House, lit
from .keeper import GRID, Keeper
from .simulation import Simulation
from .story import BEGIN, END, story
from .truth import Truth

_REFERENCE: Final = 7 * DAY
"""s before a gap from which reference intervals are taken; four weeks would only take longer."""
_WHOLE_YEARS: Final = int(os.environ.get("WHOLE_YEARS", "0"))


@pytest.fixture(autouse=True)
def kills_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLite not wait for the disk. Processes are killed, but no disk loses its power."""
    connect = sqlite3.connect

    def connected(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        database: sqlite3.Connection = connect(*args, **kwargs)
        database.execute("PRAGMA synchronous = OFF")
        return database

    monkeypatch.setattr(sqlite3, "connect", connected)


@pytest.mark.parametrize("seed", range(1, _WHOLE_YEARS + 1) if _WHOLE_YEARS else [0])
def test_a_year_is_true(seed: int, tmp_path: Path) -> None:
    """Sums, bounds and flags are; no bar is above the highest plausible power, and none missing."""
    house = House(seed, BEGIN, END + DAY)
    year = Simulation(seed, house, story(seed, whole=bool(_WHOLE_YEARS)), tmp_path)
    year.run()
    truth, keeper = Truth(house, year.record), year.keeper
    ledger = keeper.detailed(BEGIN, END)
    found = intervals(ledger, BEGIN, END, GRID, spread(keeper))
    assert [*missing(found)] == []
    assert [*wrong_sums(truth, found)] == []
    assert [*wrong_bounds(truth, found)] == []
    assert [*wrong_flags(truth, found)] == []
    assert [*implausible(truth, found)] == []
    assert [*unlike_midnights(keeper.books.current.ledger, ledger)] == []
    assert [*wrong_periods(truth, keeper.books.current.ledger)] == []
    year.restart()
    # Interval data and bill are functions of the ledger.
    assert keeper.detailed(BEGIN, END) == ledger


def spread(keeper: Keeper) -> Spread:
    """Return how gaps are filled, by the weeks before them and by the sun."""

    @lru_cache(maxsize=1)
    def before(end: float) -> Sequence[Interval]:
        begin = end - _REFERENCE
        return intervals(keeper.detailed(begin, end), begin, end, GRID, evenly)

    def reference(gap: Gap) -> Iterator[Interval]:
        yield from before(gap.before.at)

    def shape(gap: Gap) -> Progress:
        return shaped(
            gap,
            reference(gap),
            zone=BERLIN,
            may_flow=lit if gap.channel == EXPORTED else always,
            most_power=MOST_POWER,
        )

    return shape
