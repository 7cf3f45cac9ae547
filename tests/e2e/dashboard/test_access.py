"""Keyboard and screen reader: everything that a card shows can be reached, and is named."""

import re

from playwright.async_api import ViewportSize, expect
import pytest

from .home import CARD, NARROW, PHASORS, WIDE, Home, overload, shows

PHASORS_IN_WORDS = re.compile(r"Phase A: [\d.]+\sV, [\d.]+\sA, \d+° [\w ]+\. Phase B: .+")

TOUCHABLE = """(card) =>
    [...card.shadowRoot.querySelectorAll("button, .still")].map((value) => {
        const { width, height } = value.getBoundingClientRect();
        const text = value.innerText.replace(/\\s+/g, " ").trim();
        return [text, value.getAttribute("aria-label").replace(/\\s+/g, " "), width, height];
    })"""
LEAST_TARGET = 24
"""px; WCAG 2.2, 2.5.8"""


async def test_what_a_screen_reader_says(home: Home) -> None:
    await home.show("delta")
    await expect(home.card()).to_match_aria_snapshot(
        r"""
        - 'img /STATUS: .+ing, Current level: \w+/'
        - 'img "REMOTE: flickers when something is new"'
        - heading "The delta meter" [level=2]
        - 'button /[\d,]+ W, .+ing/'
        - region "Current out of 20 A per phase":
          - heading "Current out of 20 A per phase" [level=3]
          - group "Phase A":
            - meter "Phase A Current"
            - img /[\d.]+ A, Phase A Current/
            - img /A.B [\d.]+ V, Phase A Voltage/
            - img /-?[\d,]+ W, Phase A Power/
            - img /PF -?[\d.]+, Phase A Power factor/
          - group "Phase B"
          - group "Phase C"
        - region "Today":
          - heading "Today" [level=3]
          - 'button /Imported .+, Today/'
          - 'button /Exported .+, Today/'
        """
    )
    await home.show("delta-phasors")
    card = home.page.locator("dts307-phasor-card")
    drawing = card.get_by_role("img").first
    await expect(drawing).to_have_attribute("aria-label", PHASORS_IN_WORDS)
    await expect(card.get_by_role("row")).to_have_count(3)


@pytest.mark.parametrize("kind", [CARD, PHASORS])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_what_can_be_touched(home: Home, kind: str, size: ViewportSize) -> None:
    """It is large enough for a finger, and its name begins with the text that it shows."""
    view = "delta" if kind == CARD else "delta-phasors"
    await home.show(view, size=size)
    card = home.card(kind)
    await shows(card, " A")
    found = await card.evaluate(TOUCHABLE)
    assert len(found) >= 9
    for text, name, width, height in found:
        assert name.startswith(f"{text}, "), (text, name)
        assert min(width, height) >= LEAST_TARGET, (text, width, height)


async def test_an_overload_is_within_its_range(home: Home) -> None:
    """The number of a meter may not exceed its maximum; its text says how much it is."""
    async with overload(home) as bar:
        await expect(bar).to_have_attribute("aria-valuemax", "20")
        shown = str(await bar.get_attribute("aria-valuetext"))
        assert float(shown.split(maxsplit=1)[0]) > 20


async def test_the_keyboard_leads_to_more_info(home: Home) -> None:
    await home.show("wye")
    card = home.card()
    await card.locator(".total").focus()
    outline = "(button) => getComputedStyle(button).outlineStyle"
    await home.page.keyboard.press("Tab")
    imported = card.get_by_role("button", name=re.compile("^Imported .+, Today"))
    await expect(imported).to_be_focused()
    assert await imported.evaluate(outline) == "solid"
    await home.page.keyboard.press("Enter")
    await more_info_shows(home, "Energy imported")


async def test_a_tap_leads_to_more_info(home: Home) -> None:
    await home.show("wye")
    await home.card().get_by_role("button", name=re.compile("^Exported .+, Today")).click()
    await more_info_shows(home, "Energy exported")


async def more_info_shows(home: Home, name: str) -> None:
    dialog = home.page.locator("ha-more-info-dialog")
    await expect(dialog.get_by_text(name).first).to_be_visible()
    await home.page.keyboard.press("Escape")
    await expect(dialog.get_by_text(name).first).to_be_hidden()
