"""scripts/bench --recorder and --bus, for seconds instead of minutes."""

from pathlib import Path

import pytest

from scripts.benchmark.many import Line, measure_many
from scripts.benchmark.many_report import print_many
from scripts.benchmark.recorder import EVERY_READING, Case, measure_recorder
from scripts.benchmark.recorder_report import print_recorder
from tests.wire.wire import Timing

SECONDS = 11


async def test_a_meter_costs_rows_and_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = (Case(), Case(203, EVERY_READING))
    bare, metered = await measure_recorder(tmp_path, SECONDS, warm_up=1, cases=cases)
    assert bare.polls == sum(bare.rows.values()) == 0
    assert 2 <= metered.polls <= SECONDS / 5 + 1
    assert 0 < metered.rows["power"] <= metered.polls
    assert metered.commits
    # Each page that the database has grown by was written at least once. In a few seconds, all may
    # fit into the pages that it has.
    assert metered.usage.asked > metered.growth >= 0
    print_recorder([bare, metered])
    printed = capsys.readouterr().out
    assert "| no meter | 0 |" in printed
    assert "| power |" in printed


async def test_many_meters_are_polled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = Line(2, gateway=True, timing=Timing())
    many = await measure_many(tmp_path, line, minutes=1, minute=SECONDS)
    assert [len(polls) >= 2 for polls in many.polls] == [True, True]
    assert many.failures == 0
    print_many([many])
    assert f"| {line.name} | 1 |" in capsys.readouterr().out
