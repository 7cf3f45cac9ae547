"""Draw lines with braille characters, each of which has two by four dots, and letters over them."""

import math
from typing import Final

from rich.text import Text

_BLANK: Final = 0x2800
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a braille character, by row and column of its dots."""
_ACROSS: Final = 2
_DOWN: Final = 4


class Canvas:
    """A drawing of so many character cells; x and y are dots from its middle, y upwards."""

    def __init__(self, columns: int, rows: int) -> None:
        """Begin with an empty drawing."""
        self._columns, self._rows = columns, rows
        self._dots = [[0] * columns for _ in range(rows)]
        self._styles = [[""] * columns for _ in range(rows)]
        self._letters: dict[tuple[int, int], str] = {}

    @property
    def radius(self) -> float:
        """Dots from the middle to the nearer edge."""
        return min(self._columns * _ACROSS, self._rows * _DOWN) / 2 - 1

    def dot(self, x: float, y: float, style: str) -> None:
        """Draw one dot; one outside of the drawing is left out."""
        across = round(x + self._columns * _ACROSS / 2 - 0.5)
        down = round(self._rows * _DOWN / 2 - 0.5 - y)
        column, row = across // _ACROSS, down // _DOWN
        if 0 <= column < self._columns and 0 <= row < self._rows:
            self._dots[row][column] |= _DOTS[down % _DOWN][across % _ACROSS]
            self._styles[row][column] = style

    def line(self, angle: float, length: float, style: str, *, thick: bool = False) -> None:
        """Draw a line from the middle, at an angle in degrees."""
        across, up = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        for step in range(2 * math.floor(length) + 1):
            x, y = across * step / 2, up * step / 2
            self.dot(x, y, style)
            if thick:
                self.dot(x - up, y + across, style)

    def circle(self, radius: float, style: str, gap: int) -> None:
        """Draw a circle of dots, one every ``gap`` degrees."""
        for degrees in range(0, 360, gap):
            angle = math.radians(degrees)
            self.dot(radius * math.cos(angle), radius * math.sin(angle), style)

    def label(self, angle: float, distance: float, text: str, style: str) -> None:
        """Write a text around a point, in the nearest cells that no other text has."""
        x = distance * math.cos(math.radians(angle)) / _ACROSS + self._columns / 2
        y = self._rows / 2 - distance * math.sin(math.radians(angle)) / _DOWN
        row = min(self._rows - 1, max(0, math.floor(y)))
        column = min(self._columns - len(text), max(0, round(x - len(text) / 2)))
        for place in sorted(
            ((r, c) for r in range(self._rows) for c in range(self._columns - len(text) + 1)),
            key=lambda place: abs(place[0] - row) * _ACROSS + abs(place[1] - column),
        ):
            cells = [(place[0], place[1] + at) for at in range(len(text))]
            if self._letters.keys().isdisjoint(cells):
                for cell, letter in zip(cells, text, strict=True):
                    self._letters[cell] = letter
                    self._styles[cell[0]][cell[1]] = style
                return

    def text(self) -> Text:
        """Return the drawing."""
        drawing = Text(no_wrap=True)
        for row in range(self._rows):
            for column in range(self._columns):
                dots = self._dots[row][column]
                letter = self._letters.get((row, column), chr(_BLANK + dots) if dots else " ")
                drawing.append(letter, self._styles[row][column])
            if row + 1 < self._rows:
                drawing.append("\n")
        return drawing
