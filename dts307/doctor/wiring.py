"""What the angle between voltage and current shows about the CT of each phase.

A current that lags or leads its voltage a little is that of a load. One that is nearly opposite is
that of a reversed CT, or of something that feeds in. One that is a third of a turn away is that of
another phase: no load and no inverter has such a current.
"""

import cmath
from collections.abc import Sequence
from enum import Enum, auto
import math
from typing import Final

from dts307.meter import Reading
from dts307.meter.phases import PHASE_LABELS, PHASES
from dts307.texts import issue_text, issue_title

from .report import Finding, NotJudged, Verdict

_ENOUGH: Final = 300.0
"""VA on a phase, as the integration wants for a step that shows a swapped CT"""
_THIRD: Final = 120.0
_THIRD_TOLERANCE: Final = 25.0
_PLAIN: Final = 60.0
"""degrees"""
_OPPOSITE: Final = 150.0
_UNBALANCE: Final = 0.15
"""Share by which the voltages of a wye service may differ; those of a high leg differ more."""

ADVICE: Final = (
    "Switch on a load of at least 300 W on this phase, such as a kettle, and run this again."
)


class Angle(Enum):
    """Where a current is, seen from its voltage."""

    PLAIN = auto()
    OPPOSITE = auto()
    BEHIND = auto()
    AHEAD = auto()
    UNCLEAR = auto()
    TOO_LITTLE = auto()
    """too little current to judge"""
    UNKNOWN = auto()
    """power or reactive power is not stated"""


_TURNED_OTHERWISE: Final = frozenset({Angle.PLAIN, Angle.BEHIND, Angle.AHEAD})
"""What shows, beside a phase that is opposite, that not all currents are seen turned."""


def angle_of(readings: Sequence[Reading], phase: str) -> Angle:
    """Return where the current of a phase is in all readings; UNCLEAR if they differ."""
    angles = {_angle(reading, phase) for reading in readings}
    for decisive in (Angle.UNKNOWN, Angle.TOO_LITTLE):
        if decisive in angles:
            return decisive
    return angles.pop() if len(angles) == 1 else Angle.UNCLEAR


def _angle(reading: Reading, phase: str) -> Angle:
    watts, reactive = (
        getattr(quantity, phase) for quantity in (reading.power, reading.reactive_power)
    )
    if watts is None or reactive is None:
        return Angle.UNKNOWN
    power = complex(watts, reactive)
    if abs(power) < _ENOUGH:
        return Angle.TOO_LITTLE
    degrees = math.degrees(cmath.phase(power))
    if abs(degrees) <= _PLAIN:
        return Angle.PLAIN
    if abs(degrees) >= _OPPOSITE:
        return Angle.OPPOSITE
    if abs(abs(degrees) - _THIRD) <= _THIRD_TOLERANCE:
        return Angle.BEHIND if degrees > 0 else Angle.AHEAD
    return Angle.UNCLEAR


def wiring_verdicts(
    readings: Sequence[Reading], name: str, *, dark: bool, sign_is_known: bool
) -> list[Verdict]:
    """Return what the angles show; ``dark`` says that nothing feeds in.

    As long as it is not known which sign of power is import, all currents may be seen turned.
    A meter of a service without a neutral measures against a virtual one, and shows nothing so.
    """
    reading = readings[-1]
    phases = PHASES[: reading.phases]
    if len(phases) > 1 and not _has_neutral(reading):
        text = "The angles of currents mean nothing in a service without a neutral (delta)."
        return [NotJudged(key="ct_direction", text=text)]
    angles = {phase: angle_of(readings, phase) for phase in phases}
    swapped = _swapped(readings, angles)
    verdicts: list[Verdict] = []
    if swapped:
        verdicts.append(_swapped_finding(name, swapped))
    opposite = [phase for phase in phases if angles[phase] is Angle.OPPOSITE]
    if opposite:
        is_compared = any(angles[phase] in _TURNED_OTHERWISE for phase in phases)
        if dark and not (is_compared or sign_is_known):
            verdicts.append(_all_opposite())
        else:
            verdicts.append(_opposite_verdict(name, opposite, dark=dark))
    verdicts += [
        _unjudged(phase, angles[phase])
        for phase in phases
        if phase not in swapped and angles[phase] not in {Angle.PLAIN, Angle.OPPOSITE}
    ]
    if plain := [phase for phase in phases if angles[phase] is Angle.PLAIN]:
        verdicts.append(f"CT direction ({_labels(plain)})")
    return verdicts


def _has_neutral(reading: Reading) -> bool:
    return any(getattr(reading.voltage_line_to_neutral, phase) for phase in PHASES)


def _swapped(readings: Sequence[Reading], angles: dict[str, Angle]) -> list[str]:
    """Return the phases whose CTs are swapped: two turned either way, or all three one way."""
    if not all(map(_is_wye, readings)):
        return []
    behind = [phase for phase, angle in angles.items() if angle is Angle.BEHIND]
    ahead = [phase for phase, angle in angles.items() if angle is Angle.AHEAD]
    if (len(behind), len(ahead)) in {(1, 1), (3, 0), (0, 3)}:
        return sorted(behind + ahead)
    return []


def _is_wye(reading: Reading) -> bool:
    """Return whether the three voltages to neutral are alike, so that they are 120° apart."""
    volts = [getattr(reading.voltage_line_to_neutral, phase) or 0.0 for phase in PHASES]
    average = math.fsum(volts) / len(volts)
    return average > 0 and all(abs(each - average) <= _UNBALANCE * average for each in volts)


def _swapped_finding(name: str, phases: list[str]) -> Finding:
    return Finding(
        key="phases_swapped",
        title=issue_title("phases_swapped", name=name),
        text=issue_text("phases_swapped", phases=_labels(phases)),
        certain=False,
    )


def _opposite_verdict(name: str, phases: list[str], *, dark: bool) -> Verdict:
    if dark:
        return Finding(
            key="phase_opposite",
            title=issue_title("phase_opposite", name=name),
            text=issue_text("phase_opposite", phases=_labels(phases)),
            certain=False,
        )
    return NotJudged(
        key="phase_opposite",
        text=f"Power on {_labels(phases)} flows backwards. That is right if a solar plant, a"
        " battery or a generator feeds in there. Otherwise a CT is reversed. Run this with"
        " --no-feed-in while nothing feeds in.",
    )


def _all_opposite() -> NotJudged:
    return NotJudged(
        key="phase_opposite",
        text="All power flows backwards. Either the CTs face the other way, or this meter counts"
        " export as positive. The energy counters decide that: run this with --for 15min.",
    )


def _unjudged(phase: str, angle: Angle) -> NotJudged:
    label = PHASE_LABELS[phase]
    reasons = {
        Angle.TOO_LITTLE: f"Phase {label} carries too little current. {ADVICE}",
        Angle.UNKNOWN: f"The meter does not state power and reactive power of phase {label}.",
    }
    changing = f"The current of phase {label} is mostly reactive, or changes. {ADVICE}"
    return NotJudged(key="ct_direction", text=reasons.get(angle, changing))


def _labels(phases: list[str]) -> str:
    return ", ".join(PHASE_LABELS[phase] for phase in phases)
