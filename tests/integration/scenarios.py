"""Files that earlier versions stored, and the meters that they were stored of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import Device
from tests.integration.disk import Disk
from tests.integration.home import EVERY_READING, LINK_SENSORS
from tests.lines import network, network_data

VERSION_0_1_0 = Path(__file__).parent / "stored/0.1.0"


def scenarios() -> list[str]:
    """Return the names of all scenarios."""
    return sorted(path.parent.name for path in VERSION_0_1_0.glob("*/expected.json"))


class Scenario:
    """One scenario: stored files, the meter at that time, and what the version then showed."""

    def __init__(self, name: str) -> None:
        """Read what there is to be expected."""
        self.folder = VERSION_0_1_0 / name
        self.expected: dict[str, Any] = json.loads((self.folder / "expected.json").read_text())
        self.situation: dict[str, Any] = self.expected["situation"]
        self.device = Device(MeterConfig(unit=self.situation["meter"]["unit"]))
        self.show(self.situation["meter"])

    def show(self, meter: dict[str, Any]) -> None:
        """Let the meter have these registers."""
        words = bytes.fromhex(meter["registers"])
        self.device.base = meter["base"]
        self.device.registers = {
            meter["base"] + offset // 2: int.from_bytes(words[offset : offset + 2])
            for offset in range(0, len(words), 2)
        }

    def entry(self, data: dict[str, Any]) -> MockConfigEntry:
        """Return the meter's entry, with the data of a line of today."""
        kept = json.loads((self.folder / "config_entry.json").read_text())
        return MockConfigEntry(
            domain=DOMAIN,
            title=kept["title"],
            unique_id=kept["unique_id"],
            entry_id=kept["entry_id"],
            options={**EVERY_READING, **kept["options"]},
            data=data,
        )

    @asynccontextmanager
    async def begun(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, patch: pytest.MonkeyPatch
    ) -> AsyncIterator[tuple[MockConfigEntry, Disk]]:
        """Have an entry with its files and its meter, which is not set up yet."""
        if self.situation["all_entities_enabled"]:
            patch.setattr(Entity, "entity_registry_enabled_default", property(lambda _: True))
        await hass.config.async_set_time_zone(self.situation["time_zone"])
        freezer.move_to(datetime.fromisoformat(self.situation["at"]))
        async with network(self.device) as line:
            entry = self.entry(network_data(line, unit_id=self.device.unit))
            entry.add_to_hass(hass)
            self._register(hass, entry)
            disk = Disk(hass, entry)
            disk.take_over(self.folder)
            yield entry, disk

    def _register(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Have the entities that were enabled then."""
        for name in self.expected["after_setup"]["states"]:
            platform, key = name.split(".")
            er.async_get(hass).async_get_or_create(
                platform, DOMAIN, f"{entry.unique_id}_{key}", config_entry=entry
            )


def shown(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, dict[str, Any]]:
    """Return what the entities of an entry show of its meter, by platform and key."""
    states = {}
    for row in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        key = row.unique_id.removeprefix(f"{entry.unique_id}_")
        state = hass.states.get(row.entity_id)
        if key not in LINK_SENSORS and state is not None:
            states[f"{row.domain}.{key}"] = {
                "state": state.state,
                "attributes": {name: _plain(value) for name, value in state.attributes.items()},
            }
    return states


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def issues(hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return the open issues, as a scenario states them.

    Version 0.1.0 did not list the counters.
    """
    found = [
        {
            "issue": issue.translation_key,
            "fixable": issue.is_fixable,
            "placeholders": {
                key: value
                for key, value in (issue.translation_placeholders or {}).items()
                if key != "counters"
            },
        }
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN
    ]
    return sorted(found, key=lambda issue: str(issue["issue"]))
