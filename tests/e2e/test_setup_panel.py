"""Four meters of one panel behind a network adapter, added in one go."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from playwright.async_api import Page, expect
import pytest

from scripts.dev.client import Client, wait_for
from scripts.dev.processes import LOOPBACK
from simulator import MeterConfig, Simulator, SimulatorConfig, TcpConfig
from simulator.measure import Role
from simulator.server import Framing

from .axe import assert_dialog_accessible
from .flow import begin_setup, dialog, enter_address, fill, finish, submit, tick
from .pictures import picture

PLACES = ("Grid connection", "Solar inverter", "A load or circuit")
ROLES = (Role.GRID, Role.SOLAR, Role.GRID, Role.GRID)
LEFT_OUT = "S30700103"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Serve a panel's meters through a transparent serial server."""
    config = SimulatorConfig(
        # At night, so that no meter exports, and the pictures are the same at any time.
        start=datetime(2026, 6, 1, 2),  # noqa: DTZ001 - in the simulator's time zone
        meters=[
            MeterConfig(unit=100 + n, role=role, days_in_service=30) for n, role in enumerate(ROLES)
        ],
        tcp=(TcpConfig(host=LOOPBACK, framing=Framing.RTU),),
    )
    async with Simulator(config) as simulator:
        yield simulator


async def test_a_panel_of_four(page: Page, home_assistant: Client, simulator: Simulator) -> None:
    """Three are added, asked about in turn, and shown in the Energy dashboard; one waits."""
    await begin_setup(page, "Network adapter")
    await enter_address(page, LOOPBACK, simulator.tcp_port)
    await assert_dialog_accessible(dialog(page))
    await submit(page)
    first, *others = PLACES
    await expect(dialog(page).get_by_text("Meter 1 of 1")).to_be_visible()
    await describe(page, first)
    await fill(page, "CT rating", "200")
    await picture(dialog(page).locator("dialog"), "meter", steady=False)
    await assert_dialog_accessible(dialog(page))
    await submit(page)
    await expect(dialog(page).get_by_text("More meters answer")).to_be_visible()
    for meter in simulator.meters[1:]:
        await expect(dialog(page).get_by_text(meter.serial)).to_be_visible()
    await tick(page, LEFT_OUT)
    await picture(dialog(page).locator("dialog"), "meters")
    await assert_dialog_accessible(dialog(page))
    await submit(page)
    for position, place in enumerate(others, 2):
        await expect(dialog(page).get_by_text(f"Meter {position} of 3")).to_be_visible()
        await describe(page, place)
        await submit(page)
    await expect(dialog(page).get_by_text("Does this look right?")).to_be_visible()
    # The first of the grid and the first on an inverter are ticked.
    await tick(page, PLACES[2])
    await expect(dialog(page).locator("entity-preview-row")).to_contain_text(" | ")
    await picture(dialog(page).locator("dialog"), "finish-panel", steady=False)
    await assert_dialog_accessible(dialog(page))
    await submit(page)
    await finish(page)

    preferences = await wait_for(lambda: complete(home_assistant), "all three in the dashboard")
    kinds = [source["type"] for source in preferences["energy_sources"]]
    assert sorted(kinds) == ["grid", "solar"]
    (device,) = preferences["device_consumption"]
    assert device["stat_consumption"] == "sensor.a_load_or_circuit_energy_consumed"
    (solar,) = [each for each in preferences["energy_sources"] if each["type"] == "solar"]
    assert solar["stat_rate"] == "sensor.solar_inverter_production"

    (left_out,) = await home_assistant.command("config_entries/flow/progress")
    assert left_out["context"]["title_placeholders"] == {"name": f"DTS 307 {LEFT_OUT}"}


async def describe(page: Page, place: str) -> None:
    """Name a meter after its place, and say what it measures."""
    await fill(page, "Name", place)
    await dialog(page).get_by_text(place, exact=True).first.click()


async def complete(home_assistant: Client) -> dict[str, Any]:
    """Return the Energy dashboard's preferences once there are three meters in it."""
    preferences: dict[str, Any] = await home_assistant.command("energy/get_prefs")
    there = [*preferences["energy_sources"], *preferences["device_consumption"]]
    return preferences if len(there) == len(PLACES) else {}
