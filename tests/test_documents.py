"""The documents lead somewhere, and show only what the browser tests have seen."""

from pathlib import Path
import re

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
IMAGES = ROOT / "docs/images"

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_IMAGE = re.compile(r"images/([\w-]+)\.png")


def anchors(document: Path) -> set[str]:
    """Return what a link can lead to in a document, as its readers' viewers name it."""
    headings = _HEADING.findall(document.read_text())
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for link in _LINK.findall(document.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_pictures_are_those_of_the_browser_tests() -> None:
    tests = "".join(test.read_text() for test in (ROOT / "tests/e2e").rglob("*.py"))
    there = {path.stem for path in IMAGES.glob("*.png")}
    taken = {name for name in there if f'"{name}"' in tests}
    shown = {
        Path(name).stem for document in DOCUMENTS for name in _IMAGE.findall(document.read_text())
    }
    assert taken == shown == there
    assert len(taken) > 5
