"""SunSpec meter models 201-204 and 211-214 as components, built from one table of their points.

Integer and float models list the same quantities in the same order. They differ in the width of a
point, and only the integer models have scale factors. So one table below states the order, and the
addresses follow from it. The tests compare every field with the model definitions that the SunSpec
Alliance publishes.
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final, override

from modbus_connection.model.fields import NumberField, RegisterField
from modbus_connection.model.sunspec import (
    SunSpecComponent,
    bitfield32,
    float32,
    sunssf,
)

INTEGER_LENGTH: Final = 105
FLOAT_LENGTH: Final = 124

COUNTER_RANGE: Final = 2**32
"""Counts at which a counter of an integer model rolls over."""
FLOAT_PRECISION: Final = 2.0**-22
"""Two steps of a 32-bit float, relative to its value: the most that rounding takes away."""

_SCALE_NOT_IMPLEMENTED: Final = -0x8000
SCALE_RANGE: Final = (-10, 10)
"""The exponents that a scale factor may have (sunssf)."""
ENERGY_SCALE: Final = "TotWh_SF"
APPARENT_ENERGY_SCALE: Final = "TotVAh_SF"
REACTIVE_ENERGY_SCALE: Final = "TotVArh_SF"


class MeterEvent(IntFlag):
    """The event flags of a meter (SunSpec point Evt); other bits are reserved or the vendor's."""

    POWER_FAILURE = 1 << 2
    UNDER_VOLTAGE = 1 << 3
    LOW_POWER_FACTOR = 1 << 4
    OVER_CURRENT = 1 << 5
    OVER_VOLTAGE = 1 << 6
    MISSING_SENSOR = 1 << 7


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity: its field in a Reading, its unit, and its SunSpec points.

    The first point is the total or average, then follow phases A, B and C (line to line: AB, BC,
    CA).
    """

    name: str
    unit: str
    points: tuple[str, ...]
    counter: bool = False
    averaged: bool = False
    """whether the first point is the average of the phases rather than their sum"""


@dataclass(frozen=True, slots=True)
class ScaleBlock:
    """Quantities that share a scale factor, which follows them in the integer models.

    Where the published model makes the scale factor optional, a meter without it counts in whole
    units. Where it is mandatory, values without it are unknown.
    """

    scale_point: str
    quantities: tuple[Quantity, ...]
    scale_optional: bool = False


def _measured(name: str, unit: str, total: str, *, averaged: bool = False) -> Quantity:
    points = (total, *(f"{total}ph{x}" for x in "ABC"))
    return Quantity(name, unit, points, averaged=averaged)


def _counted(name: str, unit: str, total: str) -> Quantity:
    return Quantity(name, unit, (total, *(f"{total}Ph{x}" for x in "ABC")), counter=True)


FAST_BLOCKS: Final = (
    ScaleBlock("A_SF", (_measured("current", "A", "A"),)),
    ScaleBlock(
        "V_SF",
        (
            _measured("voltage_line_to_neutral", "V", "PhV", averaged=True),
            Quantity(
                "voltage_line_to_line",
                "V",
                ("PPV", "PhVphAB", "PhVphBC", "PhVphCA"),
                averaged=True,
            ),
        ),
    ),
    ScaleBlock("Hz_SF", (Quantity("frequency", "Hz", ("Hz",)),), scale_optional=True),
    ScaleBlock("W_SF", (_measured("power", "W", "W"),)),
    ScaleBlock("VA_SF", (_measured("apparent_power", "VA", "VA"),), scale_optional=True),
    ScaleBlock("VAR_SF", (_measured("reactive_power", "var", "VAR"),), scale_optional=True),
    ScaleBlock(
        "PF_SF", (_measured("power_factor", "Pct", "PF", averaged=True),), scale_optional=True
    ),
    ScaleBlock(
        ENERGY_SCALE,
        (
            _counted("energy_exported", "Wh", "TotWhExp"),
            _counted("energy_imported", "Wh", "TotWhImp"),
        ),
    ),
)
"""What every poll reads: the start of the model, up to the energy counters."""

SLOW_BLOCKS: Final = (
    ScaleBlock(
        APPARENT_ENERGY_SCALE,
        (
            _counted("apparent_energy_exported", "VAh", "TotVAhExp"),
            _counted("apparent_energy_imported", "VAh", "TotVAhImp"),
        ),
        scale_optional=True,
    ),
    ScaleBlock(
        REACTIVE_ENERGY_SCALE,
        (
            _counted("reactive_energy_q1", "varh", "TotVArhImpQ1"),
            _counted("reactive_energy_q2", "varh", "TotVArhImpQ2"),
            _counted("reactive_energy_q3", "varh", "TotVArhExpQ3"),
            _counted("reactive_energy_q4", "varh", "TotVArhExpQ4"),
        ),
        scale_optional=True,
    ),
)
"""What is read less often: the rest of the model, together with the event flags."""

EVENTS_POINT: Final = "Evt"

type Fields = dict[str, RegisterField[Any]]


class _WholeUnits(NumberField[float]):
    """A number whose scale factor is optional in the model; without it, the factor is 10^0.

    A counter of 0 without a scale factor is not implemented: a meter that counts states its unit.
    """

    @override
    def decode(self, words: list[int], scale_exponent: int | None = None) -> Any:
        if scale_exponent != _SCALE_NOT_IMPLEMENTED:
            return super().decode(words, scale_exponent)
        absent = not self.signed and not any(words)
        return None if absent else super().decode(words, 0)


def _integer_field(
    address: int, quantity: Quantity, block: ScaleBlock, scale_address: int
) -> RegisterField[Any]:
    # By the specification, an acc32 of 0 means "not accumulated". But a meter that has never
    # exported reads 0, so 0 is a value here. Meters in the field mark a counter they do not have
    # with either of the two bit patterns that mean "not implemented" in 32-bit integers.
    field = _WholeUnits if block.scale_optional else NumberField[float]
    return field(
        address,
        count=2 if quantity.counter else 1,
        signed=not quantity.counter,
        nan=(0x8000_0000, 0xFFFF_FFFF) if quantity.counter else 0x8000,
        scale_register=scale_address,
        scale_exponent_range=SCALE_RANGE,
        unit=quantity.unit,
    )


def _integer_fields(blocks: tuple[ScaleBlock, ...]) -> Fields:
    """Return the fields of models 201-204: int16 and acc32, a scale factor behind each block."""
    fields: Fields = {}
    address = 2
    for block in blocks:
        widths = [len(q.points) * (2 if q.counter else 1) for q in block.quantities]
        scale_address = address + sum(widths)
        for quantity in block.quantities:
            for point in quantity.points:
                field = _integer_field(address, quantity, block, scale_address)
                fields[point] = field
                address += field.count
        fields[block.scale_point] = sunssf(scale_address)
        address = scale_address + 1
    return fields


def _float_fields(blocks: tuple[ScaleBlock, ...]) -> Fields:
    """Return the fields of models 211-214: float32 points, power factors as ratios, not percent."""
    points = [
        (point, "PF" if quantity.unit == "Pct" else quantity.unit)
        for block in blocks
        for quantity in block.quantities
        for point in quantity.points
    ]
    return {
        point: float32(address, unit=unit)
        for address, (point, unit) in zip(range(2, 2 + 2 * len(points), 2), points, strict=True)
    }


def _component(name: str, fields: Fields) -> type[SunSpecComponent]:
    return type(name, (SunSpecComponent,), dict(fields))


_ALL_BLOCKS: Final = FAST_BLOCKS + SLOW_BLOCKS


@dataclass(frozen=True, slots=True)
class Layout:
    """How a kind of meter model is read.

    ``fast`` and ``full`` each take one request of at most 125 registers. The float models are one
    register longer, so the event flags at their end take a request of their own.
    """

    length: int
    fast: type[SunSpecComponent]
    full: type[SunSpecComponent]
    events_address: int | None
    """offset in the model of event flags that take their own request; None if ``full`` has them"""


INTEGER_LAYOUT: Final = Layout(
    length=INTEGER_LENGTH,
    fast=_component("IntegerMeterFast", _integer_fields(FAST_BLOCKS)),
    full=_component(
        "IntegerMeterFull",
        {**_integer_fields(_ALL_BLOCKS), EVENTS_POINT: bitfield32(105, MeterEvent)},
    ),
    events_address=None,
)

FLOAT_LAYOUT: Final = Layout(
    length=FLOAT_LENGTH,
    fast=_component("FloatMeterFast", _float_fields(FAST_BLOCKS)),
    full=_component("FloatMeterFull", _float_fields(_ALL_BLOCKS)),
    events_address=124,
)

LAYOUTS: Final = {
    **dict.fromkeys((201, 202, 203, 204), INTEGER_LAYOUT),
    **dict.fromkeys((211, 212, 213, 214), FLOAT_LAYOUT),
}
"""The layout of every meter model, by SunSpec model id."""

PHASE_COUNTS: Final = {201: 1, 202: 2, 203: 3, 204: 3, 211: 1, 212: 2, 213: 3, 214: 3}
"""How many phases each model measures: single phase, split phase, wye and delta."""
