"""Repairs about counters: set back, rolled over, leapt, and of another meter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from simulator import MeterConfig

from .bench import LONGEST_GAP, Bench, Subject
from .clicks import answer, open_repair

END = 2**32
OLD = 5_000_000
"""Wh that each meter has counted"""
LOAD = 3000.0
"""W"""
MINUTE = LOAD / 60
"""Wh"""


type Effect = Callable[[float, int, int], float]
"""What the sensor shows in the end, from what it showed before, the register that the fault left,
and the register in the end, all in Wh."""


@dataclass(frozen=True)
class Case:
    """A register that moves as it should not, and an answer with its effect."""

    key: str
    choice: str
    register: int
    """Wh, which the register shows from the fault on"""
    effect: Effect
    before: int = OLD
    """Wh, which the register showed at first"""


def from_zero(shown: float, _left: int, now: int) -> float:
    return shown + now


def from_the_fault_on(shown: float, left: int, now: int) -> float:
    return shown + now - left


def the_register(_shown: float, _left: int, now: int) -> float:
    return now


CASES = (
    Case("counter_set_back", "zero", 1000, from_zero),
    Case("counter_set_back", "elsewhere", 1_000_000, from_the_fault_on),
    Case("counter_set_back", "rolled_over", 60_000, lambda *at: END + at[-1], END - 50_000),
    Case("counter_set_back", "not_set_back", OLD - 1500, the_register),
    Case("counter_leap", "real", OLD + 30_000_000, the_register),
    Case("counter_leap", "not_real", OLD + 30_000_000, from_the_fault_on),
    Case("meter_replaced", "same_place", 400_000, from_the_fault_on),
    Case("meter_replaced", "began_at_zero", 1000, from_zero),
)
METERS = tuple(
    MeterConfig(
        unit=100 + place,
        serial=f"S3071{place:04d}",
        site=case.choice,
        counters={"TotWhImp": case.before},
    )
    for place, case in enumerate(CASES)
)


@pytest.mark.parametrize("case", CASES, ids=[case.choice for case in CASES])
async def test_the_answer_counts(bench: Bench, case: Case) -> None:
    """The sensor goes on from where the answer says, and the repair is gone."""
    meter = bench.simulator.meters[CASES.index(case)]
    async with bench.subject(meter) as subject:
        subject.set_load(A=LOAD)
        await bench.advance(60, times=3)
        shown = await imported(subject)
        if case.key == "meter_replaced":
            await replace(subject, {"TotWhImp": case.register})
        else:
            meter.set_counters({"TotWhImp": case.register})
        await subject.advance_until(case.key)
        await open_repair(subject, case.key)
        await answer(subject, case.key, case.choice)
        assert await subject.issue(case.key) is None
        await bench.advance(60, times=3)
        if case.choice == "not_set_back":
            assert await imported(subject) == shown
            while meter.counters["TotWhImp"] <= shown:
                await bench.advance(LONGEST_GAP)
        expected = case.effect(shown, case.register, meter.counters["TotWhImp"])
        assert await imported(subject) == pytest.approx(expected, abs=1.5 * MINUTE)


async def imported(subject: Subject) -> float:
    """Return the energy in Wh that the sensor shows."""
    return 1000 * float(await subject.state("energy_imported"))


async def replace(subject: Subject, counters: Mapping[str, int]) -> None:
    """Put another meter in the place of this one."""
    await subject.set_plugged(plugged=False)
    await subject.miss_a_poll()
    subject.meter.become(f"{subject.meter.serial}N", counters)
    await subject.set_plugged(plugged=True)
