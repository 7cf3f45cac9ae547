"""What an owner clicks and types to build automations."""

from dataclasses import dataclass
import json
from typing import Any, Final

from playwright.async_api import Locator, Page, expect

from scripts.dev.client import Client, wait_for
from scripts.dev.processes import REPOSITORY
from tests.e2e.visit import go, visit

TEXTS: Final[dict[str, Any]] = json.loads(
    (REPOSITORY / "custom_components/dts307/translations/en.json").read_text()
)
METER = "DTS 307"


@dataclass(frozen=True)
class Element:
    """A trigger or a condition, and what is entered in its form."""

    kind: str
    choices: tuple[str, ...] = ()
    """in the texts of what is chosen"""
    watts: int | None = None
    """the threshold"""
    seconds: int | None = None
    """how long it has to last"""


async def reach(page: Page, path: str) -> None:
    """Go to a page; the first one loads all of Home Assistant's frontend."""
    if page.url == "about:blank":
        await visit(page, "/config/dashboard")
        await page.locator("ha-config-dashboard").wait_for()
    await go(page, path)


async def offer(page: Page, what: str) -> Locator:
    """Open the list of the triggers or conditions that the meter has."""
    await page.get_by_text(f"Add {what}", exact=True).first.click()
    offered = page.locator("add-automation-element-dialog")
    await offered.get_by_text("Devices", exact=True).click()
    await offered.get_by_text(METER, exact=True).first.click()
    return offered


async def add(page: Page, what: str, element: Element) -> None:
    """Add a trigger or a condition of the meter, and fill in its form."""
    offered = await offer(page, what)
    texts = TEXTS[f"{what}s"][element.kind]
    await offered.get_by_role("button", name=f"{texts['name']} {METER}").click()
    form = page.locator("ha-automation-sidebar")
    await expect(form.get_by_text(texts["description"])).to_be_visible()
    for choice in element.choices:
        await form.get_by_text(choice).click()
    if element.watts is not None:
        threshold = form.locator("ha-selector-numeric_threshold input[type=number]")
        await threshold.first.fill(str(element.watts))
    if element.seconds is not None:
        await form.locator("ha-selector-duration input").last.fill(str(element.seconds))


def condition(page: Page, place: int) -> Locator:
    """Return what shows whether a condition of the open automation holds now."""
    return page.locator("ha-automation-condition-row").nth(place).get_by_role("status")


async def save(client: Client, page: Page, name: str) -> dict[str, Any]:
    """Save the new automation under a name, and return what is stored of it."""
    await page.get_by_text("Save", exact=True).click()
    dialog = page.locator("ha-dialog-automation-save")
    await dialog.locator("input").first.fill(name)
    await dialog.get_by_role("button", name="Save").click()
    return await saved(client, page, name)


async def saved(client: Client, page: Page, name: str) -> dict[str, Any]:
    """Return what is stored of an automation, once it is on and its page is shown."""

    async def stored() -> dict[str, Any]:
        for state in await client.get("/api/states"):
            attributes = state["attributes"]
            is_on = state["entity_id"].startswith("automation.") and state["state"] == "on"
            if is_on and attributes["friendly_name"] == name:
                path = f"/api/config/automation/config/{attributes['id']}"
                found: dict[str, Any] = await client.get(path)
                return found
        return {}

    found = await wait_for(stored, f"the automation {name}")
    await page.wait_for_url(f"**/config/automation/edit/{found['id']}")
    return found


async def import_blueprint(page: Page, address: str) -> None:
    """Import a blueprint by its URL."""
    await reach(page, "/config/blueprint/dashboard")
    await page.get_by_text("Import blueprint", exact=True).first.click()
    dialog = page.locator("ha-dialog-import-blueprint")
    await dialog.locator("input").first.fill(address)
    await dialog.get_by_role("button", name="Preview").click()
    await dialog.get_by_role("button", name="Import blueprint").click()
    await expect(dialog.get_by_role("dialog")).to_have_count(0)


@dataclass(frozen=True)
class BlueprintForm:
    """The inputs of a blueprint; those that have the same name differ by their place."""

    page: Page

    def row(self, name: str, place: int = 0) -> Locator:
        """Return the row of an input."""
        heading = self.page.locator("[slot=heading]").get_by_text(name, exact=True)
        return self.page.locator("ha-settings-row").filter(has=heading).nth(place)

    async def pick(self, name: str, *picked: str) -> None:
        """Choose a device, an entity or several."""
        pickers = self.row(name).locator("ha-device-picker, ha-entity-picker")
        for place, each in enumerate(picked):
            another = self.row(name).get_by_text("Add entity", exact=True)
            await (another if place else pickers).click()
            await self.page.get_by_text(each, exact=True).last.click()
            await expect(pickers.nth(place)).to_contain_text(each)

    async def choose(self, name: str, choice: str) -> None:
        """Choose one of a few."""
        await self.row(name).get_by_text(choice, exact=True).click()

    async def enter(self, name: str, value: int, place: int = 0) -> None:
        """Enter a number."""
        await self.row(name, place).locator("input").first.fill(str(value))

    async def enter_no_time(self, name: str, place: int = 0) -> None:
        """Enter a duration of 0."""
        for field in await self.row(name, place).locator("ha-selector-duration input").all():
            await field.fill("0")
