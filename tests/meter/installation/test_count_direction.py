"""Registers that count down from 2^32, against those that have counted that far."""

from dataclasses import replace
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.installation import (
    CountDirections,
    count_directions_as_dict,
    count_directions_from_dict,
    with_exports_counting_up,
)
from tests.meter.device import reading_of
from tests.meter.published import encode

COUNTS = 2**32


async def exporting(total: float | None, **phases: float) -> Reading:
    """Return a reading with these registers of energy exported, in tens of Wh."""
    reading = await reading_of(encode(203, totwhexp=0, totwh_sf=1))
    exported = {part: value * 10 for part, value in phases.items()}
    return replace(
        reading,
        energy_imported=PerPhase(total=50.0),
        energy_exported=PerPhase(total=None if total is None else total * 10, **exported),
    )


def shown(directions: CountDirections, reading: Reading) -> tuple[CountDirections, float | None]:
    """Return what is known after a reading, and the energy exported, in tens of Wh."""
    directions, checked = with_exports_counting_up(directions, reading)
    assert checked.energy_imported == reading.energy_imported
    assert checked.power == reading.power
    total = checked.energy_exported.total
    return directions, total if total is None else total / 10


async def after(
    directions: CountDirections, *registers: int
) -> tuple[CountDirections, list[float | None]]:
    """Return what is shown of registers, one reading after another."""
    values = []
    for register in registers:
        directions, value = shown(directions, await exporting(register))
        values.append(value)
    return directions, values


async def test_a_register_that_counts_down_shows_what_it_has_counted() -> None:
    registers = [COUNTS - 500, COUNTS - 500, COUNTS - 501, COUNTS - 503, COUNTS - 503, COUNTS - 504]
    _, values = await after({}, *registers)
    assert values == [None, None, None, 503, 503, 504]


async def test_a_register_that_has_counted_that_far_keeps_its_value() -> None:
    far = 3_000_000_000
    _, values = await after({}, far, far + 1, far + 2, far + 3, far + 3)
    assert values == [None, None, far + 2, far + 3, far + 3]


async def test_the_lower_half_is_never_in_doubt() -> None:
    directions, values = await after({}, 0, 0, 7, 8, 100_000, 100_001)
    assert values == [0, 0, 7, 8, 100_000, 100_001]
    half = 2**31
    _, values = await after(directions, half - 1, half, half + 1, half + 2)
    assert values == [half - 1, half, half + 1, half + 2]


async def test_the_upper_half_begins_at_two_to_the_31() -> None:
    for register, value in ((2**31 - 1, 2**31 - 1), (2**31, None), (2**31 + 1, None)):
        assert (await after({}, register))[1] == [value]


async def test_a_meter_that_exports_for_the_first_time() -> None:
    """The register is left out until it has moved twice; the published value stays."""
    _, values = await after({}, 0, 0, COUNTS - 1, COUNTS - 2, COUNTS - 3, COUNTS - 4)
    assert values == [0, 0, None, 2, 3, 4]


async def test_a_large_movement_decides_nothing() -> None:
    _, values = await after({}, COUNTS - 5, COUNTS - 70_000, COUNTS - 200_000, COUNTS - 400_000)
    assert values == [None] * 4


@pytest.mark.parametrize(("movement", "decides"), [(2**16, True), (2**16 + 1, False)])
async def test_the_largest_movement_that_decides(movement: int, *, decides: bool) -> None:
    last = COUNTS - 5 - 2 * movement
    _, values = await after({}, COUNTS - 5, COUNTS - 5 - movement, last)
    assert values == [None, None, COUNTS - last if decides else None]


async def test_one_contrary_movement_changes_nothing_and_two_do() -> None:
    directions, _ = await after({}, *range(COUNTS - 10, COUNTS - 14, -1))
    directions, values = await after(directions, COUNTS - 12, COUNTS - 15, COUNTS - 16)
    assert values == [12, 15, 16]
    _, values = await after(directions, COUNTS - 15, COUNTS - 14)
    assert values == [15, COUNTS - 14], "the meter was reconfigured"


async def test_registers_that_disagree_decide_nothing_for_others() -> None:
    known = count_directions_from_dict({"a": True, "b": False})
    far = COUNTS - 100
    _, checked = with_exports_counting_up(known, await exporting(far, a=far, b=far))
    assert checked.energy_exported == PerPhase(total=None, a=1000, b=far * 10)


async def test_a_sum_of_phases_stays_their_sum() -> None:
    """A total that the meter lacks is summed up before it is known how its phases count."""
    directions: CountDirections = {}
    for number in range(4):
        down = COUNTS - 100 - number
        directions, total = shown(directions, await exporting(down + 7, a=down, b=7, c=0))
    assert total == 103 + 7
    _, total = shown({}, await exporting(COUNTS - 100 + 7, a=COUNTS - 100, b=7, c=0))
    assert total is None


async def test_float_counters_carry_their_own_sign() -> None:
    reading = await reading_of(encode(213, totwhimp=1000.0, totwhexp=-250.5, totwhexppha=-250.5))
    directions, checked = with_exports_counting_up({}, reading)
    assert directions == {}
    assert checked.energy_exported.total == 250.5
    assert checked.energy_exported.a == 250.5
    assert checked.energy_imported.total == 1000


async def test_what_is_known_survives_as_json() -> None:
    directions, _ = await after({}, *range(COUNTS - 10, COUNTS - 14, -1))
    restored = count_directions_from_dict(
        json.loads(json.dumps(count_directions_as_dict(directions)))
    )
    assert (await after(restored, COUNTS - 500))[1] == [500]
    undecided, _ = await after({}, COUNTS - 10, COUNTS - 11)
    assert count_directions_as_dict(undecided) == {}


@settings(deadline=None)
@given(
    begin=st.integers(0, COUNTS - 1) | st.integers(0, 100),
    movements=st.lists(st.integers(0, 10_000), min_size=1, max_size=30),
    downwards=st.booleans(),
)
async def test_what_is_shown_is_true(*, begin: int, movements: list[int], downwards: bool) -> None:
    """It is nothing or the truth, for a register of either kind."""
    directions: CountDirections = {}
    counts = begin % 2**31 if downwards else begin
    for movement in movements:
        counts += movement
        register = (-counts if downwards else counts) % COUNTS
        directions, (value,) = await after(directions, register)
        if value is not None and counts < (2**31 if downwards else COUNTS):
            assert value == counts
    moved = sum(movement > 0 for movement in movements[1:])
    if moved >= 2 and counts < (2**31 if downwards else COUNTS):
        assert value == counts
