"""A house with a simulated meter, and automations made from the blueprints of this project."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import shutil
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import INTEGRATION, entry_for, load
from tests.lines import network, network_data

BLUEPRINTS = INTEGRATION.parents[1] / "blueprints"
FOLDER = BLUEPRINTS / AUTOMATION / DOMAIN

HEATER = "input_boolean.heater"
AMPERES = "input_number.amperes"
MINUTE = 60
"""s"""

_MADE = {"entity_id": "automation.made"}
_CONFIGURATION = "homeassistant.config.async_hass_config_yaml"
_QUIET = 50
"""turns of the event loop after the last poll, in which an automation does what it does"""


def install(hass: HomeAssistant, folder: Path) -> None:
    """Put the blueprints where Home Assistant looks for them, under a configuration folder."""
    shutil.copytree(BLUEPRINTS, folder / "blueprints")
    hass.config.config_dir = str(folder)


@dataclass
class House:
    """Home Assistant with one meter, whose line is open, and an automation."""

    hass: HomeAssistant
    freezer: FrozenDateTimeFactory
    device: Device
    entry: MockConfigEntry
    stride: float = 12
    """s; time passes in steps, each with a poll at its end. More than 15 s without one count as an
    outage, after which overload and export have to last their hold time again."""

    async def begins(self) -> None:
        """Set the meter up."""
        await load(self.hass, self.entry)

    @property
    def meter(self) -> str:
        """The device of the meter."""
        registry = dr.async_get(self.hass)
        return dr.async_entries_for_config_entry(registry, self.entry.entry_id)[0].id

    def entity(self, platform: str, key: str) -> str:
        """Return the entity of the meter with this key."""
        unique_id = f"{self.device.serial_number}_{key}"
        entity_id = er.async_get(self.hass).async_get_entity_id(platform, DOMAIN, unique_id)
        assert entity_id is not None
        return entity_id

    def exports(self, watts: float) -> None:
        """Let the site export so much from now on; import is negative."""
        scale = self.device.read("W_SF")
        self.device.write("W", round(-watts / 10**scale))

    def draws(self, *amperes: float) -> None:
        """Let so much current flow from now on: in each phase, or in A, B and C."""
        scale = self.device.read("A_SF")
        each = amperes if len(amperes) > 1 else 3 * amperes
        for point, flowing in zip(("AphA", "AphB", "AphC"), each, strict=True):
            self.device.write(point, round(flowing / 10**scale))
        # Their sum does not fit into its 16 bits with every scale.
        self.device.write("A", None)

    async def passes(self, seconds: float) -> None:
        """Let time pass, and all happen that happens in it."""
        while seconds > 0:
            self.freezer.tick(min(seconds, self.stride))
            seconds -= self.stride
            async_fire_time_changed(self.hass)
            await self.settles()

    async def settles(self) -> None:
        """Let all happen that does not need time to pass.

        To wait for all tasks would be to wait also for an automation that is in a delay.
        """
        quiet = 0
        while quiet < _QUIET:
            polls = self.entry._background_tasks or self.entry._tasks  # noqa: SLF001 - not public
            if polls:
                await asyncio.wait(polls)
            is_set_up = self.entry.state is not ConfigEntryState.SETUP_IN_PROGRESS
            quiet = quiet + 1 if is_set_up and not polls else 0
            await asyncio.sleep(0)

    async def helpers(self, **helpers: dict[str, Any]) -> None:
        """Create helpers, by their domain."""
        for domain, config in helpers.items():
            assert await async_setup_component(self.hass, domain, {domain: config})
        await self.hass.async_block_till_done()

    async def automates(self, blueprint: str, **inputs: Any) -> None:
        """Make an automation from a blueprint, or one that was made into another."""
        instance = {"path": f"{DOMAIN}/{blueprint}.yaml", "input": inputs}
        config = {"id": blueprint, "alias": "Made", "use_blueprint": instance}
        if AUTOMATION in self.hass.config.components:
            with patch(_CONFIGURATION, return_value={AUTOMATION: config}):
                await self._automation("reload")
        else:
            assert await async_setup_component(self.hass, AUTOMATION, {AUTOMATION: config})
        await self.settles()
        assert self.shows("automation.made") == "on"

    async def restarts(self) -> None:
        """Forget what triggers have seen and stop what runs; reload the meter in between."""
        await self._automation("turn_off", **_MADE)
        await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self._automation("turn_on", **_MADE)
        await self.settles()

    async def ends(self) -> None:
        """Remove the automation and the meter."""
        if self.hass.states.get("automation.made") is not None:
            await self._automation("turn_off", **_MADE)
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def _automation(self, service: str, **data: str) -> None:
        await self.hass.services.async_call(AUTOMATION, service, data, blocking=True)

    async def turns(self, entity_id: str, *, on: bool) -> None:
        """Switch something by hand."""
        service = "turn_on" if on else "turn_off"
        await self.hass.services.async_call(
            "homeassistant", service, {"entity_id": entity_id}, blocking=True
        )
        await self.settles()

    def shows(self, entity_id: str) -> str:
        """Return the state of an entity."""
        state = self.hass.states.get(entity_id)
        assert state is not None, entity_id
        return state.state


@asynccontextmanager
async def sunny_house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, folder: Path, **options: int
) -> AsyncIterator[House]:
    """Serve a meter that imports a little, and create what the surplus blueprints switch and set.

    ``folder`` becomes the configuration folder.
    """
    freezer.move_to("2026-06-01 10:00:05+00:00")
    install(hass, folder)
    device = Device()
    async with network(device) as line:
        data = network_data(line)
        entry = entry_for(
            device, data, direction="import_positive", **{"scan_interval": 5, **options}
        )
        house = House(hass, freezer, device, entry, stride=20)
        house.exports(-500)
        await house.begins()
        await async_setup_component(hass, "homeassistant", {})
        await house.helpers(
            input_boolean={"heater": {"initial": False}},
            input_number={"amperes": {"min": 0, "max": 100, "initial": 10}},
        )
        yield house
        await house.ends()
