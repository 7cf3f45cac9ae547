"""What the registers of a meter showed when it was first seen in place of another one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from ..sunspec import Reading
from .counter_filter import CounterFilter
from .limits import counter_limits, elapsed
from .meter_counters import CounterFilters, validated

_IMPORTED_KEY: Final = "energy_imported.total"
_EXPORTED_KEY: Final = "energy_exported.total"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSight:
    """The registers of a new meter when it was first read, from which its energy counts."""

    serial_number: str
    at: float
    """s; when they were read"""
    registers: Mapping[str, float]
    """Wh (VAh, varh), named as in CounterFilters"""
    possible_power: float
    """W (VA, var) that current and voltage allow at this place"""

    @classmethod
    def of(
        cls,
        serial_number: str,
        first: tuple[float, Reading],
        second: tuple[float, Reading],
        service_current: float | None,
    ) -> FirstSight | None:
        """Return what two readings in a row show, each with its time in s; None if they differ.

        ``service_current`` is in A, or None if it is not entered.
        """
        filters: CounterFilters = {}
        for at, reading in (first, second):
            filters, _ = validated(filters, reading, at, service_current)
        registers = {
            key: counter.trusted.register for key, counter in filters.items() if counter.trusted
        }
        if len(registers) < len(filters):
            return None
        at, reading = second
        limits = counter_limits(
            reading, _IMPORTED_KEY, registers.get(_IMPORTED_KEY, 0.0), service_current
        )
        return cls(
            serial_number=serial_number,
            at=at,
            registers=registers,
            possible_power=limits.possible_power,
        )

    @property
    def imported(self) -> float | None:
        """The register of energy imported, in Wh."""
        return self.registers.get(_IMPORTED_KEY)

    @property
    def exported(self) -> float | None:
        """The register of energy exported, in Wh."""
        return self.registers.get(_EXPORTED_KEY)

    def can_have_begun_at_zero(self, filters: CounterFilters) -> bool:
        """Return whether both totals can have counted from 0 since the old meter was last read."""
        return all(
            self._can_count_from_zero(key, filters[key])
            for key in (_IMPORTED_KEY, _EXPORTED_KEY)
            if key in self.registers and key in filters
        )

    def continued(self, filters: CounterFilters, *, from_zero: bool) -> CounterFilters:
        """Return the filters of the old meter as those of this one.

        What is published continues, plus what this meter has counted since it was seen, or
        ``from_zero``. A register that is too high to have begun at 0 counts from here all the same.
        A counter that this meter does not report yet counts from its first read.
        """

        def continued(key: str, counter: CounterFilter) -> CounterFilter:
            if counter.published is None or key not in self.registers:
                return counter.for_new_meter()
            register = self.registers[key]
            is_zero = from_zero and self._can_count_from_zero(key, counter)
            return counter.continued_by(register, self.at, 0.0 if is_zero else register)

        return {key: continued(key, counter) for key, counter in filters.items()}

    def _can_count_from_zero(self, key: str, counter: CounterFilter) -> bool:
        if counter.trusted is None:
            return False
        seconds = elapsed(counter.trusted.latest.at, self.at)
        return self.registers[key] * 3600 <= self.possible_power * seconds

    def as_dict(self) -> dict[str, Any]:
        """Return this as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FirstSight:
        """Return what ``as_dict`` described.

        Raises:
            TypeError: it is not that.
        """
        return cls(**stored)
