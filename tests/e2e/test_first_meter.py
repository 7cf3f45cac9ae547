"""From "Add integration" to states that are true, by clicking."""

from playwright.async_api import Page, expect
import pytest

from scripts.dev.client import Client, HomeAssistantError, wait_for
from scripts.dev.processes import LOOPBACK
from simulator import Simulator
from simulator.meter import Meter

from .truth import expected_states, shown_states

UNAVAILABLE = "unavailable"
ALWAYS_SHOWN = {"power", "current", "energy_imported", "energy_exported", "energy_net", "power_c"}


async def test_add_a_meter_and_see_what_it_measures(
    page: Page, home_assistant: Client, simulator: Simulator
) -> None:
    """A wrong unit id gets advice, the right one a device whose states follow the meter."""
    meter = simulator.meters[0]

    await begin_setup(page)
    await page.get_by_text("Network adapter", exact=True).first.click()
    await fill(page, "Host", LOOPBACK)
    await fill(page, "Port", str(simulator.tcp_port))
    await page.get_by_text("Meter address", exact=True).click()
    await fill(page, "Unit id", "17")
    await submit(page)
    await expect(page.get_by_text("no meter answers behind it")).to_be_visible()

    await fill(page, "Unit id", str(meter.unit))
    await submit(page)
    await expect(page.get_by_text(f"serial number {meter.serial}")).to_be_visible()
    await fill(page, "CT rating", "200")
    await submit(page)
    await page.get_by_text("Skip and finish", exact=True).click()

    await shows(home_assistant, meter)

    # Hardly faster than in earnest: counters that race would rightly not be believed.
    simulator.clock.advance(30)
    await shows(home_assistant, meter)

    await simulator.set_plugged(plugged=False)
    await wait_for(lambda: all_unavailable(home_assistant, meter), "the meter to go")
    simulator.clock.advance(30)
    await simulator.set_plugged(plugged=True)
    await shows(home_assistant, meter)


async def begin_setup(page: Page) -> None:
    """Choose the integration as an owner would."""
    await page.goto("/config/integrations/dashboard")
    await page.get_by_text("Add integration", exact=True).first.click()
    dialog = page.locator("dialog-add-integration")
    await dialog.locator("input").first.fill("DTS 307")
    await dialog.get_by_text("Measurlogic DTS 307").first.click()


async def fill(page: Page, label: str, text: str) -> None:
    """Fill in the field of the flow's form that has this label."""
    await page.locator("ha-selector").filter(has_text=label).locator("input").first.fill(text)


async def submit(page: Page) -> None:
    """Send the form."""
    await page.get_by_text("Submit", exact=True).click()


async def shows(home_assistant: Client, meter: Meter) -> None:
    """Wait until every sensor shows what is true of the meter, which stands still meanwhile."""
    expected = expected_states(meter.truth())
    shown: dict[str, float] = {}

    async def agree() -> bool:
        nonlocal shown
        states = await shown_states(home_assistant, meter.serial)
        shown = {key: float(state) for key, state in states.items() if state != UNAVAILABLE}
        return bool(shown) and shown == pytest.approx(
            {key: expected[key] for key in states}, rel=1e-12
        )

    try:
        await wait_for(agree, "the states to agree with the meter", seconds=20)
    except HomeAssistantError:
        assert shown == {key: expected[key] for key in shown}
        raise
    assert shown.keys() >= ALWAYS_SHOWN


async def all_unavailable(home_assistant: Client, meter: Meter) -> bool:
    states = await shown_states(home_assistant, meter.serial)
    return bool(states) and set(states.values()) == {UNAVAILABLE}
