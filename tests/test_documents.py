"""The documents agree with the code: links, paths, names, pictures and release notes."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import subprocess
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components/dts307"
TEXTS: dict[str, Any] = json.loads((INTEGRATION / "translations/en.json").read_text())
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
IMAGES = ROOT / "docs/images"

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PATH = re.compile(r"`([\w.*-]+/[\w./*-]*)`")
WEBSOCKET_COMMANDS = {"dts307/subscribe_readings"}
_INTERNALS = re.compile(r"docs/internals/[\w-]+\.md")
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


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_exist(document: Path) -> None:
    """A path starts at the root of the repository or of the integration."""
    for path in set(_PATH.findall(document.read_text())) - WEBSOCKET_COMMANDS:
        folders = [root for root in (ROOT, INTEGRATION) if (root / path.partition("/")[0]).is_dir()]
        assert not folders or any(next(root.glob(path), None) for root in folders), path


def test_pages_that_docstrings_name_exist() -> None:
    named = {
        page
        for source in sorted(INTEGRATION.rglob("*.py"))
        for page in _INTERNALS.findall(source.read_text())
    }
    pages = {str(page.relative_to(ROOT)) for page in (ROOT / "docs/internals").glob("*.md")}
    assert len(named) > 5
    assert named <= pages


def fields(step: dict[str, Any]) -> Iterator[str]:
    """Go through the labels of a form, with those in its sections."""
    yield from step.get("data", {}).values()
    for part in step.get("sections", {}).values():
        yield from fields(part)


@pytest.mark.parametrize("flow", ["config", "options"])
def test_each_field_of_a_form_is_explained(flow: str) -> None:
    text = (ROOT / "docs/set-up.md").read_text()
    labels = {label for step in TEXTS[flow]["step"].values() for label in fields(step)}
    assert len(labels) > 10
    assert {label for label in labels if f"| **{label}** |" not in text} == set()


def test_each_entity_is_listed() -> None:
    """Those of a phase are listed by their quantity."""
    text = (ROOT / "docs/entities.md").read_text()
    entities = {
        entity["name"]
        for platform in TEXTS["entity"].values()
        for entity in platform.values()
        if "{phase}" not in entity["name"] and not re.fullmatch(r".* Q[234]", entity["name"])
    }
    assert len(entities) > 40
    assert {name for name in entities if name not in text} == set()


def strings(texts: Any) -> Iterator[str]:
    """Go through all texts of the user interface."""
    if isinstance(texts, str):
        yield texts
        return
    for each in texts.values():
        yield from strings(each)


def test_symptoms_are_what_home_assistant_says() -> None:
    """A name or number within a message is left out as an ellipsis."""
    rows = re.findall(r"^\| (.+?) \|", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE)
    quotes = [quote for row in rows for quote in re.findall(r"(?<!\*)\*([^*]+)\*", row)]
    assert len(quotes) > 20
    said = list(strings(TEXTS))
    for quote in quotes:
        pattern = re.compile(r"\{\w+\}".join(map(re.escape, quote.split("…"))))
        assert any(pattern.search(text) for text in said), quote


def test_the_readme_is_short() -> None:
    before_more, _, _ = (ROOT / "README.md").read_text().partition("\n## More\n")
    assert len(before_more.split()) <= 900


def release_notes(version: str, script: Path) -> subprocess.CompletedProcess[str]:
    """Run the command that prints the notes of a release."""
    return subprocess.run([script, version], capture_output=True, text=True, check=False)  # noqa: S603 - it is ours


def test_release_notes_are_the_section_of_the_version(tmp_path: Path) -> None:
    script = tmp_path / "scripts/release-notes"
    script.parent.mkdir()
    script.write_text((ROOT / "scripts/release-notes").read_text())
    script.chmod(0o755)
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## 0.3.0 - unreleased\n\n- c\n\n## 0.2.0 - 2026-12-01\n\nSecond.\n\n- b\n"
        "\n## 0.1.0 - 2026-11-30\n\n- a\n"
    )
    assert release_notes("0.2.0", script).stdout == "Second.\n\n- b\n"
    assert release_notes("0.1.0", script).stdout == "- a\n"
    for version, reason in (("0.3.0", "unreleased"), ("0.4.0", "nothing about 0.4.0")):
        refused = release_notes(version, script)
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert reason in refused.stderr


def test_the_changelog_has_the_version_of_the_manifest() -> None:
    version = json.loads((INTEGRATION / "manifest.json").read_text())["version"]
    assert f"\n## {version} - " in (ROOT / "CHANGELOG.md").read_text()
