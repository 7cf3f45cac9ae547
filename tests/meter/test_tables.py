"""The tables that the packages of the library share."""

from dataclasses import fields

from custom_components.dts307.meter import PerPhase
from custom_components.dts307.meter.phases import (
    LINES_OF_PAIR,
    PAIR_LABELS,
    PAIRS_OF_PHASE,
    PARTS,
    PHASE_LABELS,
    PHASES,
    TOTAL,
)
from custom_components.dts307.meter.sample import CONSECUTIVE_WITHIN

LONGEST_INTERVAL = 60.0


def test_the_parts_are_the_fields_of_a_quantity() -> None:
    assert PARTS == tuple(field.name for field in fields(PerPhase)) == (TOTAL, *PHASES)


def test_phases_and_pairs_by_field() -> None:
    assert PHASE_LABELS == {"a": "A", "b": "B", "c": "C"}
    assert PAIR_LABELS == {"a": "A-B", "b": "B-C", "c": "C-A"}
    assert LINES_OF_PAIR == {"a": "ab", "b": "bc", "c": "ca"}


def test_each_phase_is_in_two_pairs() -> None:
    """AB is in the field a, BC in b, CA in c."""
    assert PAIRS_OF_PHASE == {"a": ("a", "c"), "b": ("a", "b"), "c": ("b", "c")}


def test_polls_are_consecutive_up_to_one_and_a_half_of_the_longest_interval() -> None:
    assert CONSECUTIVE_WITHIN == 1.5 * LONGEST_INTERVAL
