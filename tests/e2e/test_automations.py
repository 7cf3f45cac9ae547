"""Every trigger fires and every condition tells, while a simulated house changes.

The unit tests of triggers and conditions run on another version of Home Assistant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from scripts.dev.client import Client, wait_for
from scripts.dev.flows import add_entry, set_options
from scripts.dev.processes import LOOPBACK
from simulator import Simulator
from tests.private_names import missing

type Phase = Mapping[str, float]
"""What each phase of the house does."""

IMPORT: Phase = {"load_factor": 0, "extra_watts": 2000, "sun": 0}
EXPORT: Phase = {"load_factor": 0, "extra_watts": 0, "sun": 1}
OVERLOAD: Phase = {"load_factor": 0, "extra_watts": 30_000, "sun": 0}
SILENCE = None
"""The meter's cable is pulled."""

ABOVE_1_KW = {
    "type": "above",
    "value": {"active_choice": "number", "number": 1, "unit_of_measurement": "kW"},
}
TRIGGERS: Mapping[str, Mapping[str, Any]] = {
    "export_started": {},
    "export_stopped": {},
    "overload_started": {},
    "overload_cleared": {},
    "stopped_answering": {},
    "answers_again": {},
    "current_level_changed": {},
    "surplus_crossed_threshold": {"threshold": ABOVE_1_KW},
}
"""The options of each trigger."""

CONDITIONS: Mapping[str, tuple[Mapping[str, Any], list[Phase | None]]] = {
    "is_exporting": ({}, [EXPORT]),
    "is_not_exporting": ({}, [IMPORT, OVERLOAD]),
    "is_overloaded": ({}, [OVERLOAD]),
    "is_not_overloaded": ({}, [IMPORT, EXPORT]),
    "is_not_answering": ({}, [SILENCE]),
    "power_direction_is": ({"direction": "exporting"}, [EXPORT]),
    "current_level_is": ({"level": ["high", "over"]}, [OVERLOAD]),
    "surplus_is": ({"threshold": ABOVE_1_KW}, [EXPORT]),
}
"""The options of each condition, and when it holds."""

LONG_EXPORT = "long_export"
"""An automation that runs only if export has lasted for five seconds."""


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")
def test_home_assistant_has_the_private_names() -> None:
    assert list(missing()) == []


async def test_triggers_and_conditions(home_assistant: Client, simulator: Simulator) -> None:
    device_id = await add_meter(home_assistant, simulator)
    house = House(home_assistant, simulator, device_id)
    await house.becomes(IMPORT)
    await house.add_automations()
    await house.becomes(EXPORT, "export_started", "surplus_crossed_threshold")
    await house.becomes(OVERLOAD, "export_stopped", "overload_started", "current_level_changed")
    await house.becomes(
        EXPORT,
        "export_started",
        "overload_cleared",
        "current_level_changed",
        "surplus_crossed_threshold",
    )
    await wait_for(house.has_exported_for_long, "five seconds of export")
    await house.becomes(SILENCE, "stopped_answering")
    await house.becomes(EXPORT, "answers_again")
    # A silent meter pauses the time that export has lasted, and does not restart it.
    assert await house.has_exported_for_long()


async def add_meter(home_assistant: Client, simulator: Simulator) -> str:
    """Add the meter, polled every second and without hold times, and return its device ID."""
    answers = {
        "host": LOOPBACK,
        "port": simulator.tcp_port,
        "unit_id": simulator.meters[0].unit,
        "ct_rating": 200,
    }
    entry = await add_entry(home_assistant, "dts307", {"network"}, answers)
    quick = {"scan_interval": 1, "export_hold": 0, "overload_hold": 0}
    await set_options(home_assistant, entry["entry_id"], {"settings"}, quick)
    (device_id,) = [
        device["id"]
        for device in await home_assistant.command("config/device_registry/list")
        if entry["entry_id"] in device["config_entries"]
    ]
    return str(device_id)


@dataclass
class House:
    """The simulated house, and the automations that follow it."""

    home_assistant: Client
    simulator: Simulator
    device_id: str
    last_runs: Mapping[str, str | None] = field(default_factory=dict)
    """when each automation ran last, by its alias"""

    async def add_automations(self) -> None:
        """Add an automation for each trigger, and one with a condition that takes time."""
        for kind, options in TRIGGERS.items():
            await self._add(kind, triggers=[{"trigger": f"dts307.{kind}", **self._with(options)}])
        lasts = {"condition": "dts307.is_exporting", **self._with({"for": {"seconds": 5}})}
        await self._add(LONG_EXPORT, triggers=[], conditions=[lasts])
        await wait_for(self._all_are_on, "the automations to be on")

    async def becomes(self, phase: Phase | None, *triggers: str) -> None:
        """Change all phases of the house; see which conditions hold and which triggers fire."""
        await self.simulator.set_plugged(plugged=phase is not None)
        if phase is not None:
            meter = self.simulator.meters[0]
            house = meter.site.house.tweaked(dict.fromkeys("ABC", phase))
            self.simulator.set_house(meter, house)

        async def is_shown() -> bool:
            expected = {kind for kind, (_, phases) in CONDITIONS.items() if phase in phases}
            return await self._holding() == expected

        await wait_for(is_shown, f"the conditions of {phase}", seconds=20)
        before, self.last_runs = self.last_runs, await self._runs()
        assert set(triggers) == {
            kind for kind in TRIGGERS if self.last_runs.get(kind) != before.get(kind)
        }

    async def has_exported_for_long(self) -> bool:
        """Run the automation that depends on it, and return whether it did."""
        before = await self._runs()
        alone = {"entity_id": f"automation.{LONG_EXPORT}", "skip_condition": False}
        await self.home_assistant.post("/api/services/automation/trigger", alone)
        return await self._runs() != before

    async def _add(self, alias: str, **parts: Any) -> None:
        automation = {"alias": alias, "actions": [], **parts}
        await self.home_assistant.post(f"/api/config/automation/config/{alias}", automation)

    def _with(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {"target": {"device_id": [self.device_id]}, "options": dict(options)}

    async def _all_are_on(self) -> bool:
        states = await self.home_assistant.states()
        return all(states.get(f"automation.{x}") == "on" for x in (*TRIGGERS, LONG_EXPORT))

    async def _holding(self) -> set[str]:
        """Return the conditions that hold now."""
        holding = set()
        for kind, (options, _) in CONDITIONS.items():
            condition = {"condition": f"dts307.{kind}", **self._with(options)}
            tested = await self.home_assistant.command("test_condition", condition=condition)
            if tested["result"]:
                holding.add(kind)
        return holding

    async def _runs(self) -> dict[str, str | None]:
        return {
            state["attributes"]["friendly_name"]: state["attributes"]["last_triggered"]
            for state in await self.home_assistant.get("/api/states")
            if state["entity_id"].startswith("automation.")
        }
