"""Putting a card on a dashboard, and making a dashboard of the strategy, by clicking."""

from contextlib import suppress
from typing import Any

from playwright.async_api import expect

from scripts.dev.client import HomeAssistantError, wait_for
from tests.e2e.axe import assert_dialog_accessible
from tests.e2e.visit import visit

from .home import Home, dashboard, shows


async def test_add_a_card(home: Home) -> None:
    """It is offered with a preview; meter, name, form and phases are chosen in a form."""
    page = home.page
    await home.client.command(
        "lovelace/dashboards/create", url_path="of-mine", title="Mine", mode="storage"
    )
    view = {"type": "sections", "sections": [{"type": "grid", "cards": []}]}
    await home.client.command("lovelace/config/save", url_path="of-mine", config={"views": [view]})
    await visit(page, "/of-mine/0?edit=1")
    await page.locator("hui-grid-section .add").first.click()
    dialog = page.locator("hui-dialog-create-card")
    await dialog.locator("input").first.fill("Power split")
    await dialog.get_by_role("button", name="Power The split meter").first.click()
    suggested = dialog.locator("dts307-card .headline, dts307-phasor-card .table")
    await expect(suggested).to_have_count(2)

    await dialog.get_by_text("By card", exact=True).click()
    await dialog.locator("input").first.fill("DTS 307")
    offered = dialog.locator(".card").filter(has_text="DTS 307 meter")
    await expect(offered.locator("dts307-card .headline")).to_be_visible()
    await offered.locator(".overlay").click()

    editor = page.locator("hui-dialog-edit-card")
    picker = editor.locator("ha-device-picker")
    await expect(picker).to_contain_text("The delta meter")
    await expect(editor.locator("ha-form ha-selector")).to_have_count(5)
    for label in ("Meter", "Name", "Compact: ", "Hide the faceplate", "Phases (none: all)"):
        await expect(editor.get_by_text(label).first).to_be_visible()
    heading = editor.locator("dts307-card h2")
    for _ in range(3):
        await picker.click()
        await page.get_by_text("The split meter").last.click()
        # Home Assistant may redraw its list under the click, which then chooses nothing.
        with suppress(AssertionError):
            await expect(heading).to_have_text("The split meter")
            break
    await expect(heading).to_have_text("The split meter")
    await expect(editor.locator("dts307-faceplate")).to_be_visible()
    await expect(editor.locator("dts307-card .phase")).to_have_count(2)
    await editor.locator("ha-selector-text input").fill("Garage")
    await expect(heading).to_have_text("Garage")
    await editor.locator("ha-selector-select").get_by_text("B", exact=True).click()
    await expect(editor.locator("dts307-card .phase")).to_have_count(1)
    await expect(editor.locator("dts307-card .phase")).to_contain_text("B")
    await assert_dialog_accessible(editor)
    switches = editor.locator("ha-selector-boolean ha-switch")
    await switches.nth(1).click()
    await expect(editor.locator("dts307-faceplate")).to_have_count(0)
    await switches.nth(0).click()
    await expect(editor.locator("dts307-card .phase")).to_have_count(0)
    await editor.get_by_text("Save", exact=True).click()

    async def saved() -> Any:
        config = await home.client.command("lovelace/config", url_path="of-mine")
        return config["views"][0]["sections"][0]["cards"]

    (card,) = await wait_for(saved, "the card to be saved")
    assert card == {
        "type": "custom:dts307-card",
        "device_id": home.devices["split"],
        "name": "Garage",
        "compact": True,
        "hide_faceplate": True,
        "phases": ["B"],
    }


async def test_make_a_dashboard(home: Home) -> None:
    """It is offered among the others, and one line is all that is kept of it."""
    page = home.page
    await home.go("/config/lovelace/dashboards")
    await page.get_by_text("Add dashboard", exact=True).first.click()
    offered = page.get_by_role("button", name="DTS 307", exact=True)
    await expect(offered).to_contain_text("All about your meters")
    await offered.click()
    await page.get_by_role("button", name="Create", exact=True).click()

    async def made() -> Any:
        for found in await home.client.command("lovelace/dashboards/list"):
            if found["title"] == "DTS 307":
                path = found["url_path"]
                # It is listed a moment before it has a content.
                with suppress(HomeAssistantError):
                    return await home.client.command("lovelace/config", url_path=path)
        return None

    config = await wait_for(made, "the dashboard to be made")
    assert config == {"strategy": {"type": "custom:dts307"}}


async def test_choose_the_meter_of_a_dashboard(home: Home) -> None:
    page = home.page
    await dashboard(home, "of-my-choice", {"type": "custom:dts307"})
    await visit(page, "/of-my-choice/now")
    await shows(home.card(), "The delta meter")
    await page.get_by_role("button", name="Edit dashboard").first.click()
    editor = page.locator("dts307-dashboard-editor")
    await expect(editor).to_contain_text("Leave empty for all meters")
    await assert_dialog_accessible(editor)
    await editor.locator("ha-device-picker").click()
    await page.get_by_text("The split meter").last.click()
    await expect(editor).to_contain_text("Meter")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("dts307-card")).to_have_count(1)
    await shows(home.card(), "The split meter")
    assert await home.client.command("lovelace/config", url_path="of-my-choice") == {
        "strategy": {"type": "custom:dts307", "device_id": home.devices["split"]}
    }
