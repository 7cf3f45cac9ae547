"""Meters of a battery and of the whole home come into an Energy dashboard that has both."""

from collections.abc import AsyncIterator

from playwright.async_api import Page, expect
import pytest

from scripts.dev.client import Client, wait_for
from scripts.dev.processes import LOOPBACK
from simulator import MeterConfig, Simulator, SimulatorConfig, TcpConfig

from .flow import begin_setup, dialog, enter_address, fill, finish, submit

HOME = "Consumption of the whole home"
METERS = {"Cellar": "Battery", "Flat": HOME, "Annex": HOME}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Serve three meters behind a network adapter."""
    meters = [
        MeterConfig(unit=100 + n, serial=f"S3070030{n}", days_in_service=30)
        for n in range(len(METERS))
    ]
    config = SimulatorConfig(meters=meters, tcp=(TcpConfig(host=LOOPBACK),))
    async with Simulator(config) as simulator:
        yield simulator


async def test_a_battery_and_a_home(
    page: Page, home_assistant: Client, simulator: Simulator
) -> None:
    """Both are ticked; a second home is not offered, because the dashboard would refuse it."""
    await begin_setup(page, "Network adapter")
    await enter_address(page, LOOPBACK, simulator.tcp_port)
    await submit(page)
    await expect(dialog(page).get_by_text("Meter 1 of 1")).to_be_visible()
    for position, (name, role) in enumerate(METERS.items(), 1):
        if position == 2:
            await expect(dialog(page).get_by_text("More meters answer")).to_be_visible(
                timeout=20_000
            )
            await submit(page)
        if position > 1:
            await expect(dialog(page).get_by_text(f"Meter {position} of 3")).to_be_visible()
        await fill(page, "Name", name)
        await dialog(page).get_by_text(role, exact=True).first.click()
        await submit(page)
    await expect(dialog(page).get_by_text("Does this look right?")).to_be_visible()
    await expect(dialog(page).get_by_text("Not offered: Annex.")).to_be_visible()
    await expect(dialog(page).locator("ha-checkbox").filter(has_text="Annex")).to_have_count(0)
    await submit(page)
    await finish(page)

    async def sources() -> list[dict[str, object]]:
        preferences = await home_assistant.command("energy/get_prefs")
        found: list[dict[str, object]] = preferences["energy_sources"]
        return found if len(found) == len({*METERS.values()}) else []

    added = await wait_for(sources, "both in the dashboard")
    by_type = {str(source["type"]): source for source in added}
    assert by_type["home"] == {
        "type": "home",
        "stat_energy_to": "sensor.flat_energy_consumed",
        "stat_rate": "sensor.flat_power",
    }
    assert by_type["battery"] == {
        "type": "battery",
        "stat_energy_from": "sensor.cellar_energy_discharged",
        "stat_energy_to": "sensor.cellar_energy_charged",
        "power_config": {"stat_rate_inverted": "sensor.cellar_power"},
        "stat_rate": "sensor.cellar_power_inverted",
    }
    # The dashboard's own forms can save what was added.
    saved = await home_assistant.command("energy/save_prefs", energy_sources=added)
    assert saved["energy_sources"] == added
