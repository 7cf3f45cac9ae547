"""What the readings of a meter show, one after the other: signs, counters, CTs, alarms.

All rules are those of the device library, as in the integration. Nothing is stored: what takes
hours to find out begins again with each start.
"""

from dataclasses import dataclass
from typing import Final

from .meter import Reading
from .meter.alarms import AlarmMemory, AlarmOptions, AlarmStates, states_after
from .meter.installation import (
    CountDirections,
    CtFaults,
    PowerSign,
    PowerSignState,
    SwappedCts,
    observe,
    with_exports_counting_up,
    with_import_positive,
)
from .meter.validation import CounterFilters, validated

OUTAGE_AFTER: Final = 15.0
"""s without a reading after which hold times start again, as in the integration."""

_SIGNED: Final = frozenset({PowerSign.IMPORT_POSITIVE, PowerSign.EXPORT_POSITIVE})


def alarm_options(service_current: float | None, *, hold: bool = True) -> AlarmOptions:
    """Return the integration's default thresholds and hold times, or no hold times.

    ``service_current`` is the CT rating times the CT sets in A (guide 3.4), or None if it is not
    known.
    """
    return AlarmOptions(
        export_threshold=100.0,
        export_hold=30.0 if hold else 0.0,
        overload_threshold=1.0,
        overload_hold=10.0 if hold else 0.0,
        service_current=service_current,
        phase_lost_hold=5.0 if hold else 0.0,
        voltage_hold=60.0 if hold else 0.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A reading, and what the readings up to it show."""

    reading: Reading
    """with import positive, and with the counters that are believed"""
    at: float
    """s; when it was read"""
    sign: PowerSign
    """what a positive power of the meter means"""
    is_inverted: bool = False
    """whether the user has said that it is export positive"""
    ct_faults: CtFaults
    alarms: AlarmStates


class Observer:
    """What is known of one meter; each reading adds to it."""

    def __init__(
        self, options: AlarmOptions, *, dark: bool = False, inverted: bool = False
    ) -> None:
        """Begin without any evidence.

        ``dark`` says that nothing feeds in: no solar plant, battery or generator. ``inverted`` says
        that the meter counts exported power as positive.
        """
        self._inverted = inverted
        self._options = options
        self.dark = dark
        self._directions: CountDirections = {}
        self._sign = PowerSignState()
        self._swapped = SwappedCts()
        self._filters: CounterFilters = {}
        self._alarms = AlarmMemory()

    def observe(self, reading: Reading, now: float) -> Observation:
        """Return what one more reading shows; ``now`` is its time in s, on a steady clock."""
        self._directions, reading = with_exports_counting_up(self._directions, reading)
        self._sign = observe(self._sign, reading, now, dark=self.dark)
        sign = PowerSign.EXPORT_POSITIVE if self._inverted else self._sign.verdict
        shown = with_import_positive(reading, sign, self._sign.last_counted)
        if sign in _SIGNED:
            self._swapped = self._swapped.after(shown, now, dark=self.dark)
        self._filters, shown = validated(self._filters, shown, now, self._options.service_current)
        self._alarms, alarms = states_after(self._alarms, shown, self._options, now, OUTAGE_AFTER)
        swapped = self._swapped.phases
        faults = CtFaults(reversed=self._sign.suspect_phases - swapped, swapped=swapped)
        return Observation(
            reading=shown,
            at=now,
            sign=sign,
            is_inverted=self._inverted,
            ct_faults=faults,
            alarms=alarms,
        )
