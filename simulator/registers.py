"""The SunSpec register image of a meter: marker, model 1, one meter model, end.

Layouts follow the SunSpec models 1, 201-204 (integers with scale factors) and 211-214 (float32).
The bytes are packed by hand. Nothing is shared with the integration's decoding.
"""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from functools import cache
import struct
from typing import Any, NamedTuple

from .measure import DELTA, SINGLE, SPLIT, WYE, Measurement, Wiring

MODELS: Mapping[int, Wiring] = {
    base + kind: wiring
    for base in (200, 210)
    for kind, wiring in ((1, SINGLE), (2, SPLIT), (3, WYE), (4, DELTA))
}

NOT_ACCUMULATED = 0
_MARKER = b"SunS"
_FIRST_FLOAT_MODEL = 211
_PADDED_LENGTH = 66
_END_MODEL = 0xFFFF
_NO_INT16 = -0x8000
_PHASES = ("", "phA", "phB", "phC")
_ENERGIES = {
    "TotWh": ("TotWhExp", "TotWhImp"),
    "TotVAh": ("TotVAhExp", "TotVAhImp"),
    "TotVArh": ("TotVArhImpQ1", "TotVArhImpQ2", "TotVArhExpQ3", "TotVArhExpQ4"),
}

type Truth = dict[str, Any]
"""Values by SunSpec point name, in SI units (power factor -1 to 1); None if not implemented."""


class Point(NamedTuple):
    """A point of a meter model: its name there, our name for it, its SunSpec type, and its group.

    Points of one group share a scale factor. `kind` is int16, float32, acc32, bitfield32 or sunssf.
    """

    name: str
    source: str
    kind: str
    group: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """SunSpec model 1, the common model; `unit` is the Modbus address it reports."""

    manufacturer: str = "Measurlogic"
    model: str
    options: str = ""
    version: str = "1.00"
    serial: str
    unit: int


class Image(NamedTuple):
    """The registers from the base address on, and their values."""

    registers: tuple[int, ...]
    truth: Truth


def is_float(model: int) -> bool:
    """Return whether a meter model uses float32."""
    return model >= _FIRST_FLOAT_MODEL


@cache
def layout(model: int) -> tuple[Point, ...]:
    """Return the points of a meter model in register order, without its header.

    Raises:
        ValueError: not one of the eight meter models.
    """
    if model not in MODELS:
        raise ValueError(f"{model} is not a SunSpec meter model, which are {sorted(MODELS)}")
    floats = is_float(model)
    # SunSpec names line-to-line voltages PPVphAB in 201 and the float models, PhVphAB elsewhere,
    # and writes the phase of the float models' reactive energies in lower case.
    line = "PPVph" if floats or MODELS[model] is SINGLE else "PhVph"
    points: list[Point] = []

    def group(name: str, kind: str, sources: list[str], rename: tuple[str, str] = ("", "")) -> None:
        points.extend(Point(s.replace(*rename), s, kind, name) for s in sources)
        if not floats:
            points.append(Point(f"{name}_SF", f"{name}_SF", "sunssf", name))

    instant, energy = ("float32", "float32") if floats else ("int16", "acc32")
    for name in ("A", "V", "Hz", "W", "VA", "VAR", "PF"):
        if name == "V":
            points.extend(Point(s, s, instant, "V") for s in ("PhV" + p for p in _PHASES))
            points.append(Point("PPV", "PPV", instant, "V"))
            pairs = ["PhVphAB", "PhVphBC", "PhVphCA"]
            group("V", instant, pairs, ("PhVph", line))
        else:
            group(name, instant, ["Hz"] if name == "Hz" else [name + p for p in _PHASES])
    for name, counters in _ENERGIES.items():
        sources = [counter + p.replace("ph", "Ph") for counter in counters for p in _PHASES]
        lower = ("Ph", "ph") if floats and name == "TotVArh" else ("", "")
        group(name, energy, sources, lower)
    points.append(Point("Evt", "Evt", "bitfield32", "Evt"))
    return tuple(points)


def value_points(model: int) -> frozenset[str]:
    """Return the names of all points but the scale factors."""
    return frozenset(point.name for point in layout(model) if point.kind != "sunssf")


def build(  # noqa: PLR0913 - the parts of an image are unrelated
    model: int,
    identity: Identity,
    measurement: Measurement,
    counters: Mapping[str, int],
    events: int,
    *,
    identity_length: int = _PADDED_LENGTH,
    missing: AbstractSet[str] = frozenset(),
    empty_counter: int = NOT_ACCUMULATED,
) -> Image:
    """Build the image of one instant.

    Args:
        model: SunSpec id of the meter model.
        identity: the content of model 1.
        measurement: the instantaneous values.
        counters: the energy counters in Wh, VAh and varh.
        events: the bits of Evt.
        identity_length: 66, or 65 without the pad, as on older devices.
        missing: names of points to report as not implemented.
        empty_counter: content of unimplemented counters in integer models. SunSpec requires 0;
            some devices have 0x80000000 or 0xFFFFFFFF.
    """
    points = layout(model)
    known = {**measurement.values, **counters, "Evt": events}
    raw = {p.source: known.get(p.source) for p in points if p.name not in missing}
    used = {p.group for p in points if raw.get(p.source) is not None}
    body = bytearray()
    truth: Truth = {}
    for point in points:
        if point.kind == "sunssf":
            factor = _scale_factor(point.group, measurement) if point.group in used else _NO_INT16
            body += struct.pack(">h", factor)
            continue
        value = raw.get(point.source)
        body += _pack(point, value, measurement, empty_counter)
        truth[point.name] = None if value is None else _shown(point, value)
    meter_model = struct.pack(">HH", model, len(body) // 2) + body
    image = _MARKER + _common(identity, identity_length) + meter_model
    image += struct.pack(">HH", _END_MODEL, 0)
    return Image(struct.unpack(f">{len(image) // 2}H", image), truth)


def _pack(point: Point, value: int | None, measurement: Measurement, empty_counter: int) -> bytes:
    """Return the bytes of a point that is not a scale factor."""
    if point.kind == "float32":
        return struct.pack(">f", float("nan") if value is None else _shown(point, value))
    if point.kind == "acc32":
        return struct.pack(">I", empty_counter if value is None else value)
    if point.kind == "bitfield32":
        return struct.pack(">I", 0xFFFFFFFF if value is None else value)
    if value is None:
        return struct.pack(">h", _NO_INT16)
    return struct.pack(">h", value // measurement.steps[point.group])


def _shown(point: Point, value: int) -> float | int:
    """Return the value of a point's registers in SI units."""
    if point.kind in {"bitfield32", "acc32"}:
        return value
    scaled = value if point.group in _ENERGIES else value / 1000
    if point.kind == "float32":
        (single,) = struct.unpack(">f", struct.pack(">f", scaled))
        return float(single)
    return scaled


def _scale_factor(group: str, measurement: Measurement) -> int:
    """Return the power of ten between a group's registers and the units of the SunSpec model."""
    if group in _ENERGIES:
        return 0
    # Steps are powers of ten in thousandths; SunSpec has the power factor in percent.
    exponent = len(str(measurement.steps[group])) - 1 - 3
    return exponent + 2 if group == "PF" else exponent


def _common(identity: Identity, length: int) -> bytes:
    """Return SunSpec model 1 with its header."""
    body = struct.pack(
        ">32s32s16s16s32sH",
        identity.manufacturer.encode(),
        identity.model.encode(),
        identity.options.encode(),
        identity.version.encode(),
        identity.serial.encode(),
        identity.unit,
    )
    if length == _PADDED_LENGTH:
        body += struct.pack(">H", 0x8000)
    return struct.pack(">HH", 1, length) + body
