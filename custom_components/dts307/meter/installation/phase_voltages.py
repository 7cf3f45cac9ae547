"""Which phases have voltage, compared with the strongest of them."""

from collections.abc import Mapping, Set as AbstractSet
from typing import Final, NamedTuple

from ..hysteresis import Threshold
from ..phases import LINES_OF_PAIR, PHASES, TOTAL
from ..sunspec import PerPhase, Reading

LINE_TO_NEUTRAL: Final = "voltage_line_to_neutral"
LINE_TO_LINE: Final = "voltage_line_to_line"

_LIVE: Final = 60.0
"""V that make a service live: half of the lowest nominal voltage (guide 1.3.2)."""

LOST_TO_NEUTRAL: Final = Threshold(above=0.5, back=0.45)
"""Voltage deficit of a lost phase. The high leg of a delta service has 208 V, which leaves the
other two a deficit of 42 %: less than this."""

LOST_BETWEEN_LINES: Final = Threshold(above=0.35, back=0.3)
"""Voltage deficit of a lost line. A dead line leaves the others 58 % of the voltage. If its loads,
such as a motor, pull it half-way between them, it leaves 50 %, and its voltage to neutral may
look half alive."""


def voltages(
    reading: Reading, quantity: str, absent: AbstractSet[str] = frozenset()
) -> dict[str, float]:
    """Return the voltages in V by phase or pair ("a", "b", "c"), without those of absent phases.

    If the meter reports only their average, it is there as "total" (SunSpec PhV and PPV).
    """
    measured: PerPhase = getattr(reading, quantity)
    known: dict[str, float] = {
        part: abs(volts) for part in PHASES if (volts := getattr(measured, part)) is not None
    }
    if not known:
        return {} if measured.total is None else {TOTAL: abs(measured.total)}
    if not absent:
        return known
    between = quantity == LINE_TO_LINE
    return {
        part: volts
        for part, volts in known.items()
        if absent.isdisjoint(LINES_OF_PAIR[part] if between else part)
    }


class Deficits(NamedTuple):
    """By phase, which share of the strongest phase's voltage it lacks."""

    to_neutral: Mapping[str, float]
    between_lines: Mapping[str, float]

    @classmethod
    def of(cls, reading: Reading) -> Deficits:
        """Return the deficits of a reading."""
        return cls(_deficits_to_neutral(reading), _deficits_between_lines(reading))


def _deficits_to_neutral(reading: Reading) -> dict[str, float]:
    """Return by phase which share of the strongest phase's voltage it lacks.

    It is empty for a single phase, which has nothing to be compared with.
    """
    measured = voltages(reading, LINE_TO_NEUTRAL)
    return _deficits(measured) if len(measured) > 1 else {}


def _deficits_between_lines(reading: Reading) -> dict[str, float]:
    """Return by phase which share of the strongest voltage it lacks to both other lines.

    It is empty unless all three are measured: one pair shows that a line is lost, but not which.
    """
    measured = voltages(reading, LINE_TO_LINE)
    if measured.keys() != LINES_OF_PAIR.keys():
        return {}
    best = {
        phase: max(volts for pair, volts in measured.items() if phase in LINES_OF_PAIR[pair])
        for phase in PHASES
    }
    return _deficits(best)


def is_live(reading: Reading) -> bool | None:
    """Return whether any voltage is there; None if none is measured."""
    measured = [
        volts
        for quantity in (LINE_TO_NEUTRAL, LINE_TO_LINE)
        for volts in voltages(reading, quantity).values()
    ]
    return max(measured) >= _LIVE if measured else None


def live_phases(reading: Reading, deficits: Deficits) -> frozenset[str]:
    """Return the phases that have voltage, as far as they can be compared."""
    if not is_live(reading):
        return frozenset()
    return frozenset(
        phase
        for compared, threshold in (
            (deficits.to_neutral, LOST_TO_NEUTRAL),
            (deficits.between_lines, LOST_BETWEEN_LINES),
        )
        for phase, deficit in compared.items()
        if deficit <= threshold.back
    )


def absent_phases(deficits: Deficits, seen_live: AbstractSet[str]) -> frozenset[str]:
    """Return the phases that are measured but never had voltage: nothing is connected there."""
    compared = deficits.to_neutral.keys() | deficits.between_lines.keys()
    return frozenset(compared - seen_live)


def _deficits(measured: Mapping[str, float]) -> dict[str, float]:
    strongest = max(measured.values())
    if strongest < _LIVE:
        # The whole service is dead, so that none of its phases is lost by itself.
        return dict.fromkeys(measured, 0.0)
    return {phase: 1 - volts / strongest for phase, volts in measured.items()}
