"""What a series of readings shows about an installation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dts307.meter import MeterEvent, Reading
from dts307.meter.alarms import Alarm
from dts307.meter.installation import (
    LINE_TO_LINE,
    LOST_BETWEEN_LINES,
    LOST_TO_NEUTRAL,
    Deficits,
    PowerSign,
    measures_nothing,
)
from dts307.meter.phases import PAIR_LABELS, PHASE_LABELS, TOTAL
from dts307.observer import Observation
from dts307.texts import issue_text, issue_title

from .report import Finding, NotJudged, Verdict
from .wiring import wiring_verdicts

_SIGNS: Final = {
    PowerSign.EXPORT_POSITIVE: "power_turned",
    PowerSign.UNSIGNED: "power_unsigned",
}

_CURRENT_LABELS: Final = {
    **{key: f"Phase {label}" for key, label in PHASE_LABELS.items()},
    TOTAL: "All phases together",
}

_EVENTS: Final = {
    MeterEvent.POWER_FAILURE: "a power failure",
    MeterEvent.UNDER_VOLTAGE: "undervoltage",
    MeterEvent.LOW_POWER_FACTOR: "a low power factor",
    MeterEvent.OVER_CURRENT: "overcurrent: more than the CTs are rated for",
    MeterEvent.OVER_VOLTAGE: "overvoltage",
    MeterEvent.MISSING_SENSOR: "a missing sensor: check the plugs of the CTs",
}


def installation_verdicts(
    observations: Sequence[Observation], name: str, *, dark: bool
) -> Iterator[Verdict]:
    """Yield what the readings of a meter show, at least one; ``dark`` says that nothing feeds in.

    The last observation has the verdicts that need all of them.
    """
    readings = [observation.reading for observation in observations]
    yield from _measurement(readings, name)
    yield from _missing_phases(readings)
    yield from _voltage(observations)
    yield from _current(observations)
    yield from _meter_events(readings)
    yield from _power_sign(observations[-1], name)
    faults = observations[-1].ct_faults
    for key, phases in (("phase_opposite", faults.reversed), ("phases_swapped", faults.swapped)):
        if phases:
            labels = ", ".join(PHASE_LABELS[phase] for phase in sorted(phases))
            yield _issue(key, name, phases=labels)
    if not (faults.reversed or faults.swapped):
        sign_is_known = observations[-1].sign is not PowerSign.UNKNOWN
        yield from wiring_verdicts(readings, name, dark=dark, sign_is_known=sign_is_known)


def _issue(key: str, name: str, **placeholders: str) -> Finding:
    return Finding(
        key=key,
        title=issue_title(key, name=name),
        text=issue_text(key, name=name, **placeholders),
    )


def _measurement(readings: Sequence[Reading], name: str) -> Iterator[Verdict]:
    """Yield why the meter measures nothing, if it is so in every reading."""
    reasons = {measures_nothing(reading) for reading in readings}
    reason = reasons.pop() if len(reasons) == 1 else None
    yield "Values are measured" if reason is None else _issue(reason, name)


def _missing_phases(readings: Sequence[Reading]) -> Iterator[Verdict]:
    """Yield the phases that have no voltage in any reading, while another phase has."""
    lost = [_lost_phases(reading) for reading in readings]
    if None in lost:
        yield NotJudged(key="phase_lost", text="There is no other phase to compare voltages with.")
        return
    missing = frozenset.intersection(*(each for each in lost if each is not None))
    if not missing:
        yield "All phases have voltage"
        return
    labels = ", ".join(PHASE_LABELS[phase] for phase in sorted(missing))
    yield Finding(
        key="phase_lost",
        title=f"No voltage on phase {labels}",
        text="Another phase has voltage. Check the fuse and the voltage terminal of this phase. If"
        " nothing is meant to be connected there, this is right.",
        certain=False,
    )


def _lost_phases(reading: Reading) -> frozenset[str] | None:
    """Return the phases without voltage; None if there is nothing to compare them with."""
    deficits = Deficits.of(reading)
    if not (deficits.to_neutral or deficits.between_lines):
        return None
    compared = (
        (deficits.to_neutral, LOST_TO_NEUTRAL),
        (deficits.between_lines, LOST_BETWEEN_LINES),
    )
    return frozenset(
        phase
        for each, threshold in compared
        for phase, deficit in each.items()
        if deficit > threshold.above
    )


def _voltage(observations: Sequence[Observation]) -> Iterator[Verdict]:
    """Yield whether the voltages are within 5 % of the service's (ANSI C84.1, range A)."""
    service = observations[-1].alarms.service
    if service is None:
        yield NotJudged(
            key="nominal_voltage",
            text="The voltages and the frequency fit none of the services that the meter is made"
            " for, such as 120/208 V or 120/240 V at 60 Hz. So it is not known what they should"
            " be.",
        )
        return
    between = service.quantity == LINE_TO_LINE
    nominal = f"{service.nominal:g} V {'between lines' if between else 'to neutral'}"
    labels = {**(PAIR_LABELS if between else PHASE_LABELS), TOTAL: "all phases"}
    is_fine = True
    for what in ("low", "high"):
        alarms = [getattr(each.alarms, f"voltage_{what}") for each in observations]
        if where := _where(alarms, labels):
            is_fine = False
            yield Finding(
                key=f"voltage_{what}",
                title=f"The voltage is too {what}",
                text=f"On {where} it was more than 5 % too {what} for a service of {nominal}, in"
                f" {_share(alarms)}. Have an electrician measure it, and ask the utility if it"
                " stays so.",
            )
    if is_fine:
        yield f"Voltage: within 5 % of {nominal}"


def _current(observations: Sequence[Observation]) -> Iterator[Verdict]:
    service_current = observations[-1].alarms.service_current
    if service_current is None:
        yield NotJudged(
            key="ct_rating_missing",
            text="Without the CT rating, it is not known whether the current exceeds it. The rating"
            " is printed on a current transformer (CT). Run this with --ct-rating.",
        )
        return
    alarms = [each.alarms.overload for each in observations]
    where = _where(alarms, _CURRENT_LABELS)
    if not where:
        yield f"Current: within the {service_current:g} A of the CTs"
        return
    yield Finding(
        key="overload",
        title="The current exceeds the CT rating",
        text=f"{where}: more than {service_current:g} A per phase in {_share(alarms)}. The meter"
        " measures less accurately then, and the CTs become hot. Check the rating that is printed"
        " on the CTs, and reduce the load or have larger CTs installed.",
    )


def _where(alarms: Sequence[Alarm], labels: Mapping[str, str]) -> str:
    places = {place for alarm in alarms for place in alarm.where}
    return ", ".join(label for place, label in labels.items() if place in places)


def _share(alarms: Sequence[Alarm]) -> str:
    return f"{sum(bool(alarm.on) for alarm in alarms)} of {len(alarms)} readings"


def _meter_events(readings: Sequence[Reading]) -> Iterator[Verdict]:
    """Yield what the meter itself reports (SunSpec point Evt)."""
    if all(reading.events is None for reading in readings):
        return
    flags = MeterEvent(0)
    for reading in readings:
        flags |= reading.events or MeterEvent(0)
    if said := [text for flag, text in _EVENTS.items() if flag in flags]:
        yield Finding(
            key="meter_events",
            title="The meter reports an event",
            text=f"Its event flags say: {'; '.join(said)}.",
        )
    else:
        yield "The meter reports no event"


def _power_sign(latest: Observation, name: str) -> Iterator[Verdict]:
    if latest.is_inverted:
        yield "Power: positive is export, as --invert says"
    elif key := _SIGNS.get(latest.sign):
        yield _issue(key, name)
    elif latest.sign is PowerSign.UNKNOWN:
        yield NotJudged(
            key="power_sign",
            text="Whether positive power is import shows when the energy counters move: after some"
            " 10 minutes with 300 W or more. Run this with --for 15min.",
        )
    else:
        yield "Power: positive is import, as the counters confirm"
