"""The phases of a meter and the line pairs between them, in one table."""

from typing import Final, NamedTuple


class Phase(NamedTuple):
    """A phase, and the pair of lines whose voltage has the same place in a PerPhase."""

    key: str
    """the field of a PerPhase"""
    label: str
    """as the meter's terminals name it (guide 3.3)"""
    pair: str
    """the keys of the two lines of the pair"""
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
"""The two lines between which a PerPhase of line-to-line voltages measures, by its field."""

PAIRS_OF_PHASE: Final = {
    key: tuple(place for place, lines in LINES_OF_PAIR.items() if key in lines) for key in PHASES
}
"""The fields of a PerPhase of line-to-line voltages that involve a phase."""
