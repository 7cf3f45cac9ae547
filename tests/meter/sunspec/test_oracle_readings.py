"""Readings of random register images, field by field against pysunspec2's decoding of the same."""

import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter import MeterEvent, Reading
from tests.meter.contents import RawPoints, meter_contents, whole_maps
from tests.meter.device import Clock, meter_with, values
from tests.meter.published import (
    AVERAGED_QUANTITIES,
    INTEGER_MODELS,
    METER_MODELS,
    PHASES,
    QUANTITIES,
    SLOW_QUANTITIES,
    canonical,
    decode,
    encode,
    published_points,
)

UNUSED_COUNTERS = (0x8000_0000, 0xFFFF_FFFF)

every_model = pytest.mark.parametrize("model_id", METER_MODELS)


class Oracle:
    """What a Reading of a register image has to say, according to pysunspec2.

    Where the library departs from pysunspec2 on purpose, the departure is written out here.
    """

    def __init__(self, model_id: int, registers: list[int]) -> None:
        """Decode a model's registers."""
        self.phases = PHASES[model_id]
        self._points = published_points(model_id)
        self._raw = decode(model_id, registers, scaled=False)
        self._scaled = decode(model_id, registers)
        self._percent = model_id in INTEGER_MODELS

    def value(self, point: str) -> float | None:
        """Return a point's value, None for what is not there."""
        name = canonical(point)
        definition = self._points[name]
        raw, scaled = self._raw[name], self._scaled[name]
        if definition.scale_point is not None:
            scale = canonical(definition.scale_point)
            if self._raw[scale] is None and self._points[scale].mandatory:
                return None  # pysunspec2 takes it for whole units
        if definition.type == "acc32":
            if raw in UNUSED_COUNTERS:
                return None  # pysunspec2 takes them for counts
            if raw is None:
                # pysunspec2 takes 0 for "not accumulated"; without a scale factor it is.
                return None if self._raw[scale] is None else 0.0
        if scaled is None or math.isinf(scaled):
            return None
        return float(scaled)

    def stated(self, quantity: str) -> list[float | None]:
        """Return a quantity's total, A, B and C as far as the model has these phases."""
        phases = self.phases
        if quantity == "voltage_line_to_line" and phases < 3:
            phases = 1
        total, *parts = (self.value(point) for point in QUANTITIES[quantity][: phases + 1])
        if total and "energy" in quantity and "reactive" not in quantity and not any(parts):
            return [total, *(None for _ in parts)]  # the phases have no counters
        return [total, *parts]

    def check(self, reading: Reading, quantity: str) -> None:
        """Compare a quantity of a reading with the registers."""
        total, *phases = self.stated(quantity)
        seen_total, *seen_phases = values(getattr(reading, quantity))
        if quantity == "power_factor" and self._percent:
            total, phases = _as_ratio(total), [_as_ratio(phase) for phase in phases]
            assert _close(seen_phases[: len(phases)], phases), quantity
            assert total is None or _close([seen_total], [total]), quantity
        else:
            assert seen_phases[: len(phases)] == phases, quantity
            assert total is None or seen_total == total, quantity
        assert seen_phases[len(phases) :] == [None] * (3 - len(phases)), quantity
        if total is None:
            assert _close([seen_total], [_from_phases(quantity, phases)]), quantity


def _as_ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _from_phases(quantity: str, phases: list[float | None]) -> float | None:
    if None in phases:
        return None
    total = math.fsum(phase for phase in phases if phase is not None)
    return total / len(phases) if quantity in AVERAGED_QUANTITIES else total


def _close(seen: list[float | None], expected: list[float | None]) -> bool:
    return all(
        one is other is None
        or (
            one is not None
            and other is not None
            and math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
        )
        for one, other in zip(seen, expected, strict=True)
    )


def image(model_id: int, contents: RawPoints) -> list[int]:
    """Return the registers of a model with these contents."""
    return encode(model_id, **contents)


@every_model
@whole_maps
@given(data=st.data())
async def test_a_reading_says_what_the_registers_say(model_id: int, data: st.DataObject) -> None:
    registers = image(model_id, data.draw(meter_contents(model_id)))
    meter, _ = await meter_with(registers)
    reading = await meter.read()
    oracle = Oracle(model_id, registers)
    for quantity in QUANTITIES:
        oracle.check(reading, quantity)
    assert reading.frequency == oracle.value("Hz")
    events = decode(model_id, registers)["evt"]
    assert reading.events == (None if events is None else MeterEvent(events))


@every_model
@settings(whole_maps, max_examples=10)
@given(data=st.data())
async def test_a_reading_in_between_is_new_up_to_the_energies_and_old_behind(
    model_id: int, data: st.DataObject
) -> None:
    before = image(model_id, data.draw(meter_contents(model_id)))
    after = image(model_id, data.draw(meter_contents(model_id)))
    clock = Clock()
    meter, device = await meter_with(before, clock=clock)
    first = await meter.read()
    device.put(meter.model.address, after)
    clock.now += 5
    reading = await meter.read()
    old, new = Oracle(model_id, before), Oracle(model_id, after)
    for quantity in QUANTITIES:
        (old if quantity in SLOW_QUANTITIES else new).check(reading, quantity)
    assert reading.frequency == new.value("Hz")
    assert reading.events == first.events
