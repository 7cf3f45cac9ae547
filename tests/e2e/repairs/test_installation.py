"""Repairs about what is wrong with the installation or the gateway: read, then mended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from simulator import Faults, MeterConfig
from simulator.registers import value_points

from .bench import LONGEST_GAP, Bench, Subject
from .clicks import leave, open_repair

LOADS = {"A": 2000.0, "B": 500.0, "C": 900.0}
"""W"""
SERVICE = 203
MEASURED = frozenset(
    point for point in value_points(SERVICE) if not point.startswith(("Tot", "Evt"))
)
"""What the meter measures at an instant."""


async def pass_time(subject: Subject) -> None:
    await subject.bench.advance(LONGEST_GAP)


async def pass_a_minute(subject: Subject) -> None:
    await subject.bench.advance(60)


async def switch_loads(subject: Subject) -> None:
    """Switch a load on each phase on and off."""
    for phase, watts in LOADS.items():
        for more in (1500, 0):
            subject.set_load(**{**LOADS, phase: watts + more})
            await subject.bench.advance(60)


async def change_direction(subject: Subject) -> None:
    """Import for twenty minutes, then export for as long."""
    for sun in (0.0, 1.0):
        subject.set_sun(sun)
        await subject.bench.advance(LONGEST_GAP, times=8)


async def let_refresh(subject: Subject) -> None:
    """Draw much for five minutes, then let the cache see a moment at which little flows."""
    subject.set_load(A=6000)
    await subject.bench.advance(60, times=5)
    subject.set_load(A=300)
    subject.meter.set_faults(Faults())
    subject.meter.set_faults(Faults(held=True))
    await subject.bench.advance(60, times=2)


async def reversed_cts(subject: Subject) -> object:
    return (await subject.attributes("power"))["reversed_cts"]


async def swapped_cts(subject: Subject) -> object:
    return (await subject.attributes("power"))["swapped_cts"]


async def power_is_true(subject: Subject) -> object:
    meter = subject.meter
    true = meter.measurement_at(meter.timestamp).values["W"] / 1000
    return float(await subject.state("power")) == true


async def power_is_known(subject: Subject) -> object:
    return await subject.state("power") != "unknown"


async def energy_is_complete(subject: Subject) -> object:
    register = subject.meter.image().truth["TotWhImp"]
    return 1000 * float(await subject.state("energy_imported")) == pytest.approx(register)


@dataclass(frozen=True)
class Case:
    """A fault, and what Home Assistant shows while it lasts and when it is mended."""

    key: str
    faults: Faults
    shows: Callable[[Subject], Awaitable[object]]
    """what the fault changes"""
    wrong: object
    """what is shown while the repair is there"""
    mended: object
    """what is shown in the end"""
    happens: Callable[[Subject], Awaitable[None]] = pass_time
    """what happens until the repair is there"""
    mends: Callable[[Subject], Awaitable[None]] | None = None
    """what happens until it is gone, if that is not the same"""
    most: int = 20
    """how often that may have to happen, at most"""


CASES = (
    Case("phase_opposite", Faults(reversed_cts="B"), reversed_cts, ["B"], [], most=200),
    Case("phases_swapped", Faults(swapped_cts=True), swapped_cts, ["A", "B"], [], switch_loads),
    Case("power_turned", Faults(negated=True), power_is_true, wrong=True, mended=True),
    Case(
        "power_unsigned",
        Faults(unsigned=True),
        power_is_true,
        wrong=True,
        mended=True,
        happens=change_direction,
    ),
    Case("no_values", Faults(missing=MEASURED), power_is_known, wrong=False, mended=True),
    Case(
        "current_without_voltage",
        Faults(open_leads="B"),
        power_is_true,
        wrong=False,
        mended=True,
    ),
    Case(
        "slow_refresh",
        Faults(held=True),
        energy_is_complete,
        wrong=True,
        mended=True,
        happens=let_refresh,
        mends=pass_a_minute,
    ),
)
METERS = tuple(
    MeterConfig(unit=100 + place, serial=f"S3072{place:04d}", site=case.key, days_in_service=30)
    for place, case in enumerate(CASES)
)


@pytest.mark.parametrize("case", CASES, ids=[case.key for case in CASES])
async def test_a_fault_is_mended(bench: Bench, case: Case) -> None:
    """The repair says what is wrong, and goes by itself when it is right again."""
    meter = bench.simulator.meters[CASES.index(case)]
    meter.set_faults(case.faults)
    await bench.make_night()
    async with bench.subject(meter) as subject:
        subject.set_load(**LOADS)
        await happens_until(case.happens, subject, case, raised=True)
        assert await case.shows(subject) == case.wrong
        await open_repair(subject, case.key)
        await leave(subject)
        meter.set_faults(Faults())
        await happens_until(case.mends or case.happens, subject, case, raised=False)
        await bench.advance(60)
        assert await case.shows(subject) == case.mended


async def happens_until(
    happens: Callable[[Subject], Awaitable[None]], subject: Subject, case: Case, *, raised: bool
) -> None:
    """Let something happen until the repair is raised, or withdrawn."""
    for _ in range(case.most):
        if (await subject.issue(case.key) is not None) is raised:
            return
        await happens(subject)
    assert (await subject.issue(case.key) is not None) is raised
