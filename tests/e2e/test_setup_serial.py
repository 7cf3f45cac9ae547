"""From "Add integration" to bars in the Energy dashboard, on a serial port, after a bad start."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect
import pytest

from scripts.dev.client import Client, wait_for
from scripts.dev.energy import import_energy
from simulator import MeterConfig, PtyConfig, Simulator, SimulatorConfig
from tests.e2e.visit import visit

from .flow import begin_setup, choose_port, dialog, fill, finish, submit
from .pictures import picture

HOUR = 3600
DAY = 24 * HOUR
PATIENCE_MS = 20_000


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    """Serve a DTS 307 on a serial port, as it leaves the factory."""
    config = SimulatorConfig(
        meters=(MeterConfig(serial="S30700200", days_in_service=30),),
        pty=PtyConfig(link=tmp_path / "rs485", baud=9600),
    )
    async with Simulator(config) as simulator:
        yield simulator


async def test_from_the_box_to_the_energy_dashboard(
    page: Page, home_assistant: Client, simulator: Simulator
) -> None:
    """The cable is forgotten at first, and pulled once more at the end; neither spoils anything."""
    meter = simulator.meters[0]
    await simulator.set_plugged(plugged=False)
    await begin_setup(page, "Serial port")
    await expect(dialog(page).get_by_text("Select the port")).to_be_visible()
    await choose_port(page, simulator.pty_path)
    await submit(page)
    await expect(dialog(page).get_by_text("Trying the other unit IDs at 9600 8N1")).to_be_visible()
    await picture(dialog(page).locator("dialog"), "search", steady=False)
    # An owner who sees what is missing need not wait for the end.
    await simulator.set_plugged(plugged=True)
    await begin_setup(page, "Serial port")
    await choose_port(page, simulator.pty_path)
    await submit(page)
    await expect(dialog(page).get_by_text(f"DTS 307 {meter.serial}")).to_be_visible()
    await fill(page, "Name", "Grid meter")
    await fill(page, "CT rating", "200")
    await submit(page)

    await expect(dialog(page).get_by_text("Does this look right?")).to_be_visible()
    power = meter.truth()["W"]
    assert power is not None
    direction = "Importing" if power > 0 else "Exporting"
    told = dialog(page).get_by_text(f"{direction} {abs(power):.0f} W")
    await expect(told.first).to_be_visible()
    live = dialog(page).locator("entity-preview-row")
    await expect(live).to_contain_text(direction)
    await picture(dialog(page).locator("dialog"), "finish", steady=False)
    await simulator.set_plugged(plugged=False)
    await expect(live).to_contain_text("No answer")
    await simulator.set_plugged(plugged=True)
    await expect(live).to_contain_text(direction)
    await submit(page)
    await finish(page)

    source = await wait_for(lambda: grid_source(home_assistant), "the Energy dashboard's source")
    assert source["stat_energy_from"] == "sensor.grid_meter_energy_imported"
    assert source["stat_energy_to"] == "sensor.grid_meter_energy_exported"
    assert source["stat_rate"] == "sensor.grid_meter_power"
    await see_bars(page, home_assistant, simulator)


async def grid_source(home_assistant: Client) -> dict[str, Any]:
    """Return what the Energy dashboard has of the grid."""
    preferences = await home_assistant.command("energy/get_prefs")
    return next(iter(preferences["energy_sources"]), {})


async def see_bars(page: Page, home_assistant: Client, simulator: Simulator) -> None:
    """Give the meter's counters the past that they get by time, and look at yesterday."""
    midnight = simulator.clock.start // DAY * DAY
    (past,) = simulator.history(midnight - 2 * DAY, midnight)
    rows = [asdict(span) for span in past.spans]
    booked = {}
    for direction in ("import", "export"):
        point = f"{direction}_reading_wh"
        entity_id = f"sensor.grid_meter_energy_{direction}ed"
        await import_energy(home_assistant, entity_id, rows, point)
        readings = [row[point] for row in rows if row["start"] >= midnight - DAY - HOUR]
        booked[direction] = (readings[-1] - readings[0]) / 1000
    await visit(page, "/energy/electricity")
    days = page.locator("hui-energy-period-selector")
    today, yesterday = (
        days.get_by_text(f"{day:%b} {day.day}", exact=True)
        for day in (datetime.fromtimestamp(at, UTC) for at in (midnight, midnight - DAY))
    )
    # In the first hour of a day, yesterday is what the dashboard shows by itself.
    await expect(today.or_(yesterday)).to_be_visible()
    if await today.is_visible():
        await page.get_by_role("button", name="Previous").click()
    await expect(yesterday).to_be_visible()
    totals = page.locator("hui-energy-sources-table-card")
    await expect(totals).to_contain_text(f"{booked['import']:.2f} kWh")
    await expect(totals).to_contain_text(f"-{booked['export']:.2f} kWh")
    await expect(page.locator("hui-energy-usage-graph-card canvas")).to_be_visible()
    await picture(page, "energy-dashboard", steady=False)
