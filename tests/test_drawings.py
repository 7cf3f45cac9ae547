"""The drawings of the documents can be read in light and in dark."""

from pathlib import Path
import re
from typing import Final
from xml.etree import ElementTree as ET

import pytest

DRAWINGS = sorted((Path(__file__).parents[1] / "docs/images").glob("*.svg"))

_RULE: Final = re.compile(r"([.\w, ]+)\{([^{}]*)\}")
_COLOUR: Final = re.compile(r"(fill|stroke): (#[0-9a-f]{6})")
_LINES: Final = 3.0
"""The least contrast of graphics (WCAG 2.2, 1.4.11)."""
_TEXT: Final = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""

type Colours = dict[tuple[str, str], str]


def colours(style: str) -> Colours:
    """Return the colours of a style sheet, by selector and property."""
    return {
        (selector.strip(), name): colour
        for selectors, rules in _RULE.findall(style)
        for selector in selectors.split(",")
        for name, colour in _COLOUR.findall(rules)
    }


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as #ffffff."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_it_can_be_read(drawing: Path) -> None:
    """Each text and line stands out from what is behind it, in both colour schemes."""
    svg = ET.fromstring(drawing.read_text())  # noqa: S314 - it is ours
    style = svg.findtext("{*}style") or ""
    light, separator, dark = style.partition("@media (prefers-color-scheme: dark) {")
    assert separator
    schemes = (colours(light), colours(light) | colours(dark))
    for scheme in schemes:
        paper, plug = scheme[".paper", "fill"], scheme[".plug", "fill"]
        assert contrast(scheme["text", "fill"], paper) >= _TEXT
        assert contrast(scheme["text", "fill"], scheme[".meter", "fill"]) >= _TEXT
        assert contrast(scheme[".pin", "fill"], plug) >= _TEXT
        lines = {selector for selector, name in scheme if name == "stroke"} - {".paper"}
        assert lines
        for selector in lines:
            assert contrast(scheme[selector, "stroke"], paper) >= _LINES, selector
    assert svg.findtext("{*}title")
    assert svg.findtext("{*}desc")
