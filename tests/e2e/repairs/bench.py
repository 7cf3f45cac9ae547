"""A Home Assistant in which hours pass at once, and meters with faults to order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from scripts.dev.client import Client
from scripts.dev.flows import add_entry, set_options
from simulator import Simulator
from simulator.meter import Meter

LONGEST_GAP = 140
"""s between two polls that follow each other, with time left for what a test does between them"""


@dataclass
class Subject:
    """One meter of the bench, with its entry."""

    bench: Bench
    meter: Meter
    entry_id: str

    async def state(self, key: str) -> str:
        """Return the state of the entity with this key."""
        return str((await self.shown(key))["state"])

    async def attributes(self, key: str) -> dict[str, Any]:
        """Return the attributes of the entity with this key."""
        attributes: dict[str, Any] = (await self.shown(key))["attributes"]
        return attributes

    async def shown(self, key: str) -> dict[str, Any]:
        """Return state and attributes of the entity with this key."""
        shown: dict[str, Any] = await self.bench.client.get(f"/api/states/{await self.entity(key)}")
        return shown

    async def entity(self, key: str) -> str:
        """Return the ID of the entity with this key."""
        for entity in await self.bench.client.command("config/entity_registry/list"):
            own = entity["config_entry_id"] == self.entry_id
            if own and entity["unique_id"].partition("_")[2] == key:
                return str(entity["entity_id"])
        raise LookupError(key)

    async def issue(self, key: str) -> dict[str, Any] | None:
        """Return a repair about the meter or what it shares, unless there is none or ignored."""
        for issue in (await self.bench.client.command("repairs/list_issues"))["issues"]:
            is_wanted = issue["issue_id"] in {key, f"{key}_{self.entry_id}"}
            if is_wanted and not issue["ignored"]:
                found: dict[str, Any] = issue
                return found
        return None

    async def stop_ignoring(self, key: str) -> None:
        """Let a repair about the meter be shown again that was ignored."""
        issue_id = f"{key}_{self.entry_id}"
        await self.bench.client.command(
            "repairs/ignore_issue", domain="dts307", issue_id=issue_id, ignore=False
        )

    async def advance_until(self, key: str, *, seconds: int = 60, most: int = 40) -> None:
        """Let time pass until a repair is raised."""
        for _ in range(most):
            if await self.issue(key):
                return
            await self.bench.advance(seconds)
        assert await self.issue(key), f"no {key} after {most} polls"

    def set_load(self, **watts: float) -> None:
        """Draw so much on each phase, and nothing else; the sun has set."""
        alone = {"load_factor": 0.0, "sun": 0.0}
        loads = {
            phase: {**alone, "extra_watts": watts.get(phase, 0.0)}
            for phase in self.meter.config.wiring.phases
        }
        self.bench.simulator.set_house(self.meter, self.meter.site.house.tweaked(loads))

    def set_sun(self, share: float) -> None:
        """Let the plant produce a share of its peak, beside the loads."""
        phases = {phase: {"sun": share} for phase in self.meter.config.wiring.phases}
        self.bench.simulator.set_house(self.meter, self.meter.site.house.tweaked(phases))

    async def miss_a_poll(self) -> None:
        """Let time pass until the meter, which is unplugged, has not answered a poll."""
        await self.bench.client.command("bench/advance", seconds=60, until_missed=True)

    async def set_plugged(self, *, plugged: bool) -> None:
        """Pull the meter's cable, or plug it in."""
        await self.bench.simulator.set_plugged(plugged, [self.meter])


@dataclass
class Bench:
    """What the tests of a module share: Home Assistant, its page of repairs, and the meters."""

    simulator: Simulator
    client: Client
    page: Page
    ports: Path
    """the folder with the persistent paths of serial ports"""

    async def advance(self, seconds: int, times: int = 1) -> None:
        """Let energy flow and time pass, until each meter that answers has been polled again."""
        for _ in range(times):
            self.simulator.clock.advance(seconds, step=seconds)
            await self.client.command("bench/advance", seconds=seconds)

    async def make_night(self) -> None:
        """Move the home to where it is midnight."""
        now = datetime.now(UTC)
        east = (180 - (now.hour + now.minute / 60) * 15) % 360 - 180
        await self.client.command("config/core/update", latitude=0.0, longitude=east)

    async def add(self, link: str, place: dict[str, Any], **answers: Any) -> None:
        """Add the meters that are found in a place, and leave them disabled."""
        before = await self.entry_ids()
        await add_entry(self.client, "dts307", {link}, {"energy": [], **place, **answers})
        for entry_id in await self.entry_ids() - before:
            await self.set_enabled(entry_id, enabled=False)
            await set_options(self.client, entry_id, {"settings"}, {"recording": "every_reading"})

    async def entry_ids(self) -> set[str]:
        """Return the IDs of the entries of all meters."""
        entries = await self.client.command("config_entries/get", domain="dts307")
        return {entry["entry_id"] for entry in entries}

    async def set_enabled(self, entry_id: str, *, enabled: bool) -> None:
        """Enable an entry, or disable it; that withdraws its repairs."""
        by = None if enabled else "user"
        await self.client.command("config_entries/disable", entry_id=entry_id, disabled_by=by)

    async def subject_of(self, meter: Meter) -> Subject:
        """Return what belongs to a meter.

        Raises:
            LookupError: it has no entry.
        """
        for device in await self.client.command("config/device_registry/list"):
            if ["dts307", meter.serial] in device["identifiers"]:
                return Subject(self, meter, device["primary_config_entry"])
        raise LookupError(meter.serial)

    @asynccontextmanager
    async def subject(self, meter: Meter) -> AsyncIterator[Subject]:
        """Enable the entry of a meter for a test."""
        subject = await self.subject_of(meter)
        await self.set_enabled(subject.entry_id, enabled=True)
        try:
            yield subject
        finally:
            await self.set_enabled(subject.entry_id, enabled=False)
