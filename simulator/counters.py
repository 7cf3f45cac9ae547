"""Energy counters: the exact integral of the power that the meter has shown."""

from collections.abc import Iterator, Mapping

from .measure import Measurement

WRAP = 1 << 32
_PER_HOUR = 3600 * 1000
"""Thousandths of a unit times seconds in a unit-hour (mW s in a Wh)."""

_REGISTERS = (
    "TotWhExp",
    "TotWhImp",
    "TotVAhExp",
    "TotVAhImp",
    "TotVArhImpQ1",
    "TotVArhImpQ2",
    "TotVArhExpQ3",
    "TotVArhExpQ4",
)


class Counters(Mapping[str, int]):
    """The counters of a meter in Wh, VAh and varh, by SunSpec point name; they wrap at 2^32.

    Total counters integrate the net of the phases, phase counters each phase. The sign of real
    power selects the counter of real and apparent energy, the quadrant that of reactive energy.
    """

    def __init__(self, phases: str, start: Mapping[str, int] | None = None) -> None:
        """Start at the values in `start`, else at zero.

        Raises:
            ValueError: see `set`.
        """
        self._suffixes = (("", ""), *((f"Ph{phase}", f"ph{phase}") for phase in phases))
        self._sums = {
            register + suffix: 0 for register in _REGISTERS for suffix, _ in self._suffixes
        }
        for name, value in (start or {}).items():
            self.set(name, value)

    def __getitem__(self, name: str) -> int:
        """Return whole unit-hours, as the register shows them."""
        return self._sums[name] // _PER_HOUR % WRAP

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of all counters."""
        return iter(self._sums)

    def __len__(self) -> int:
        """Return the number of counters."""
        return len(self._sums)

    def exact(self, name: str) -> float:
        """Return a counter with its fraction, and not wrapped."""
        return self._sums[name] / _PER_HOUR

    def set(self, name: str, value: int) -> None:
        """Set a counter to whole unit-hours, dropping its fraction.

        Raises:
            ValueError: this meter has no such counter, or the value does not fit 32 bits.
        """
        if name not in self._sums:
            raise ValueError(f"{name!r} is not a counter of this meter")
        if type(value) is not int or not 0 <= value < WRAP:
            raise ValueError(f"{name} must be a whole number from 0 to {WRAP - 1}")
        self._sums[name] = value * _PER_HOUR

    def integrate(self, measurement: Measurement, seconds: int) -> None:
        """Add a measurement that was shown for some seconds."""
        values = measurement.values
        for suffix, phase in self._suffixes:
            watts, reactive = values["W" + phase], values["VAR" + phase]
            direction = "Imp" if watts >= 0 else "Exp"
            self._sums[f"TotWh{direction}{suffix}"] += abs(watts) * seconds
            self._sums[f"TotVAh{direction}{suffix}"] += values["VA" + phase] * seconds
            self._sums[f"TotVArh{_quadrant(watts, reactive)}{suffix}"] += abs(reactive) * seconds


def _quadrant(watts: int, reactive: int) -> str:
    """Return the quadrant of the power, as SunSpec names the counters."""
    if reactive >= 0:
        return "ImpQ1" if watts >= 0 else "ImpQ2"
    return "ExpQ4" if watts >= 0 else "ExpQ3"
