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
_SHORTEST: Final = 3
"""Dots of a vector whose end can be distinguished from the middle; a shorter one has no letters"""
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
    voltages = [(each.label, each.voltage) for each in phasors if each.voltage]
    currents = [(each.label, each.current) for each in phasors if each.current]
    volts = max((vector.size for _, vector in voltages), default=0.0) or 1.0
    amps = round_up(max((vector.size for _, vector in currents), default=0.0))
    for label, vector in voltages:
        canvas.line(vector.angle, volts_length * vector.size / volts, PHASE_STYLES[label])
    for label, vector in currents:
        length = amps_length * vector.size / amps
        canvas.line(vector.angle, length, f"bold {PHASE_STYLES[label]}", thick=True)
    for label, vector in voltages:
        _write(canvas, vector.angle, volts_length * vector.size / volts, f"V{label}", _ROOM)
    for label, vector in currents:
        _write(canvas, vector.angle, amps_length * vector.size / amps, f"I{label}", 0)
    text = canvas.text()
    return text.append(f"\nCircle: {amps:g} A", DIM) if currents else text


def _write(canvas: Canvas, angle: float, length: float, letters: str, beyond: float) -> None:
    """Write the letters of a vector so many dots beyond its tip."""
    if length >= _SHORTEST:
        canvas.label(angle, length + beyond, letters, f"bold {PHASE_STYLES[letters[1:]]}")
