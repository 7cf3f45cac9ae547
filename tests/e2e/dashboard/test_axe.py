"""axe-core finds nothing wrong in our elements.

Home Assistant's own elements around them are not looked at. The tests of the editors, of the setup
and of repairs let axe-core look at their dialogs.
"""

from typing import Any

from playwright.async_api import expect
import pytest

from tests.e2e.axe import assert_accessible, assert_dialog_accessible
from tests.e2e.visit import visit

from .home import CARD, NARROW, PHASORS, Home, dashboard, overload, shows


async def test_a_finding_is_found(home: Home) -> None:
    """axe-core looks into the shadows of our elements."""
    await home.show("wye")
    await shows(home.card(), " A")
    await home.card().evaluate("(card) => card.shadowRoot.append(document.createElement('img'))")
    for finds in (assert_accessible, assert_dialog_accessible):
        with pytest.raises(AssertionError, match="image-alt"):
            await finds(home.page.locator(CARD).first)
    await home.card().evaluate("(card) => card.shadowRoot.lastElementChild.remove()")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_cards(home: Home, *, dark: bool) -> None:
    for view, kind in (("wye", CARD), ("delta", CARD), ("delta-phasors", PHASORS)):
        await home.show(view, dark=dark)
        await shows(home.card(kind), " A")
        await assert_accessible(home.page.locator(kind).first)
    await home.show("both", size=NARROW, dark=dark)
    await assert_accessible(home.page.locator(CARD).first)
    await assert_accessible(home.page.locator(PHASORS).first)


async def test_a_compact_card(home: Home) -> None:
    card: dict[str, Any] = {"type": f"custom:{CARD}", "device_id": home.devices["wye"]}
    views = [{"path": "small", "cards": [{**card, "compact": True}]}]
    await home.client.command(
        "lovelace/dashboards/create", url_path="of-axe", title="Axe", mode="storage"
    )
    await home.client.command("lovelace/config/save", url_path="of-axe", config={"views": views})
    await visit(home.page, "/of-axe/small")
    await shows(home.card(), "W")
    await assert_accessible(home.page.locator(CARD))


async def test_an_overload(home: Home) -> None:
    async with overload(home):
        await assert_accessible(home.page.locator(CARD).first)


async def test_what_is_not_available(home: Home) -> None:
    meters = [home.meter("wye")]
    await home.simulator.set_plugged(plugged=False, meters=meters)
    try:
        for view, kind in (("wye", CARD), ("wye-phasors", PHASORS)):
            await home.show(view)
            await expect(home.card(kind)).to_contain_text("does not answer")
            await assert_accessible(home.page.locator(kind).first)
    finally:
        await home.simulator.set_plugged(plugged=True, meters=meters)
    await home.show("gone")
    await shows(home.card(), "no longer set up")
    await assert_accessible(home.page.locator(CARD).first)


async def test_views(home: Home) -> None:
    """Those of the dashboard's views that have cards of ours."""
    await dashboard(home, "of-axe-views", {"type": "custom:dts307"})
    for view in ("now", "today"):
        await visit(home.page, f"/of-axe-views/{view}")
        await shows(home.card(), "The delta meter")
        for kind in (CARD, PHASORS):
            for card in await home.page.locator(kind).all():
                await assert_accessible(card)
