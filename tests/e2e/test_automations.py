"""Every trigger fires and every condition is tested, built by clicking, while a house changes.

The unit tests of triggers and conditions run on another version of Home Assistant.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import expect
import pytest

from scripts.dev.client import wait_for
from tests.private_names import missing

from .conftest import Browsers, SharedHomeAssistant
from .editor import METER, TEXTS, Element, add, condition, offer, reach, save
from .house import EXPORT, IMPORT, OVERLOAD, SILENCE, House, Phase, open_house
from .pictures import picture

KILOWATT = 1000
TRIGGERS = (
    Element("export_started"),
    Element("export_stopped"),
    Element("overload_started"),
    Element("overload_cleared"),
    Element("stopped_answering"),
    Element("answers_again"),
    Element("current_level_changed"),
    Element("surplus_crossed_threshold", watts=KILOWATT),
)
CONDITIONS: Final[Mapping[Element, list[Phase | None]]] = {
    Element("is_exporting"): [EXPORT],
    Element("is_not_exporting"): [IMPORT, OVERLOAD],
    Element("is_overloaded"): [OVERLOAD],
    Element("is_not_overloaded"): [IMPORT, EXPORT],
    Element("is_not_answering"): [SILENCE],
    Element("power_direction_is", choices=("Exporting",)): [EXPORT],
    Element("current_level_is", choices=("High:", "Over:")): [OVERLOAD],
    Element("surplus_is", watts=KILOWATT): [EXPORT],
}
"""Each condition, and when it holds."""

LONG_EXPORT = Element("is_exporting", seconds=5)


@pytest.fixture(scope="module")
async def house(
    shared_home_assistant: SharedHomeAssistant,
    browsers: Browsers,
    request: pytest.FixtureRequest,
) -> AsyncIterator[House]:
    """Open the house."""
    async with open_house(shared_home_assistant, browsers, request) as house:
        yield house


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")
def test_home_assistant_has_the_private_names() -> None:
    assert list(missing()) == []


async def test_the_triggers_of_a_meter_are_offered(house: House) -> None:
    await reach(house.page, "/config/automation/edit/new")
    offered = await offer(house.page, "trigger")
    for texts in TEXTS["triggers"].values():
        named = f"{texts['name']} {METER}"
        await expect(offered.get_by_role("button", name=named)).to_be_visible()
    await picture(house.page, "automation-editor", steady=False)
    await house.page.keyboard.press("Escape")
    await expect(offered).to_have_count(0)


async def test_triggers_and_conditions(house: House) -> None:
    owner = Owner(house)
    await owner.builds("Long export", "condition", LONG_EXPORT)
    owner.triggers = await owner.builds("What happens", "trigger", *TRIGGERS)
    await owner.builds("What holds", "condition", *CONDITIONS)
    await owner.sees(IMPORT)
    await owner.sees(EXPORT, "export_started", "surplus_crossed_threshold")
    await owner.sees(OVERLOAD, "export_stopped", "overload_started", "current_level_changed")
    await owner.sees(
        EXPORT,
        "export_started",
        "overload_cleared",
        "current_level_changed",
        "surplus_crossed_threshold",
    )
    await wait_for(owner.has_exported_for_long, "five seconds of export")
    await owner.sees(SILENCE, "stopped_answering")
    await owner.sees(EXPORT, "answers_again")
    # A silent meter pauses the time that export has lasted, and does not restart it.
    assert await owner.has_exported_for_long()


@dataclass
class Owner:
    """The owner of the house, who builds three automations and looks at the last one."""

    house: House
    triggers: str = ""
    """the ID of the automation that has the triggers"""
    known_runs: set[str] = field(default_factory=set)

    async def builds(self, name: str, what: str, *elements: Element) -> str:
        """Build an automation of triggers or of conditions, and return its ID."""
        await reach(self.house.page, "/config/automation/edit/new")
        await expect(self.house.page.get_by_text("New automation")).to_be_visible()
        for element in elements:
            await add(self.house.page, what, element)
        saved = await save(self.house.client, self.house.page, name)
        expected = [f"dts307.{element.kind}" for element in elements]
        assert [each[what] for each in saved[f"{what}s"]] == expected
        return str(saved["id"])

    async def sees(self, phase: Phase | None, *triggers: str) -> None:
        """Change the house; see which conditions hold and which triggers fire."""
        await self.house.becomes(phase)
        for place, (element, phases) in enumerate(CONDITIONS.items()):
            told = "Condition passes" if phase in phases else "Condition did not pass"
            shown = condition(self.house.page, place)
            await expect(shown, element.kind).to_have_accessible_name(told)
        assert await self._fired() == {f"dts307.{kind}" for kind in triggers}

    async def has_exported_for_long(self) -> bool:
        """Run the automation that depends on it, and return whether it did."""
        automation = "automation.long_export"
        alone = {"entity_id": automation, "skip_condition": False}
        before = await self.house.client.get(f"/api/states/{automation}")
        await self.house.client.post("/api/services/automation/trigger", alone)
        after = await self.house.client.get(f"/api/states/{automation}")
        return bool(after["attributes"] != before["attributes"])

    async def _fired(self) -> set[str]:
        """Return which triggers have started their automation since the last look."""
        automation = {"domain": "automation", "item_id": self.triggers}
        fired = set()
        for run in await self.house.client.command("trace/list", **automation):
            run_id = run["run_id"]
            if run_id in self.known_runs:
                continue
            self.known_runs.add(run_id)
            trace = await self.house.client.command("trace/get", run_id=run_id, **automation)
            (place,) = (int(step.removeprefix("trigger/")) for step in trace["trace"])
            fired.add(trace["config"]["triggers"][place]["trigger"])
        return fired
