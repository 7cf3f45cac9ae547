"""Which phases have voltage, compared with the strongest of them."""

from collections.abc import Mapping, Set as AbstractSet
from typing import Final

from ..hysteresis import Threshold
from ..phases import LINES_OF_PAIR, PHASES
from ..sunspec import PerPhase, Reading

LINE_TO_NEUTRAL: Final = "voltage_line_to_neutral"
LINE_TO_LINE: Final = "voltage_line_to_line"

_LIVE: Final = 60.0
"""V that make a service live: half of the lowest there is."""

LOST_TO_NEUTRAL: Final = Threshold(above=0.5, back=0.45)
"""Share of the voltage that a lost phase lacks. The high leg of a delta service, at 208 V, puts the
other two at 58 % of the strongest: they lack less than this."""

LOST_BETWEEN_LINES: Final = Threshold(above=0.35, back=0.3)
"""A dead line leaves 58 % of the voltage to the others; if it hangs between them by its loads, such
as a motor, 50 %, and its voltage to neutral may then look half alive."""


def voltages(
    reading: Reading, quantity: str, absent: AbstractSet[str] = frozenset()
) -> dict[str, float]:
    """Return the voltages in V by phase or pair ("a", "b", "c"), without those of absent phases.

    If the meter states none of them but their average, it is there as "total".
    """
    measured: PerPhase = getattr(reading, quantity)
    values = {part: getattr(measured, part) for part in PHASES}
    known = {part: abs(volts) for part, volts in values.items() if volts is not None}
    if not known:
        return {} if measured.total is None else {"total": abs(measured.total)}
    between = quantity == LINE_TO_LINE
    return {
        part: volts
        for part, volts in known.items()
        if absent.isdisjoint(LINES_OF_PAIR[part] if between else part)
    }


def lacking_to_neutral(reading: Reading) -> dict[str, float]:
    """Return the share of the strongest phase's voltage that each lacks, if there are several."""
    measured = voltages(reading, LINE_TO_NEUTRAL)
    return _lacking(measured) if len(measured) > 1 else {}


def lacking_between_lines(reading: Reading) -> dict[str, float]:
    """Return the share of the strongest voltage that each phase lacks to both others.

    A single pair tells that one of its lines is lost, but not which.
    """
    measured = voltages(reading, LINE_TO_LINE)
    if measured.keys() != LINES_OF_PAIR.keys():
        return {}
    best = {
        phase: max(volts for pair, volts in measured.items() if phase in LINES_OF_PAIR[pair])
        for phase in PHASES
    }
    return _lacking(best)


def is_live(reading: Reading) -> bool | None:
    """Tell whether any voltage is there; None if none is measured."""
    measured = [
        volts
        for quantity in (LINE_TO_NEUTRAL, LINE_TO_LINE)
        for volts in voltages(reading, quantity).values()
    ]
    return max(measured) >= _LIVE if measured else None


def live_phases(reading: Reading) -> frozenset[str]:
    """Return the phases that have voltage, as far as they can be compared."""
    if not is_live(reading):
        return frozenset()
    return frozenset(
        phase
        for lacking, limit in (
            (lacking_to_neutral(reading), LOST_TO_NEUTRAL),
            (lacking_between_lines(reading), LOST_BETWEEN_LINES),
        )
        for phase, share in lacking.items()
        if share <= limit.back
    )


def absent_phases(reading: Reading, seen: AbstractSet[str]) -> frozenset[str]:
    """Return the phases that are measured but were never ``seen`` live: nothing hangs there."""
    compared = lacking_to_neutral(reading).keys() | lacking_between_lines(reading).keys()
    return frozenset(compared - seen)


def _lacking(measured: Mapping[str, float]) -> dict[str, float]:
    strongest = max(measured.values())
    if strongest < _LIVE:
        # The whole service is dead, so that none of its phases has been lost by itself.
        return dict.fromkeys(measured, 0.0)
    return {phase: 1 - volts / strongest for phase, volts in measured.items()}
