"""What an owner reads and clicks on the page of repairs, on a phone."""

import json
import re
from typing import Any, Final

from playwright.async_api import Locator, expect

from scripts.dev.processes import REPOSITORY
from tests.e2e.conftest import PATIENCE_MS
from tests.e2e.flow import dialog, submit

from .bench import Subject

ISSUES: Final[dict[str, Any]] = json.loads(
    (REPOSITORY / "custom_components/dts307/translations/en.json").read_text()
)["issues"]
"""The English texts of all repairs."""

CUT = """(dialog) => {
    const cut = [];
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            const shortened = getComputedStyle(element).textOverflow === "ellipsis";
            if (shortened && element.scrollWidth > element.clientWidth) {
                cut.push(element.textContent.trim() || element.localName);
            }
            if (element.shadowRoot) look(element.shadowRoot);
        }
    };
    look(dialog.shadowRoot);
    return cut;
}"""


async def open_repair(subject: Subject, key: str) -> Locator:
    """Click on a repair in the list, and read its texts; return its dialog."""
    issue = await subject.issue(key)
    assert issue is not None
    page, texts = subject.bench.page, ISSUES[key]
    placeholders = issue["translation_placeholders"]
    await page.get_by_text(texts["title"].format(**placeholders), exact=True).first.click()
    step = next(iter(texts["fix_flow"]["step"].values())) if "fix_flow" in texts else texts
    shown = dialog(page) if issue["is_fixable"] else page.locator("dialog-repairs-issue")
    for paragraph in _plain(step["description"].format(**placeholders)):
        await expect(shown.locator("ha-markdown").first).to_contain_text(paragraph)
    assert await shown.evaluate(CUT) == []
    return shown


async def answer(subject: Subject, key: str, choice: str) -> None:
    """Choose from the menu of a repair that is open, and leave the dialog."""
    await choose(subject, key, choice)
    await finish(subject)


async def choose(subject: Subject, key: str, choice: str) -> None:
    """Choose from the menu of a repair that is open."""
    texts = ISSUES[key]["fix_flow"]["step"]["init"]["menu_options"]
    await dialog(subject.bench.page).get_by_text(texts[choice], exact=True).click()


async def ignore(subject: Subject, key: str) -> None:
    """Open a repair, and choose to ignore it."""
    await open_repair(subject, key)
    await choose(subject, key, "ignore")
    await take_advice(subject, key, "ignored")
    assert await subject.issue(key) is None


async def confirm(subject: Subject) -> None:
    """Send the form of a repair that is open, and leave the dialog."""
    await submit(subject.bench.page)
    await finish(subject)


async def finish(subject: Subject) -> None:
    """Leave the dialog of a repair that was made."""
    shown = dialog(subject.bench.page)
    repaired = shown.get_by_text("The issue is repaired!")
    await expect(repaired).to_be_visible(timeout=PATIENCE_MS)
    await shown.get_by_role("button", name="Finish").click()
    await expect(repaired).to_have_count(0)


async def leave(subject: Subject) -> None:
    """Close a repair that only informs."""
    await subject.bench.page.keyboard.press("Escape")
    await expect(subject.bench.page.get_by_role("dialog")).to_have_count(0)


async def take_advice(subject: Subject, key: str, reason: str) -> None:
    """Read why a repair cannot be made like this, and close it."""
    shown = dialog(subject.bench.page)
    (first, *_) = _plain(ISSUES[key]["fix_flow"]["abort"][reason])
    await expect(shown.get_by_text(first)).to_be_visible()
    await shown.get_by_role("button", name="Close").last.click()
    await expect(shown.get_by_role("dialog")).to_have_count(0)


def _plain(markdown: str) -> list[str]:
    """Return the paragraphs of a text as they are shown."""
    plain = re.sub(r"[*>]|^- ", "", markdown, flags=re.MULTILINE)
    return [paragraph.strip() for paragraph in plain.split("\n") if paragraph.strip()]
