"""The parts of a meter's panel, as text. Colour only repeats what words, marks and lengths say."""

from typing import Final

from rich.text import Text

from dts307.meter import Reading
from dts307.meter.alarms import AlarmStates, CurrentLevel, EnergyDirection, current_level
from dts307.meter.installation import PowerSign, phases_without_voltage
from dts307.meter.phases import PHASE_LABELS, PHASES, TOTAL
from dts307.observer import Observation
from dts307.output import ABSENT

from .formats import (
    amperes_text,
    energy_text,
    factor_text,
    percent_text,
    power_text,
    volts_text,
)
from .leds import PERIOD, Flash, colour_at, flashes
from .phase_values import PhaseValues, phase_values
from .phasors import angle_text, phasors_of, round_up
from .view import MeterView
from .words import state_name

COLOURS: Final = {
    "green": "#5fd75f",
    "orange": "#ffaf00",
    "red": "#ff5f5f",
    "amber": "#ffd75f",
}
PHASE_STYLES: Final = {"": "#5fd7ff", "A": "#5fd7ff", "B": "#ff87ff", "C": "#ffd787"}
"""Light enough to be read as shades of grey, too."""
DIM: Final = "grey58"

_PATTERN: Final = 20
"""Cells of the drawing of one period of the STATUS light."""
_FLICKER: Final = 0.25
"""s for which REMOTE shows an answer"""
_LONGEST: Final = 1.2
"""The end of a bar relative to the service current: above 1 to show overloads."""
_MARKS: Final = (0.8, 1.0)
_LEVEL_STYLES: Final = {
    CurrentLevel.LOW: COLOURS["green"],
    CurrentLevel.NORMAL: COLOURS["green"],
    CurrentLevel.HIGH: COLOURS["orange"],
    CurrentLevel.OVER: COLOURS["red"],
}


def faceplate(view: MeterView, seconds: float) -> Text:
    """Return the front of the meter with both lights, at a time in s of a steady clock."""
    shown = view.shown
    flashing = flashes(shown.alarms.light) if shown else []
    text = Text(no_wrap=True)
    text.append_text(_light(colour_at(flashing, seconds), "STATUS "))
    text.append_text(_pattern(flashing))
    text.append("\n")
    text.append_text(_light(_remote(view), "REMOTE "))
    text.append(_remote_words(view), DIM)
    text.append("\n")
    text.append(_status_words(view), "" if shown else DIM)
    return text


def power(view: MeterView) -> Text:
    """Return the power with its direction in words, or why there is none."""
    if view.failure is not None:
        text = Text().append(f"! {state_name('link_state', view.failure)}\n", "bold")
        return text.append(view.explanation)
    if (shown := view.shown) is None:
        said = "Waiting for a reading" if view.latest is None else "! No new reading"
        return Text().append(said, "bold")
    watts = shown.reading.power.total
    text = Text()
    if watts is None:
        text.append("The power is not known", "bold")
    else:
        text.append(f"{_direction_words(watts)}  {_arrows(watts)}", _direction_style(watts))
    return text.append(f"\n{_sign_words(shown)}", DIM)


def phases(view: MeterView, width: int) -> Text:
    """Return each phase with a bar of its current, in so many columns."""
    shown = view.shown
    if shown is None:
        return Text().append(ABSENT, DIM)
    reading, service = shown.reading, shown.alarms.service_current
    values = phase_values(reading)
    largest = max((abs(each.current or 0.0) for each in values), default=0.0)
    scale = service or round_up(largest)
    text = Text(no_wrap=True).append(_scale_words(service, scale), DIM)
    angles = [angle_text(phasor) for phasor in phasors_of(reading)]
    for each, angle in zip(values, angles, strict=True):
        share = None if each.current is None else abs(each.current) / scale
        text.append("\n").append_text(_bar_row(each, share, width, is_rated=service is not None))
        text.append(f"\n{_values_row(each, angle, width)}")
    return text


def counters(view: MeterView) -> Text:
    """Return the two energy counters."""
    reading = view.shown.reading if view.shown else None
    text = Text()
    for name, quantity in (("Imported", "energy_imported"), ("Exported", "energy_exported")):
        total = getattr(reading, quantity).total if reading else None
        shown = energy_text(total, reading.energy_resolution if reading else None)
        text.append(f"{name}  {shown:>18}", "" if total is not None else DIM)
        text.append("\n" if name == "Imported" else "")
    return text


def findings(view: MeterView) -> Text:
    """Return what is wrong at the meter, by the alarms and the wiring checks."""
    shown = view.shown
    if shown is None:
        return Text().append(ABSENT, DIM)
    said = [*_alarm_words(shown.alarms), *_event_words(shown.reading)]
    if found := sorted(phases_without_voltage(shown.reading)):
        said.append(f"Current without voltage: {', '.join(found).upper()}")
    if found := sorted(shown.ct_faults.swapped):
        said.append(f"CTs swapped: {', '.join(found).upper()}")
    if found := sorted(shown.ct_faults.reversed):
        said.append(f"CT reversed: {', '.join(found).upper()}")
    if not said:
        return Text().append("No alarm", DIM)
    return Text().append(f"! {'; '.join(said)}", f"bold {COLOURS['red']}")


def link(view: MeterView) -> Text:
    """Return how the connection is doing, and from when the shown values are."""
    text = Text().append("Link  ", "bold")
    text.append(state_name("link_state", "ok") if view.failure is None else "! see above")
    text.append(f"\n{percent_text(view.success_rate)} of reads answered", DIM)
    if view.answer_time is not None:
        text.append(f", in {1000 * view.answer_time:.0f} ms", DIM)
    return text


def _light(colour: str | None, name: str) -> Text:
    lamp = Text().append("● " if colour else "○ ", COLOURS[colour] if colour else DIM)
    return lamp.append(name, "bold")


def _pattern(flashing: list[Flash]) -> Text:
    """Draw the flashes of a period as a line, as the guide does."""
    line = Text()
    for cell in range(_PATTERN):
        colour = colour_at(flashing, (cell + 0.5) * PERIOD / _PATTERN)
        line.append("━" if colour else "·", COLOURS[colour] if colour else DIM)
    return line


def _remote(view: MeterView) -> str | None:
    """Return the colour of the REMOTE light: green on a request, amber on an answer (guide 5.2)."""
    if view.asking:
        return "green"
    return "amber" if view.shown and view.age is not None and view.age < _FLICKER else None


def _remote_words(view: MeterView) -> str:
    if view.read_at is None:
        return "no answer yet"
    answered = f"read at {view.read_at:%H:%M:%S}"
    return answered if view.shown else f"last {answered}"


def _status_words(view: MeterView) -> str:
    light = view.shown.alarms.light if view.shown else None
    if light is None or light.direction is None:
        return "not known"
    said = state_name("energy_direction", light.direction)
    if light.level is None:
        return f"{said}; level needs --ct-rating"
    level = state_name("current_level", light.level).lower()
    return f"{said}; level {level} ({percent_text(light.share)})"


def _direction_words(watts: float) -> str:
    if not watts:
        return "No flow  0 W"
    said = EnergyDirection.IMPORTING if watts > 0 else EnergyDirection.EXPORTING
    return f"{state_name('energy_direction', said)}  {power_text(watts)}"


def _direction_style(watts: float) -> str:
    return f"bold {COLOURS['orange' if watts < 0 else 'green']}"


def _arrows(watts: float) -> str:
    """Return arrows from the grid into the house, or back."""
    if not watts:
        return "Grid ─── House"
    return "Grid ▶▶▶ House" if watts > 0 else "Grid ◀◀◀ House"


def _sign_words(shown: Observation) -> str:
    if shown.is_inverted:
        return "turned, as --invert says"
    return {
        PowerSign.UNKNOWN: "by the meter's sign, not yet proved",
        PowerSign.IMPORT_POSITIVE: "as the counters confirm",
        PowerSign.EXPORT_POSITIVE: "turned: the meter's sign is opposite",
        PowerSign.UNSIGNED: "by the counters: power has no sign",
    }[shown.sign]


def _signed_text(watts: float | None) -> str:
    """Return the power of a phase with an arrow for its direction."""
    return ABSENT if watts is None else f"{'◀' if watts < 0 else '▶'} {power_text(watts)}"


def _scale_words(service: float | None, scale: float) -> str:
    if service is None:
        return f"Current, bars up to {scale:g} A"
    return f"Current of {service:g} A per phase"


def _bar_row(phase: PhaseValues, share: float | None, width: int, *, is_rated: bool) -> Text:
    """Return the bar of a phase; the marks are at 80 % and 100 % of the service current."""
    style = PHASE_STYLES[phase.label]
    longest = _LONGEST if is_rated else 1.0
    said = f" {amperes_text(phase.current):>8}"
    if is_rated:
        said += f" {percent_text(share):>6}{_level_mark(share)}"
    cells = max(4, width - len(said) - 2)
    filled = round(cells * min(share or 0.0, longest) / longest)
    marks = {round(cells * mark / longest) for mark in _MARKS} if is_rated else set()
    row = Text().append(f"{phase.label or ' '} ", f"bold {style}")
    if is_rated and share is not None:
        style = _LEVEL_STYLES[current_level(share)]
    for cell in range(cells):
        if cell < filled:
            row.append("█", style)
        else:
            row.append("│" if cell in marks else "░", DIM)
    return row.append(said)


def _values_row(phase: PhaseValues, angle: str, width: int) -> str:
    """Return the other values of a phase; what the power factor is called goes if it is narrow."""
    volts = volts_text(phase.voltage)
    if phase.between_lines:
        volts = f"{phase.voltage_label} {volts}"
    factor = factor_text(phase.power_factor)
    parts = [volts, f"{_signed_text(phase.power):>9}", f"PF {factor}", f"∠{angle}"]
    row = " ".join(parts)
    return row if len(row) <= width else row.replace("PF ", "")


def _level_mark(share: float | None) -> str:
    """Return a mark that says without colour that a current is high."""
    level = None if share is None else current_level(share)
    marks = {CurrentLevel.HIGH: " ▲", CurrentLevel.OVER: " !"}
    return "  " if level is None else marks.get(level, "  ")


def _alarm_words(alarms: AlarmStates) -> list[str]:
    named = (
        ("Phase lost", alarms.phase_lost),
        ("Overload", alarms.overload),
        ("Voltage low", alarms.voltage_low),
        ("Voltage high", alarms.voltage_high),
    )
    labels = {**PHASE_LABELS, TOTAL: "total"}
    return [
        f"{name}: {', '.join(labels[part] for part in (*PHASES, TOTAL) if part in alarm.where)}"
        for name, alarm in named
        if alarm.on
    ]


def _event_words(reading: Reading) -> list[str]:
    if not reading.events:
        return []
    return [(event.name or "").replace("_", " ").capitalize() for event in reading.events]
