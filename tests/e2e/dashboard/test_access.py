"""Keyboard and screen reader: everything that a card shows can be reached, and is named."""

import re

from playwright.async_api import expect
import pytest

from .home import Home

PHASORS_IN_WORDS = re.compile(r"Phase A: [\d.]+\sV, [\d.]+\sA, \d+° [\w ]+\. Phase B: .+")

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_what_a_screen_reader_says(home: Home) -> None:
    await home.show("delta")
    await expect(home.card()).to_match_aria_snapshot(
        r"""
        - 'img /STATUS: .+ing, Current level: \w+/'
        - 'img "REMOTE: flickers when something is new"'
        - heading "The delta meter" [level=2]
        - 'button /.+ing: [\d,]+ W/'
        - region "Current out of 20 A per phase":
          - heading "Current out of 20 A per phase" [level=3]
          - group "Phase A":
            - meter "Phase A Current"
            - img /Phase A Current [\d.]+ A/
            - img /Phase A Voltage [\d.]+ V/
            - img /Phase A Power -?[\d,]+ W/
            - img /Phase A Power factor -?[\d.]+/
          - group "Phase B"
          - group "Phase C"
        - region "Today":
          - heading "Today" [level=3]
          - 'button /Today: Imported/'
          - 'button /Today: Exported/'
        """
    )
    await home.show("delta-phasors")
    card = home.page.locator("dts307-phasor-card")
    drawing = card.get_by_role("img").first
    await expect(drawing).to_have_attribute("aria-label", PHASORS_IN_WORDS)
    await expect(card.get_by_role("row")).to_have_count(3)


async def test_the_keyboard_leads_to_more_info(home: Home) -> None:
    await home.show("wye")
    card = home.card()
    await card.locator(".total").focus()
    outline = "(button) => getComputedStyle(button).outlineStyle"
    await home.page.keyboard.press("Tab")
    imported = card.get_by_role("button", name="Today: Imported")
    await expect(imported).to_be_focused()
    assert await imported.evaluate(outline) == "solid"
    await home.page.keyboard.press("Enter")
    await more_info_shows(home, "Energy imported")


async def test_a_tap_leads_to_more_info(home: Home) -> None:
    await home.show("wye")
    await home.card().get_by_role("button", name="Today: Exported").click()
    await more_info_shows(home, "Energy exported")


async def more_info_shows(home: Home, name: str) -> None:
    dialog = home.page.locator("ha-more-info-dialog")
    await expect(dialog.get_by_text(name).first).to_be_visible()
    await home.page.keyboard.press("Escape")
    await expect(dialog.get_by_text(name).first).to_be_hidden()
