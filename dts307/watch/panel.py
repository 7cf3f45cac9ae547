"""The panel of one meter on the screen."""

from typing import Final, override

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from dts307.meter import Reading

from . import sections
from .phasor_drawing import drawing
from .phasors import notes
from .view import MeterView

NARROWEST: Final = 38
"""Columns that a panel needs."""
_WITH_PHASORS: Final = 76
"""Columns from which the phasors are beside the numbers."""
_TALL: Final = 20
"""Rows from which there is room between the parts."""
_NUMBERS: Final = 40
"""Columns of the numbers beside the phasors, with their padding."""


_PADDING: Final = 2


class Drawing(Static):
    """The phasors of a reading, in whatever size there is."""

    _reading: Reading | None = None

    def show(self, reading: Reading | None) -> None:
        """Draw another reading."""
        self._reading = reading
        self.refresh()

    @override
    def render(self) -> Text:
        return drawing(self._reading, self.size.width, self.size.height - 1)


class MeterPanel(Horizontal):
    """Everything about one meter: numbers at the left, and phasors at the right if they fit."""

    DEFAULT_CSS = f"""
    MeterPanel {{
        border: round $primary;
        min-width: {NARROWEST};
        height: 1fr;
    }}
    MeterPanel.lost {{ border: round $foreground 40%; }}
    MeterPanel.lost Static {{ color: $foreground 60%; }}
    MeterPanel.lost .power {{ color: $foreground; }}
    MeterPanel Vertical {{ padding: 0 1; overflow-y: auto; scrollbar-size-vertical: 0; }}
    MeterPanel .phasors {{ display: none; }}
    MeterPanel.wide .numbers {{ width: {_NUMBERS}; }}
    MeterPanel.wide .phasors {{ display: block; width: 1fr; }}
    MeterPanel .faceplate {{ background: $panel; padding: 0 1; margin: 0 -1; }}
    MeterPanel.lost .phases, MeterPanel.lost .findings {{ display: none; }}
    MeterPanel.tall .power, MeterPanel.tall .phases, MeterPanel.tall .counters {{ margin-top: 1; }}
    MeterPanel Drawing {{ height: 1fr; }}
    """

    def __init__(self, view: MeterView) -> None:
        """Show a view; ``show`` shows another."""
        super().__init__()
        self._view = view

    @override
    def compose(self) -> ComposeResult:
        with Vertical(classes="numbers"):
            for name in ("faceplate", "power", "phases", "counters", "findings", "link"):
                yield Static(classes=name)
        with Vertical(classes="phasors"):
            yield Drawing()
            yield Static(classes="notes")

    def show(self, view: MeterView, seconds: float) -> None:
        """Show a view, at a time in s of a steady clock, by which the lights flash."""
        self._view = view
        self.border_title = f"{view.name} · {view.place}"
        serial = view.identity.serial_number if view.identity else ""
        self.border_subtitle = serial and f"S/N {serial}"
        self.set_class(view.shown is None, "lost")
        self._draw()
        self._update("faceplate", sections.faceplate(view, seconds))

    def scroll_numbers(self, rows: int) -> None:
        """Scroll the numbers down by some rows, or up by a negative count."""
        self.query_one(".numbers").scroll_relative(y=rows, animate=False)

    def on_resize(self) -> None:
        """Draw everything in its new size."""
        self.set_class(self._is_wide, "wide")
        self.set_class(self.size.height >= _TALL, "tall")
        self._draw()

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= _WITH_PHASORS

    def _draw(self) -> None:
        """Draw everything but the lights."""
        view = self._view
        reading = view.shown.reading if view.shown else None
        columns = (_NUMBERS if self._is_wide else self.size.width) - _PADDING
        self._update("power", sections.power(view))
        self._update("phases", sections.phases(view, columns))
        self._update("counters", sections.counters(view))
        self._update("findings", sections.findings(view))
        self._update("link", sections.link(view))
        self._update("notes", Text().append(notes(reading) if reading else "", sections.DIM))
        self.query_one(Drawing).show(reading)

    def _update(self, name: str, text: Text) -> None:
        self.query_one(f".{name}", Static).update(text)

    def tick(self, view: MeterView, seconds: float) -> None:
        """Draw the lights again, or everything if the reading has become too old."""
        if (view.shown is None) is not (self._view.shown is None):
            self.show(view, seconds)
            return
        self._view = view
        self._update("faceplate", sections.faceplate(view, seconds))
