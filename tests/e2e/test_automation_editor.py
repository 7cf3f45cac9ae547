"""An owner builds automations by clicking: with a trigger and a condition, and of a blueprint."""

from aiohttp import web
from playwright.async_api import Page, expect

from scripts.dev.client import Client, wait_for
from scripts.dev.flows import add_entry, set_options
from scripts.dev.processes import LOOPBACK, REPOSITORY
from simulator import Simulator
from simulator.meter import Meter

from .pictures import picture


async def test_run_something_on_surplus(
    page: Page, home_assistant: Client, simulator: Simulator
) -> None:
    """The editor offers the meter's triggers and conditions, and the automation runs."""
    meter = simulator.meters[0]
    await add_meter(home_assistant, simulator)
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
    await page.get_by_text("Add condition").first.click()
    await offered.get_by_text("Devices", exact=True).click()
    await offered.get_by_text("DTS 307").first.click()
    for name in ("Is exporting", "Is not answering", "Current level", "Surplus"):
        await expect(offered.get_by_role("button", name=f"{name} DTS 307")).to_be_visible()
    await offered.get_by_role("button", name="Is not overloaded DTS 307").click()
    await expect(offered).to_have_count(0)
    await page.get_by_text("Save", exact=True).click()
    dialog = page.locator("ha-dialog-automation-save")
    await dialog.locator("input").first.fill("Sun")
    await dialog.get_by_role("button", name="Save").click()

    await wait_for(lambda: has_run(home_assistant, "sun", ran=False), "the automation")
    automation = await home_assistant.get("/api/states/automation.sun")
    number = automation["attributes"]["id"]
    saved = await home_assistant.get(f"/api/config/automation/config/{number}")
    assert [each["condition"] for each in saved["conditions"]] == ["dts307.is_not_overloaded"]
    # Within two days there is such a moment, whatever the time of day is now.
    for _ in range(2 * 24 * 6):
        if surplus(meter) > enough:
            break
        simulator.clock.advance(600, step=60)
    await wait_for(lambda: has_run(home_assistant, "sun", ran=True), "the automation to run")


async def test_import_a_blueprint(page: Page, home_assistant: Client, simulator: Simulator) -> None:
    """It is imported by its URL, its form is filled in, and it sends its message."""
    entry_id = await add_meter(home_assistant, simulator)
    await set_options(home_assistant, entry_id, {"settings"}, {"export_hold": 0})
    let_flow(simulator, extra_watts=2000, sun=0)
    app = web.Application()
    app.router.add_static("/", REPOSITORY / "blueprints/automation/dts307")
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        address = f"http://{LOOPBACK}:{runner.addresses[0][1]}/notify_first_export.yaml"
        await page.goto("/config/blueprint/dashboard")
        await page.get_by_text("Import blueprint", exact=True).first.click()
        dialog = page.locator("ha-dialog-import-blueprint")
        await dialog.locator("input").first.fill(address)
        await dialog.get_by_role("button", name="Preview").click()
        await dialog.get_by_role("button", name="Import blueprint").click()
    finally:
        await runner.cleanup()
    await page.get_by_text("Notify about the first surplus").first.click()
    await page.locator("ha-device-picker").click()
    await page.get_by_text("DTS 307", exact=True).last.click()
    await page.get_by_text("Save", exact=True).click()

    name = "notify_about_the_first_surplus_of_the_day_dts_307"
    await wait_for(lambda: has_run(home_assistant, name, ran=False), "the automation")
    let_flow(simulator, extra_watts=0, sun=1)
    await wait_for(lambda: has_run(home_assistant, name, ran=True), "the automation to run")
    await page.get_by_text("Notifications", exact=True).click()
    await expect(page.get_by_text("The sun is paying").last).to_be_visible()


async def add_meter(home_assistant: Client, simulator: Simulator) -> str:
    """Add the meter and return the ID of its entry."""
    answers = {
        "host": LOOPBACK,
        "port": simulator.tcp_port,
        "unit_id": simulator.meters[0].unit,
        "ct_rating": 200,
    }
    entry = await add_entry(home_assistant, "dts307", {"network"}, answers)
    return str(entry["entry_id"])


def let_flow(simulator: Simulator, **tweak: float) -> None:
    """Let the same happen on all phases of the house."""
    meter = simulator.meters[0]
    house = meter.site.house.tweaked({phase: {"load_factor": 0, **tweak} for phase in "ABC"})
    simulator.set_house(meter, house)


async def has_run(home_assistant: Client, name: str, *, ran: bool) -> bool:
    """Return whether the automation is on, and has run or not as expected."""
    states = {state["entity_id"]: state for state in await home_assistant.get("/api/states")}
    found = states.get(f"automation.{name}")
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
