"""A short soak, and proof that it notices a missing remedy; scripts/soak has the long one.

These tests are no coroutines, because a soak runs its own event loop, which skips waiting.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest

from custom_components.dts307.meter import Reading
from custom_components.dts307.meter.modbus import ResilientUnit
from custom_components.dts307.meter.sunspec.model_reader import ModelReader
from custom_components.dts307.meter.validation import CounterFilters
from simulator import Framing
from tests.wire.soak import lapse, polled
from tests.wire.soak.memory import Memory
from tests.wire.soak.mishaps import CHANGES, MANGLED, OTHERS
from tests.wire.soak.report import MOST_GROWTH, MOST_NEW_BLOCKS, Report
from tests.wire.soak.run import run

POLLS = 900
FAULT_EVERY = 4
SEED = 307


@pytest.mark.parametrize("framing", list(Framing))
def test_nothing_is_lost_or_doubled_under_random_faults(framing: Framing) -> None:
    report = lapse.run(run(POLLS, SEED, framing, fault_every=FAULT_EVERY))
    assert not report.deviations, report.table()
    assert len(report.counters) == 8 + 4 + 8
    # A last count may take a second reading.
    assert all(
        published is not None and truth - 2 <= published <= truth
        for _, truth, published in report.counters
    )
    # Every kind of fault occurred, and most polls still succeeded.
    kinds = {*CHANGES, *OTHERS} | ({MANGLED} if framing is Framing.RTU else set())
    assert report.faults.keys() == kinds
    assert report.misread
    assert report.failures.total() >= 20
    assert report.readings > 0.7 * report.polls


def _unvalidated(
    counters: CounterFilters, reading: Reading, _now: float, _service_current: float | None
) -> tuple[CounterFilters, Reading]:
    return counters, reading


@pytest.mark.parametrize(
    ("without", "deviation"),
    [
        (
            lambda: patch.object(ResilientUnit, "_expect_delayed_response", lambda _unit: None),
            "was read wrongly",
        ),
        (
            lambda: patch.object(ModelReader, "_verify_header", lambda _reader, _registers: None),
            "was read wrongly",
        ),
        (lambda: patch.object(polled, "validated", _unvalidated), "energy_"),
    ],
    ids=["quiet", "header", "validation"],
)
def test_a_missing_remedy_causes_deviations(
    without: Callable[[], AbstractContextManager[object]], deviation: str
) -> None:
    with without():
        report = lapse.run(run(POLLS, SEED, Framing.RTU, fault_every=FAULT_EVERY))
    assert any(deviation in shown for shown in report.first_deviations), report.table()


@pytest.mark.parametrize("growth", [Memory(MOST_GROWTH + 1, 0), Memory(0, MOST_NEW_BLOCKS + 1)])
def test_memory_that_grows_is_a_deviation(growth: Memory) -> None:
    """Growth before the end of the warm-up does not count."""
    for cold, end, deviations in ((growth, Memory(0, 0), 0), (Memory(0, 0), growth, 1)):
        report = Report(memory=[cold, Memory(0, 0), end])
        report.judge_memory()
        assert report.deviations == deviations


def test_a_leak_shows_in_the_blocks() -> None:
    before = Memory.now()
    leak = [object() for _ in range(MOST_NEW_BLOCKS + 1)]
    after = Memory.now()
    assert len(leak) > MOST_NEW_BLOCKS
    assert after.blocks - before.blocks > MOST_NEW_BLOCKS
    assert before.resident > 1
