"""An owner imports each blueprint by its URL, fills in its form, and it does what it says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import web
from playwright.async_api import expect
import pytest

from scripts.dev.client import wait_for
from scripts.dev.processes import LOOPBACK, REPOSITORY

from .conftest import Browsers, SharedHomeAssistant, remove_automations
from .editor import METER, BlueprintForm, import_blueprint, saved
from .house import EXPORT, IMPORT, OVERLOAD, SILENCE, House, open_house

FOLDER = REPOSITORY / "blueprints/automation/dts307"
HEATER, WALLBOX = LOADS = ("input_boolean.heater", "input_boolean.wallbox")
AMPERES = "input_number.amperes"
LOWEST, HIGHEST = 4, 7
"""A"""
MINUTE = 60
"""s"""


@dataclass(frozen=True)
class Visit:
    """A house with a blueprint of which an automation is made."""

    house: House
    form: BlueprintForm

    async def shows(self, entity_id: str, state: str) -> None:
        """Wait until an entity has a state."""
        await wait_for(partial(self._has, entity_id, state), f"{entity_id} to be {state}")

    async def shows_in_time(self, entity_id: str, state: str) -> None:
        """Let time pass until an entity has a state."""
        await self.house.passes_until(partial(self._has, entity_id, state), MINUTE)

    async def is_told(self, text: str) -> None:
        """Wait for a message among the notifications."""
        told = self.house.page.locator("notification-drawer").get_by_text(text)
        await expect(told.first).to_be_visible()

    async def turn(self, service: str) -> None:
        """Turn all loads on or off."""
        await self.house.client.post(f"/api/services/input_boolean/{service}", {"entity_id": LOADS})

    async def _has(self, entity_id: str, state: str) -> bool:
        return (await self.house.client.states())[entity_id] == state


async def fill_in_first_export(visit: Visit) -> None:
    await visit.form.pick("Meter", METER)


async def see_first_export(visit: Visit) -> None:
    await visit.house.becomes(EXPORT)
    await visit.is_told("The sun is paying")


async def fill_in_trouble(visit: Visit) -> None:
    await visit.form.pick("Meter", METER)
    await visit.form.pick("Memory", "Memory")
    await visit.form.enter_no_time("The meter does not answer for")


async def see_trouble(visit: Visit) -> None:
    await visit.house.becomes(OVERLOAD)
    await visit.is_told(f"{METER}: overload")
    await visit.house.becomes(IMPORT)
    await visit.is_told(f"{METER}: overload ended")
    await visit.house.becomes(SILENCE)
    await visit.is_told(f"{METER} does not answer")
    await visit.house.becomes(IMPORT)
    await visit.is_told(f"{METER} answers again")


async def fill_in_shed(visit: Visit) -> None:
    await visit.form.pick("Meter", METER)
    await visit.form.pick("Loads", "Heater", "Wallbox")
    await visit.form.pick("Memory", "Memory")
    await visit.form.enter_no_time("Quiet time")
    await visit.turn("turn_on")


async def see_shed(visit: Visit) -> None:
    """The first load is turned off, and on again as that has ended the overload."""
    await visit.house.becomes(OVERLOAD)
    await visit.shows(HEATER, "off")
    await visit.shows(WALLBOX, "on")
    await visit.house.becomes(IMPORT)
    await visit.shows_in_time(HEATER, "on")


async def fill_in_number(visit: Visit) -> None:
    await visit.form.pick("Power", "Power")
    await visit.form.pick("Number", "Amperes")
    await visit.form.enter("Power of one unit", 690)
    await visit.form.enter("Lowest", LOWEST)
    await visit.form.enter("Highest", HIGHEST)
    await visit.form.page.get_by_text("Fine tuning").click()
    await visit.form.enter("Keep exporting", 120)
    await visit.form.choose("Adjust every", "10 seconds")
    await visit.form.enter_no_time("Load follows within")


async def see_number(visit: Visit) -> None:
    """As the load draws nothing, the number goes to its limits."""
    await visit.shows(AMPERES, f"{LOWEST}.0")
    await visit.house.becomes(EXPORT)
    await visit.shows(AMPERES, f"{HIGHEST}.0")


async def fill_in_switch(visit: Visit) -> None:
    await visit.form.pick("Meter", METER)
    await visit.form.pick("Load", "Heater")
    await visit.form.enter("Surplus", 1000)
    await visit.form.enter_no_time("For at least")
    await visit.form.enter_no_time("For at least", 1)
    await visit.form.enter_no_time("Minimum time on")


async def see_switch(visit: Visit) -> None:
    await visit.house.becomes(EXPORT)
    await visit.shows(HEATER, "on")
    await visit.house.becomes(IMPORT)
    await visit.shows_in_time(HEATER, "off")


type Step = Callable[[Visit], Awaitable[None]]
CASES: dict[str, tuple[Step, Step]] = {
    "notify_first_export": (fill_in_first_export, see_first_export),
    "notify_trouble": (fill_in_trouble, see_trouble),
    "overload_shed": (fill_in_shed, see_shed),
    "surplus_number": (fill_in_number, see_number),
    "surplus_switch": (fill_in_switch, see_switch),
}
"""What is entered for each blueprint, and what it does."""


@pytest.fixture(scope="module")
async def house(
    shared_home_assistant: SharedHomeAssistant,
    browsers: Browsers,
    request: pytest.FixtureRequest,
) -> AsyncIterator[House]:
    """Open a house with loads to switch, a number to set, and a text to remember."""
    async with open_house(shared_home_assistant, browsers, request) as house:
        for name in ("Heater", "Wallbox"):
            await house.client.command("input_boolean/create", name=name)
        await house.client.command("input_number/create", name="Amperes", min=0, max=32)
        await house.client.command("input_text/create", name="Memory")
        yield house


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    """Serve the blueprints, and return the URL of their folder."""
    app = web.Application()
    app.router.add_static("/", FOLDER)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("blueprint", CASES)
async def test_a_blueprint(house: House, address: str, blueprint: str) -> None:
    fill_in, see = CASES[blueprint]
    visit = Visit(house, BlueprintForm(house.page))
    await house.becomes(IMPORT)
    await visit.turn("turn_off")
    name = name_of(FOLDER / f"{blueprint}.yaml")
    await import_blueprint(house.page, f"{address}/{blueprint}.yaml")
    await house.page.get_by_text(name, exact=True).first.click()
    await fill_in(visit)
    await house.page.get_by_text("Save", exact=True).click()
    await saved(house.client, house.page, name)
    await house.page.get_by_text("Notifications", exact=True).click()
    await see(visit)
    await remove_automations(house.client)


async def test_no_blueprint_is_left_out() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == CASES.keys()


def name_of(blueprint: Path) -> str:
    """Return the name that a blueprint has in the list."""
    (found,) = (
        line.partition(": ")[2]
        for line in blueprint.read_text().splitlines()
        if line.startswith("  name: ")
    )
    return found
