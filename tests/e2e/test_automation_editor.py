"""An owner builds an automation with one of the meter's triggers in the automation editor."""

from playwright.async_api import Page, expect

from scripts.dev.client import Client, wait_for
from scripts.dev.flows import add_entry
from scripts.dev.processes import LOOPBACK
from simulator import Simulator
from simulator.meter import Meter

from .pictures import picture


async def test_run_something_on_surplus(
    page: Page, home_assistant: Client, simulator: Simulator
) -> None:
    """The editor offers the meter's triggers, and the automation runs."""
    meter = simulator.meters[0]
    await add_entry(
        home_assistant,
        "dts307",
        {"network"},
        {"host": LOOPBACK, "port": simulator.tcp_port, "unit_id": meter.unit, "ct_rating": 200},
    )
    enough = surplus(meter) + 100

    await page.goto("/config/automation/edit/new")
    await page.get_by_text("Add trigger").first.click()
    offered = page.locator("add-automation-element-dialog")
    await offered.get_by_text("Devices", exact=True).click()
    await offered.get_by_text("DTS 307").first.click()
    for name in ("Export started", "Overload started", "Current level changed"):
        await expect(offered.get_by_text(name)).to_be_visible()
    await picture(page, "automation-editor", steady=False)
    await offered.get_by_text("Surplus crossed threshold").click()
    explained = "Triggers when the exported power rises above or falls below a threshold."
    await expect(page.get_by_text(explained)).to_be_visible()
    threshold = page.locator("ha-selector-numeric_threshold")
    await threshold.locator("input[type=number]").first.fill(str(enough))
    await page.get_by_text("Save", exact=True).click()
    dialog = page.locator("ha-dialog-automation-save")
    await dialog.locator("input").first.fill("Sun")
    await dialog.get_by_role("button", name="Save").click()

    await wait_for(lambda: has_run(home_assistant, ran=False), "the automation to be there")
    # Within two days there is such a moment, whatever the time of day is now.
    for _ in range(2 * 24 * 6):
        if surplus(meter) > enough:
            break
        simulator.clock.advance(600, step=60)
    await wait_for(lambda: has_run(home_assistant, ran=True), "the automation to run")


async def has_run(home_assistant: Client, *, ran: bool) -> bool:
    """Return whether the automation is on, and has run or not as expected."""
    states = {state["entity_id"]: state for state in await home_assistant.get("/api/states")}
    found = states.get("automation.sun")
    return (
        found is not None
        and found["state"] == "on"
        and (found["attributes"]["last_triggered"] is not None) is ran
    )


def surplus(meter: Meter) -> int:
    """Return how many W the site exports now."""
    power = meter.truth()["W"]
    assert power is not None
    return -int(power)
