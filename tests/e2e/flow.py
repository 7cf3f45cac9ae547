"""What an owner clicks and types while a meter is being set up."""

import re

from playwright.async_api import Locator, Page, expect

from tests.e2e.visit import visit

NAME = "Measurlogic DTS 307"


def dialog(page: Page) -> Locator:
    """Return the window of the setup."""
    return page.locator("dialog-data-entry-flow")


async def begin_setup(page: Page, link: str) -> None:
    """Choose the integration, and how the meter is connected."""
    await visit(page, "/config/integrations/dashboard")
    await page.get_by_text("Add integration", exact=True).first.click()
    offered = page.locator("dialog-add-integration")
    await offered.locator("input").first.fill("DTS 307")
    await offered.get_by_text(NAME).first.click()
    await page.get_by_text(link, exact=True).first.click()


async def choose_port(page: Page, path: str) -> None:
    """Enter the path of a serial port."""
    await dialog(page).locator("ha-selector").filter(has_text="Port").first.click()
    await page.get_by_text("Enter manually").click()
    await expect(page.get_by_text("Enter manually")).to_have_count(0)
    entered = dialog(page).locator("ha-selector input").first
    await entered.fill(path)
    await expect(entered).to_have_value(path)


async def enter_address(page: Page, host: str, port: int) -> None:
    """Enter where the network adapter is."""
    await fill(page, "Host", host)
    await fill(page, "Port", str(port))


async def fill(page: Page, label: str, text: str) -> None:
    """Fill in the field of the form that has this label."""
    # What explains another field may say the same in the midst of its text.
    named = page.get_by_text(re.compile(rf"^{re.escape(label)}\s*\*?$"))
    field = dialog(page).locator("ha-selector").filter(has=named)
    await field.locator("input").first.fill(text)


async def submit(page: Page) -> None:
    """Send the form."""
    await dialog(page).get_by_text("Submit", exact=True).click()


async def tick(page: Page, label: str) -> None:
    """Tick a box, or take its tick away."""
    await dialog(page).locator("ha-checkbox").filter(has_text=label).click()


async def finish(page: Page) -> None:
    """Leave the page with which Home Assistant itself ends each setup."""
    await page.get_by_text("Skip and finish", exact=True).click()
    await expect(dialog(page).get_by_text("Skip and finish")).to_have_count(0)
