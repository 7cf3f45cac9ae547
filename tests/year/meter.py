"""A meter's registers, and what makes counters of them."""

from custom_components.dts307.meter.intervals import EXPORTED, IMPORTED

from .house import House


class Meter:
    """The registers of a meter, and what was added to make counters of them."""

    def __init__(self, house: House, at: float, imported: int, exported: int) -> None:
        """Mount a meter that shows so many Wh."""
        self._curves = {IMPORTED: house.imported, EXPORTED: house.exported}
        self._shown = {IMPORTED: (at, imported), EXPORTED: (at, exported)}
        self.added = {IMPORTED: 0, EXPORTED: 0}

    def shown(self, name: str, at: float) -> int:
        """Return what a register shows, in Wh."""
        since, base = self._shown[name]
        return base + self._curves[name].counts(since, at)

    def published(self, name: str, at: float) -> int:
        """Return what the counter of a register is."""
        return self.shown(name, at) + self.added[name]

    def set_back(self, name: str, at: float) -> None:
        """Let a register begin from 0."""
        self._shown[name] = (at, 0)
