"""Draw the phasors: voltages thin, currents thick, each with its letters at the tip."""

from typing import Final

from rich.text import Text

from dts307.meter import Reading

from .canvas import Canvas
from .phasors import phasors_of, round_up
from .sections import DIM, PHASE_STYLES

_AMPS: Final = 0.8
"""The largest current relative to the largest voltage in the drawing."""
_ROOM: Final = 5
"""Dots that the letters take beyond the tip of a voltage"""
_SMALLEST: Final = (16, 6)


def drawing(reading: Reading | None, columns: int, rows: int) -> Text:
    """Return the phasors of a reading, in so many cells; without a reading only the circle."""
    if columns < _SMALLEST[0] or rows < _SMALLEST[1]:
        return Text()
    canvas = Canvas(columns, rows)
    volts_length = canvas.radius - _ROOM
    amps_length = _AMPS * volts_length
    canvas.circle(amps_length, DIM, 6)
    phasors = [] if reading is None else phasors_of(reading)
    voltages = [each.voltage.size for each in phasors if each.voltage]
    currents = [each.current.size for each in phasors if each.current]
    amps = round_up(max(currents, default=0.0))
    for each in phasors:
        if each.voltage is not None:
            length = volts_length * each.voltage.size / (max(voltages) or 1.0)
            canvas.line(each.voltage.angle, length, PHASE_STYLES[each.label])
    for each in phasors:
        if each.current is not None:
            length = amps_length * each.current.size / amps
            canvas.line(each.current.angle, length, f"bold {PHASE_STYLES[each.label]}", thick=True)
    for each in phasors:
        style = f"bold {PHASE_STYLES[each.label]}"
        if each.voltage is not None:
            length = volts_length * each.voltage.size / (max(voltages) or 1.0)
            canvas.label(each.voltage.angle, length + _ROOM, f"V{each.label}", style)
        if each.current is not None and each.current.size:
            length = amps_length * each.current.size / amps
            canvas.label(each.current.angle, length, f"I{each.label}", style)
    text = canvas.text()
    return text.append(f"\nCircle: {amps:g} A", DIM) if currents else text
