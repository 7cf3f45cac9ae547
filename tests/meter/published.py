"""The SunSpec models as the Alliance publishes them, by way of pysunspec2: the tests' oracle.

Nothing in here knows the library under test, and the library knows nothing of pysunspec2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
import struct
from typing import Any

import sunspec2.device

_pysunspec2: Any = sunspec2.device
"""The package has no types."""

INTEGER_MODELS = (201, 202, 203, 204)
FLOAT_MODELS = (211, 212, 213, 214)
METER_MODELS = INTEGER_MODELS + FLOAT_MODELS

PHASES = {201: 1, 202: 2, 203: 3, 204: 3, 211: 1, 212: 2, 213: 3, 214: 3}
"""Single phase, split phase, wye and delta; as integers and as floats."""

QUANTITIES = {
    "current": ("A", "AphA", "AphB", "AphC"),
    "voltage_line_to_neutral": ("PhV", "PhVphA", "PhVphB", "PhVphC"),
    "voltage_line_to_line": ("PPV", "PPVphAB", "PPVphBC", "PPVphCA"),
    "power": ("W", "WphA", "WphB", "WphC"),
    "apparent_power": ("VA", "VAphA", "VAphB", "VAphC"),
    "reactive_power": ("VAR", "VARphA", "VARphB", "VARphC"),
    "power_factor": ("PF", "PFphA", "PFphB", "PFphC"),
    "energy_exported": ("TotWhExp", "TotWhExpPhA", "TotWhExpPhB", "TotWhExpPhC"),
    "energy_imported": ("TotWhImp", "TotWhImpPhA", "TotWhImpPhB", "TotWhImpPhC"),
    "apparent_energy_exported": ("TotVAhExp", "TotVAhExpPhA", "TotVAhExpPhB", "TotVAhExpPhC"),
    "apparent_energy_imported": ("TotVAhImp", "TotVAhImpPhA", "TotVAhImpPhB", "TotVAhImpPhC"),
    "reactive_energy_q1": (
        "TotVArhImpQ1",
        "TotVArhImpQ1PhA",
        "TotVArhImpQ1PhB",
        "TotVArhImpQ1PhC",
    ),
    "reactive_energy_q2": (
        "TotVArhImpQ2",
        "TotVArhImpQ2PhA",
        "TotVArhImpQ2PhB",
        "TotVArhImpQ2PhC",
    ),
    "reactive_energy_q3": (
        "TotVArhExpQ3",
        "TotVArhExpQ3PhA",
        "TotVArhExpQ3PhB",
        "TotVArhExpQ3PhC",
    ),
    "reactive_energy_q4": (
        "TotVArhExpQ4",
        "TotVArhExpQ4PhA",
        "TotVArhExpQ4PhB",
        "TotVArhExpQ4PhC",
    ),
}
"""The points behind each quantity of a Reading: total or average, then phases A, B and C."""

SLOW_QUANTITIES = frozenset(
    name for name in QUANTITIES if name.startswith(("apparent_energy", "reactive_energy"))
)
AVERAGED_QUANTITIES = frozenset({"voltage_line_to_neutral", "voltage_line_to_line", "power_factor"})


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a published model; ``address`` counts from the model's header."""

    name: str
    address: int
    size: int
    type: str
    scale_point: str | None
    unit: str | None
    mandatory: bool
    symbols: tuple[tuple[str, int], ...]


def canonical(name: str) -> str:
    """Return a point's name without what the models spell differently among themselves.

    Line-to-line voltages are PhVphAB here and PPVphAB there, counters end in PhA or phA.
    """
    return name.casefold().replace("ppvph", "phvph")


@cache
def published_points(model_id: int) -> dict[str, Point]:
    """Return all points of a model, header included, by canonical name, in register order."""
    points: dict[str, Point] = {}
    address = 0
    for definition in _pysunspec2.get_model_def(model_id)["group"]["points"]:
        points[canonical(definition["name"])] = Point(
            name=definition["name"],
            address=address,
            size=definition["size"],
            type=definition["type"],
            scale_point=definition.get("sf"),
            unit=definition.get("units"),
            mandatory=definition.get("mandatory") == "M",
            symbols=tuple((s["name"], s["value"]) for s in definition.get("symbols", ())),
        )
        address += definition["size"]
    return points


def encode(model_id: int, /, *, length: int = 0, **values: Any) -> list[int]:
    """Return a model's registers, header included, with raw ``values`` in its points.

    Every other point says "not implemented". ``length`` 65 is model 1 without its pad register.
    """
    model = _pysunspec2.Model(model_id, model_len=length)
    for name, value in values.items():
        model.points[published_points(model_id)[canonical(name)].name].set_value(value)
    data: bytes = model.get_mb()
    return list(struct.unpack(f">{len(data) // 2}H", data))


def decode(model_id: int, registers: Sequence[int], *, scaled: bool = True) -> dict[str, Any]:
    """Return what pysunspec2 makes of a model's registers, by canonical name of the point."""
    model = _pysunspec2.Model(model_id, data=struct.pack(f">{len(registers)}H", *registers))
    values: dict[str, Any] = model.get_dict(computed=scaled)
    return {canonical(name): values[name] for name in model.points}
