"""Voltages and currents as vectors, by the rules of the phasor card.

The meter measures magnitudes, power and reactive power. It does not measure the angles between its
voltages, so these are the nominal ones of its service.
"""

from dataclasses import dataclass
import math
from typing import Final

from dts307.meter import Reading
from dts307.output import ABSENT

from .phase_values import PhaseValues, Topology, phase_values, topology_of

_PLACES: Final = {"": 0.0, "A": 0.0, "B": -120.0, "C": 120.0}
"""Degrees from the voltage of phase A."""

_AHEAD: Final = 30.0
"""Degrees by which a voltage between two lines leads the voltage of the first line."""

_OPPOSITE_LEGS: Final = (2 + math.sqrt(3)) / 2
"""Voltage between two legs, relative to neutral: 2 for the legs of one transformer, the root of 3
for two phases of a three-phase service. This is the middle."""

_STEPS: Final = (1, 2, 3, 4, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector; its angle is in degrees, counterclockwise from the voltage of phase A."""

    angle: float
    size: float
    """V or A"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phasor:
    """The voltage and the current of a phase, as far as they are known."""

    label: str
    voltage: Vector | None
    current: Vector | None
    lag: float | None
    """degrees by which the current lags its voltage; beyond 90 either way, the phase exports"""
    signed: bool
    """whether lagging and leading can be distinguished"""


def nominal_angle(reading: Reading) -> int:
    """Return the nominal angle between two voltages of the service; 0 for a single phase."""
    topology = topology_of(reading)
    if topology is Topology.SINGLE:
        return 0
    if topology is not Topology.SPLIT:
        return 120
    neutral, between = reading.voltage_line_to_neutral, reading.voltage_line_to_line
    legs = between.total if between.a is None else between.a
    if not neutral.a or not neutral.b or legs is None:
        return 180
    return 120 if 2 * legs / (neutral.a + neutral.b) < _OPPOSITE_LEGS else 180


def phasors_of(reading: Reading) -> list[Phasor]:
    """Return the phasors of a reading."""
    opposite = nominal_angle(reading) == 180  # noqa: PLR2004 - degrees
    return [_phasor(phase, opposite=opposite) for phase in phase_values(reading)]


def _phasor(phase: PhaseValues, *, opposite: bool) -> Phasor:
    angle = _PLACES[phase.label]
    if opposite and phase.label == "B":
        angle = 180.0
    lag, signed = _lag(phase)
    return Phasor(
        label=phase.label,
        voltage=_vector(phase.voltage, angle + _AHEAD if phase.between_lines else angle),
        current=None if lag is None else _vector(phase.current, angle - lag),
        lag=lag,
        signed=signed,
    )


def _vector(size: float | None, angle: float) -> Vector | None:
    return None if size is None else Vector(angle, abs(size))


def _lag(phase: PhaseValues) -> tuple[float | None, bool]:
    """Return the angle from power and reactive power; the power factor gives only its size."""
    power, reactive = phase.power, phase.reactive_power
    if power is not None and reactive is not None and (power or reactive):
        return math.degrees(math.atan2(reactive, power)), True
    factor = phase.power_factor
    if factor is None or not power:
        return None, False
    return math.degrees(math.acos(math.copysign(min(1.0, abs(factor)), power))), False


def angle_text(phasor: Phasor) -> str:
    """Return the angle of a current in words, such as 12° lag."""
    if phasor.lag is None:
        return ABSENT
    degrees = round(abs(phasor.lag))
    if not phasor.signed:
        return f"{degrees}°"
    ways = {0: "", 180: ""}
    return f"{degrees}° {ways.get(degrees, 'lag' if phasor.lag > 0 else 'lead')}".strip()


def notes(reading: Reading) -> str:
    """Say what is measured of the angles, and what is not."""
    nominal = nominal_angle(reading)
    if nominal:
        said = [
            f"The angles between voltages are not measured: they are nominal ({nominal}°).",
            "Those of currents follow from power and reactive power.",
        ]
    else:
        said = ["The angle follows from power and reactive power."]
    if topology_of(reading) is Topology.DELTA:
        said.append("Currents refer to a virtual neutral.")
    phasors = phasors_of(reading)
    if any(phasor.current is not None and not phasor.signed for phasor in phasors):
        said.append("Without reactive power, currents are drawn as lagging.")
    if any(phasor.lag is None for phasor in phasors):
        said.append("Without power, the angle of a current is not known.")
    return " ".join(said)


def round_up(size: float) -> float:
    """Return a round number that is not much larger, for the scale of the drawing."""
    if size <= 0:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(size))
    return next(step * unit for step in _STEPS if step * unit >= size * (1 - 1e-9))
