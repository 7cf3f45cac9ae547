"""The energy of a month by time of day: the view of the dashboard, and the card in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
import re
from typing import Any

from playwright.async_api import Locator, Route, ViewportSize, expect
import pytest

from tests.e2e.axe import assert_accessible
from tests.e2e.pictures import picture
from tests.e2e.visit import visit

from .history import keep_history, last_month, outages
from .home import HISTORY, WIDE, Home, dashboard

PHONE = ViewportSize(width=390, height=844)
REPLACE_ANSWER = """({ failing }) => {
    const app = document.querySelector("home-assistant");
    window.realCall ??= app.hass.callWS;
    const fails = ({ service }) => failing && service === "get_intervals";
    const callWS = (message) => fails(message)
        ? Promise.reject({ message: "The disk is full." }) : window.realCall(message);
    app.hass = { ...app.hass, callWS };
}"""


@pytest.fixture(scope="module")
async def history(shared_home: Home) -> Home:
    """Let one meter have a history, and make a dashboard of it."""
    await keep_history(shared_home, "wye")
    strategy = {"type": "custom:dts307", "device_id": shared_home.devices["wye"]}
    await dashboard(shared_home, "of-history", strategy)
    return shared_home


@pytest.fixture
async def card(home: Home, history: Home) -> AsyncIterator[Locator]:
    """Look at the month before this one on a wide screen."""
    assert history is home
    await home.page.set_viewport_size(WIDE)
    await visit(home.page, "/of-history/history")
    card = home.card(HISTORY)
    await card.get_by_role("button", name="Previous month").click()
    await expect(card.locator(".month")).to_have_text(f"{last_month(datetime.now(UTC)):%B %Y}")
    await expect(card.locator(".figure").first).to_contain_text("kWh")
    yield card
    await home.page.emulate_media(color_scheme="light")
    await home.page.set_viewport_size(WIDE)


async def ask(home: Home, action: str, **data: Any) -> Any:
    """Return the response of an action of the integration about the meter with a history."""
    answer = await home.client.command(
        "call_service",
        domain="dts307",
        service=action,
        service_data={"config_entry_id": await home.entry_id("wye"), **data},
        return_response=True,
    )
    return answer["response"]


async def intervals(home: Home) -> list[dict[str, Any]]:
    begin = last_month(datetime.now(UTC))
    end = (begin + timedelta(days=32)).replace(day=1)
    answer = await ask(home, "get_intervals", start=begin.isoformat(), end=end.isoformat())
    found: list[dict[str, Any]] = answer["intervals"]
    return found


def of_day(card: Locator, day: int) -> Locator:
    return card.locator(".strip").nth(day - 1)


async def test_a_month(home: Home, card: Locator) -> None:
    """Its sums are those of the action; what was not measured is hatched, and listed."""
    found = await intervals(home)
    for name, figure in (("imported", 0), ("exported", 1)):
        total = sum(interval[name] for interval in found)
        await expect(card.locator(".figure").nth(figure)).to_contain_text(f"{total:,.2f} kWh")
    # A night is in two rows.
    await expect(card.locator(".run.estimated")).to_have_count(3)
    listed = card.locator(".runs li")
    await expect(listed).to_have_count(len(outages(datetime.now(UTC))))
    await expect(listed.first).to_contain_text(re.compile(r"7, .+ PM.+Estimated: Imported .+kWh"))
    rows = card.get_by_role("grid").get_by_role("row")
    await expect(rows.nth(2)).to_be_visible()
    assert len(found) == 96 * await rows.count()
    await expect(card.locator(".row:nth-child(2) .sum").first).to_have_text(
        f"{sum(interval['imported'] for interval in found[:96]):.2f}"
    )


async def test_pointing_at_an_interval(card: Locator) -> None:
    """It is described above, and nothing moves meanwhile."""
    strip = of_day(card, 7)
    before = await strip.bounding_box()
    assert before is not None
    await strip.hover(position={"x": before["width"] * 14.1 / 24, "y": 5})
    detail = card.locator(".detail")
    await expect(detail).to_contain_text("7, 2:00 PM\N{EN DASH}2:15 PM Estimated")
    await expect(detail).to_contain_text(re.compile(r"\d\.\d{3} to \d\.\d{3}\s+kWh"))
    assert await strip.bounding_box() == before
    await card.locator("h2").hover()
    await expect(detail).to_contain_text("Whole month")


async def test_keys(home: Home, card: Locator) -> None:
    """Screen readers hear of the interval that the keys lead to."""
    grid = card.get_by_role("grid")
    await grid.focus()
    selected = grid.get_by_role("gridcell")
    await expect(selected).to_have_attribute(
        "aria-label", re.compile("11:45 PM\N{EN DASH}12:00 AM, Imp")
    )
    for key in ("Home", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowUp"):
        await home.page.keyboard.press(key)
    await expect(selected).to_have_attribute(
        "aria-label", re.compile("12:15 AM\N{EN DASH}12:30 AM, Imp")
    )
    await expect(card.locator(".detail")).to_contain_text("12:15 AM\N{EN DASH}12:30 AM Measured")
    await assert_accessible(home.page.locator(HISTORY))
    await home.page.keyboard.press("PageDown")
    await expect(card.locator(".month")).to_have_text(f"{datetime.now(UTC):%B %Y}")
    following = card.get_by_role("button", name="Next month")
    await expect(following).to_have_attribute("aria-disabled", "true")
    # There, the keys begin at what is known last.
    await expect(selected).to_have_count(0)
    await expect(card.locator(".figure").first).to_contain_text("kWh")
    await home.page.keyboard.press("ArrowLeft")
    await expect(selected).to_have_count(1)


async def test_registers_at_midnight(home: Home, card: Locator) -> None:
    await card.get_by_text("Days in numbers").click()
    row = card.locator("tbody tr").nth(9)
    midnight = last_month(datetime.now(UTC)) + timedelta(days=9)
    registers = await ask(home, "get_registers", at=midnight.isoformat())
    for name, column in (("imported", 2), ("exported", 3)):
        await expect(row.locator("td").nth(column)).to_have_text(f"{registers[name]:,.2f}")
    await assert_accessible(home.page.locator(HISTORY))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_on_a_phone(home: Home, card: Locator, *, dark: bool) -> None:
    """Nothing is cut off, nor to be scrolled to the side."""
    await home.page.emulate_media(color_scheme="dark" if dark else "light")
    await home.page.set_viewport_size(PHONE)
    await card.get_by_text("Days in numbers").click()
    await expect(card.locator(".sum").first).to_be_hidden()
    for part in await card.locator(".map, table, .downloads, .legend").all():
        assert await part.evaluate("(part) => part.scrollWidth <= part.clientWidth")
    box = await of_day(card, 7).bounding_box()
    assert box is not None
    assert box["width"] > 0.7 * PHONE["width"]
    await of_day(card, 7).click(position={"x": box["width"] * 14.1 / 24, "y": 5})
    await expect(card.locator(".detail")).to_contain_text("2:00 PM\N{EN DASH}2:15 PM Estimated")
    await assert_accessible(home.page.locator(HISTORY))


async def test_a_month_that_cannot_be_had(home: Home, card: Locator) -> None:
    """The card says why, and keeps its form; trying again helps."""
    grid = card.get_by_role("grid")
    before = await grid.bounding_box()
    following = card.get_by_role("button", name="Next month")
    async with failing(home):
        await following.click()
        await expect(card.get_by_role("alert")).to_have_text(
            "The history could not be loaded. The disk is full."
        )
        assert await grid.bounding_box() == before
        await assert_accessible(home.page.locator(HISTORY))
    await card.get_by_role("button", name="Retry").click()
    await expect(card.locator(".figure").first).to_contain_text("kWh")
    assert await grid.bounding_box() == before


@pytest.mark.parametrize(
    ("name", "ending"),
    [("CSV", ".csv"), ("Green Button", "_green_button.xml"), ("NEM12", "_nem12.csv")],
)
async def test_a_download(home: Home, card: Locator, name: str, ending: str) -> None:
    """The file has the month and the format in its name."""
    async with home.page.expect_download() as started:
        await card.get_by_role("button", name=name).click()
    download = await started.value
    month = f"{last_month(datetime.now(UTC)):%Y-%m}"
    assert download.suggested_filename.endswith(f"_{month}{ending}")
    assert await download.failure() is None


async def test_a_file_that_cannot_be_made(home: Home, card: Locator) -> None:
    """The card says why, in the words of Home Assistant."""
    await home.page.route("**/api/dts307/**", refuse)
    await card.get_by_role("button", name="CSV").click()
    await expect(card.get_by_role("status").last).to_have_text(
        "The file could not be made. Nothing is known of that time."
    )
    await home.page.unroute_all()
    # Browsers report a refusal by its address.
    assert len(home.complaints) == 1
    home.complaints.clear()


async def refuse(route: Route) -> None:
    await route.fulfill(status=400, json={"message": "Nothing is known of that time."})


@asynccontextmanager
async def failing(home: Home) -> AsyncIterator[None]:
    """Let the action of the integration fail."""
    await home.page.evaluate(REPLACE_ANSWER, {"failing": True})
    try:
        yield
    finally:
        await home.page.evaluate(REPLACE_ANSWER, {"failing": False})


async def test_the_first_day(home: Home) -> None:
    """Until an interval is over, the card says that it waits for it."""
    strategy = {"type": "custom:dts307", "device_id": home.devices["delta"]}
    await dashboard(home, "of-first-day", strategy)
    await visit(home.page, "/of-first-day/history")
    card = home.card(HISTORY)
    waiting = card.get_by_text("The first complete interval will show here.")
    # It may be over by now.
    await expect(waiting.or_(card.locator(".figure")).first).to_be_visible()
    previous = card.get_by_role("button", name="Previous month")
    await expect(previous).to_have_attribute("aria-disabled", "true")
    await assert_accessible(home.page.locator(HISTORY))


async def test_pictures(home: Home, card: Locator) -> None:
    """A month with an afternoon and a night that were not measured."""
    await home.page.set_viewport_size({"width": 1280, "height": 1400})
    box = await of_day(card, 7).bounding_box()
    assert box is not None
    await of_day(card, 7).click(position={"x": box["width"] * 14.1 / 24, "y": 5})
    for dark, name in ((False, "history-light"), (True, "history-dark")):
        await home.page.emulate_media(color_scheme="dark" if dark else "light")
        await expect(card.locator(".detail")).to_contain_text("Estimated")
        await picture(card, name, steady=False, colours=256)
