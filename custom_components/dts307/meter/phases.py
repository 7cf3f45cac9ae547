"""Phases of a meter and the line pairs between them, in one table."""

from typing import Final, NamedTuple


class Phase(NamedTuple):
    """A phase, and the line pair whose voltage has the same field in a PerPhase."""

    key: str
    """its field in a PerPhase"""
    label: str
    """as on the meter's terminals (guide 3.3)"""
    pair: str
    """the keys of the two lines"""
    pair_label: str


PHASE_TABLE: Final = (
    Phase("a", "A", "ab", "A-B"),
    Phase("b", "B", "bc", "B-C"),
    Phase("c", "C", "ca", "C-A"),
)

PHASES: Final = tuple(phase.key for phase in PHASE_TABLE)
"""The fields of a PerPhase that are phases."""

PHASE_LABELS: Final = {phase.key: phase.label for phase in PHASE_TABLE}
PAIR_LABELS: Final = {phase.key: phase.pair_label for phase in PHASE_TABLE}

TOTAL: Final = "total"
PARTS: Final = (TOTAL, *PHASES)
"""All fields of a PerPhase."""

LINES_OF_PAIR: Final = {phase.key: phase.pair for phase in PHASE_TABLE}
"""The two lines of each line-to-line voltage, by its field in a PerPhase."""

PAIRS_OF_PHASE: Final = {
    key: tuple(place for place, lines in LINES_OF_PAIR.items() if key in lines) for key in PHASES
}
"""The line-to-line voltages that involve a phase, as fields of a PerPhase."""
