"""The dashboard that one line makes."""

from functools import partial
import json
import re
from typing import Any

from playwright.async_api import expect
import pytest

from scripts.dev.client import wait_for
from scripts.dev.processes import REPOSITORY
from tests.e2e.visit import visit

from .home import WIDE, Home, dashboard

VIEWS = {
    "now": ("dts307-card", "dts307-phasor-card", "hui-gauge-card", "hui-history-graph-card"),
    "today": ("dts307-card", "hui-history-graph-card"),
    "period": ("hui-tile-card",),
    "history": ("dts307-intervals-card",),
    "quality": ("hui-tile-card",),
    "link": ("hui-tile-card", "hui-history-graph-card"),
}
TODAY = """async () => {
    const strategy = customElements.get("ll-strategy-dashboard-dts307");
    const { hass } = document.querySelector("home-assistant");
    const { views } = await strategy.generate({ type: "custom:dts307" }, hass);
    const { max_columns, sections } = views.find(({ path }) => path === "today");
    return [max_columns, sections.map(({ column_span }) => column_span)];
}"""
SOURCE = REPOSITORY / "frontend/src"
TOO_LONG = """(tile, names) => {
    const shown = tile.shadowRoot.querySelector("[slot=primary]");
    const { fontWeight, fontSize, fontFamily } = getComputedStyle(shown);
    const context = document.createElement("canvas").getContext("2d");
    context.font = `${fontWeight} ${fontSize} ${fontFamily}`;
    const room = shown.getBoundingClientRect().width;
    return names.filter((name) => context.measureText(name).width > room);
}"""
ERRORS = "hui-error-card, hui-error-section, ha-alert[alert-type=error]"


async def test_all_meters(home: Home) -> None:
    """Every view has what it is to show, of each meter, and no card complains."""
    await dashboard(home, "of-all", {"type": "custom:dts307"})
    for view, cards in VIEWS.items():
        await home.go(f"/of-all/{view}")
        for card in cards:
            await expect(home.page.locator(card).first).to_be_attached()
        for name in home.devices:
            heading = home.page.get_by_text(f"The {name} meter").first
            await expect(heading).to_be_attached()
        await expect(home.page.locator(ERRORS)).to_have_count(0)
        await expect(home.page.get_by_text("No statistics found")).to_have_count(0)


async def test_one_meter(home: Home) -> None:
    strategy = {"type": "custom:dts307", "device_id": home.devices["split"]}
    await dashboard(home, "of-one", strategy)
    await home.page.set_viewport_size(WIDE)
    await home.go("/of-one/now")
    await expect(home.page.locator("dts307-card")).to_have_count(1)
    await expect(home.card()).to_contain_text("The split meter")
    await expect(home.page.get_by_text("Phasors", exact=True).first).to_be_visible()
    await expect(home.page.get_by_text("Exporting: ")).to_have_count(0)
    energies = await home.card().locator(".counter").all_inner_texts()
    await home.go("/of-one/today")
    await expect(home.page.locator("dts307-faceplate")).to_have_count(0)
    await expect(home.card().locator(".counter")).to_have_text(energies, use_inner_text=True)
    # Home Assistant may have begun an hour meanwhile.
    later = home.page.get_by_text("Statistics begin with the next full hour")
    await expect(later.or_(home.page.locator("hui-statistics-graph-card")).first).to_be_visible()
    # As much room was kept for the card as it takes.
    kept = "(card) => parseInt(getComputedStyle(card).getPropertyValue('--dts-narrow-height'))"
    box = await home.card().bounding_box()
    assert box is not None
    assert box["height"] == pytest.approx(await home.card().evaluate(kept), abs=1)


async def test_names_of_tiles(home: Home) -> None:
    """They fit beside each other on a phone, and in one of three columns."""
    quoted = re.findall(r'"(\w+)"', (SOURCE / "dashboard/tile-names.ts").read_text())
    files = (SOURCE / "i18n/translations").glob("*.json")
    translated = [json.loads(file.read_text()) for file in files]
    names = [texts[key] for texts in translated for key in {*quoted} & texts.keys()]
    assert len(names) > 6 * 15
    await dashboard(home, "of-tiles", {"type": "custom:dts307"})
    tile = home.page.locator("hui-tile-card:visible").first
    for width, view, name in ((390, "period", "Imported"), (1400, "now", "Overload")):
        await home.page.set_viewport_size({"width": width, "height": 900})
        await home.go(f"/of-tiles/{view}")
        await expect(tile).to_contain_text(name)
        # A resized page needs a moment.
        too_long = partial(tile.evaluate, TOO_LONG, ["Imported this period"])
        await wait_for(too_long, "the tile to be narrow")
        assert await tile.evaluate(TOO_LONG, names) == []


async def test_what_the_energy_dashboard_counts(home: Home) -> None:
    """Its cards come once, be it the grid, the sun or a device that it has from our meters."""
    await dashboard(home, "of-energy", {"type": "custom:dts307"})
    solar, device = await home.entities("single"), await home.entities("split")
    source = {
        "type": "solar",
        "stat_energy_from": solar["energy_exported"],
        "config_entry_solar_forecast": None,
    }
    consumption = {"stat_consumption": device["energy_imported"]}
    none: dict[str, list[dict[str, Any]]] = {"energy_sources": [], "device_consumption": []}
    cards = home.page.locator("hui-energy-distribution-card")
    for prefs, count in (
        (none, 0),
        ({**none, "energy_sources": [source]}, 1),
        ({**none, "device_consumption": [consumption]}, 1),
        ({"energy_sources": [source], "device_consumption": [consumption]}, 1),
    ):
        await home.client.command("energy/save_prefs", **prefs)
        await visit(home.page, "/of-energy/today")
        await expect(home.page.get_by_text("The split meter: Today")).to_be_visible()
        await expect(cards).to_have_count(count)
    # With one more section for one of the meters, each still begins a row of its own.
    columns, spans = await home.page.evaluate(TODAY)
    assert columns == 3
    assert sum(spans) == columns * len(home.devices)
    await home.client.command("energy/save_prefs", **none)
