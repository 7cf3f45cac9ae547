"""What the screen shows of each phase."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from dts307.meter import PerPhase, Reading
from dts307.meter.phases import PAIR_LABELS, PHASE_LABELS, PHASES


class Topology(Enum):
    """How the voltages of a service are to each other."""

    SINGLE = auto()
    SPLIT = auto()
    WYE = auto()
    DELTA = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseValues:
    """The values of one phase, None if the meter does not state them."""

    label: str
    """A, B or C; empty if there is only one"""
    voltage_label: str
    """the label, or that of a pair of lines in a service without a neutral"""
    between_lines: bool
    voltage: float | None
    """V"""
    current: float | None
    """A"""
    power: float | None
    """W"""
    reactive_power: float | None
    """var"""
    power_factor: float | None


_TWO: Final = 2
_THREE: Final = 3


def topology_of(reading: Reading) -> Topology:
    """Return the kind of service that a meter measures."""
    if reading.phases < _TWO:
        return Topology.SINGLE
    if reading.phases < _THREE:
        return Topology.SPLIT
    neutral = any(_part(reading.voltage_line_to_neutral, phase) is not None for phase in PHASES)
    return Topology.WYE if neutral else Topology.DELTA


def phase_values(reading: Reading) -> list[PhaseValues]:
    """Return the values of a reading's phases; a single phase may be stated as the total only."""
    single = reading.phases < _TWO
    delta = topology_of(reading) is Topology.DELTA

    def value(quantity: PerPhase, phase: str) -> float | None:
        stated = _part(quantity, phase)
        return quantity.total if stated is None and single else stated

    return [
        PhaseValues(
            label="" if single else PHASE_LABELS[phase],
            voltage_label="" if single else (PAIR_LABELS if delta else PHASE_LABELS)[phase],
            between_lines=delta,
            voltage=value(
                reading.voltage_line_to_line if delta else reading.voltage_line_to_neutral, phase
            ),
            current=value(reading.current, phase),
            power=value(reading.power, phase),
            reactive_power=value(reading.reactive_power, phase),
            power_factor=value(reading.power_factor, phase),
        )
        for phase in PHASES[: reading.phases]
    ]


def _part(quantity: PerPhase, phase: str) -> float | None:
    value: float | None = getattr(quantity, phase)
    return value
