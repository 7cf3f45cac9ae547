"""What a page downloads of the cards, when, and what it shows until then or when it cannot."""

import asyncio
from collections.abc import AsyncIterator
import json
from urllib.parse import urlsplit

from playwright.async_api import Page, Request, Route, expect
import pytest

from tests.e2e.visit import visit

from .home import CARD, DASHBOARD, PHASORS, WIDE, Home, dashboard, shows

CARD_CHUNK = "**/dts307/meter-card-*.js"
ERROR_CARD = "hui-error-card"
FAILED = "could not be downloaded"
DEFINED = f"customElements.get('{CARD}') !== undefined"


@pytest.fixture
async def downloads(home: Home) -> AsyncIterator[list[str]]:
    """Note the names of our files that the page asks for, up to the hash in them."""
    names: list[str] = []

    def note(request: Request) -> None:
        path = urlsplit(request.url).path
        if path.startswith("/dts307/"):
            names.append(path.removeprefix("/dts307/").removesuffix(".js").rpartition("-")[0])

    await home.page.set_viewport_size(WIDE)
    home.page.on("request", note)
    yield names
    home.page.remove_listener("request", note)
    await home.page.unroute_all()


async def test_a_page_without_cards(home: Home, downloads: list[str]) -> None:
    """It downloads the main module and no chunk. The first card on the way downloads its own."""
    await visit(home.page, "/profile/general")
    await home.page.wait_for_function(DEFINED)
    await home.page.wait_for_load_state("networkidle")
    assert downloads == [""]
    names = await names_of_cards(home.page)
    assert names == ["DTS 307 meter", "DTS 307 phasors", "DTS 307 history"]
    assert downloads == [""]

    await home.go(f"{DASHBOARD}/wye")
    await shows(home.card(), "The wye meter")
    assert downloads.pop(0) == ""
    assert sorted(downloads) == ["chunk", "chunk", "meter-card"]

    await home.go(f"{DASHBOARD}/wye-phasors")
    await shows(home.card(PHASORS), "The wye meter")
    assert downloads[3:] == ["phasor-card"]


async def refuse(route: Route) -> None:
    await route.abort()


async def names_of_cards(page: Page) -> list[str]:
    names: list[str] = await page.evaluate(
        "window.customCards.filter(({ type }) => type.startsWith('dts307')).map(({ name }) => name)"
    )
    return names


@pytest.mark.usefixtures("downloads")
async def test_a_card_waits_for_its_chunk(home: Home) -> None:
    """Its place is as high before as after, and Home Assistant shows no error card."""
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await home.page.route(CARD_CHUNK, hold)
    await visit(home.page, f"{DASHBOARD}/wye")
    card = home.page.locator(CARD)
    await expect(card.locator("ha-card")).to_be_visible()
    before = await card.bounding_box()
    await expect(home.page.locator(ERROR_CARD)).to_have_count(0)
    await expect(home.card()).to_have_count(0)
    held.set()
    await shows(home.card(), "The wye meter")
    await expect(home.page.locator(ERROR_CARD)).to_have_count(0)
    after = await card.bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] == pytest.approx(after["height"], abs=4)


@pytest.mark.usefixtures("downloads")
async def test_a_chunk_that_cannot_be_downloaded(home: Home) -> None:
    """The card says so, and offers to try again; if that does not help, to reload the page."""
    await home.page.route(CARD_CHUNK, refuse)
    await visit(home.page, f"{DASHBOARD}/wye")
    card = home.page.locator(CARD)
    retry = card.get_by_role("button", name="Retry")
    await expect(card.locator("ha-alert")).to_contain_text(FAILED)
    await expect(retry).to_be_visible()
    await home.page.unroute(CARD_CHUNK)
    await retry.click()
    await shows(home.card(), "The wye meter")
    assert_reported(home)

    await home.page.route(CARD_CHUNK, refuse)
    await home.page.reload()
    await retry.click()
    refresh = card.get_by_role("button", name="Refresh")
    await expect(refresh).to_be_visible()
    await home.page.unroute(CARD_CHUNK)
    await refresh.click()
    await shows(home.card(), "The wye meter")
    assert_reported(home)


@pytest.mark.usefixtures("downloads")
async def test_after_a_lost_connection_it_tries_by_itself(home: Home) -> None:
    """A wall tablet has to recover by itself after a restart of Home Assistant."""
    await home.page.route(CARD_CHUNK, refuse)
    await visit(home.page, f"{DASHBOARD}/wye")
    card = home.page.locator(CARD)
    await expect(card.locator("ha-alert")).to_contain_text(FAILED)
    await home.page.unroute(CARD_CHUNK)
    for connected in (False, True):
        await card.evaluate(
            "(card, connected) => { card.hass = { ...card.hass, connected }; }", connected
        )
    await shows(home.card(), "The wye meter")
    assert_reported(home)


@pytest.mark.usefixtures("downloads")
async def test_the_dashboard_cannot_be_downloaded(home: Home) -> None:
    await dashboard(home, "of-failure", {"type": "custom:dts307"})
    await home.page.route("**/dts307/dashboard-*.js", refuse)
    await visit(home.page, "/of-failure")
    await expect(home.page.locator("hui-markdown-card")).to_contain_text(FAILED)
    assert_reported(home)
    await home.page.unroute_all()
    await home.page.reload()
    await expect(home.card()).to_be_visible()


@pytest.mark.parametrize("reachable", [True, False])
async def test_a_language(home: Home, downloads: list[str], *, reachable: bool) -> None:
    """Only the language of the page is downloaded; where it cannot be, texts are in English."""
    if not reachable:
        await home.page.route("**/dts307/de-*.js", refuse)
    language = json.dumps(json.dumps("de"))
    await home.page.evaluate(f"localStorage.setItem('selectedLanguage', {language})")
    try:
        await visit(home.page, f"{DASHBOARD}/wye")
        await shows(home.card(), "Heute" if reachable else "Today")
        assert sorted(downloads) == ["", "chunk", "chunk", "de", "meter-card"]
    finally:
        await home.page.evaluate("localStorage.removeItem('selectedLanguage')")
        await visit(home.page, f"{DASHBOARD}/wye")
        await shows(home.card(), "Today")
    if not reachable:
        assert_reported(home)


def assert_reported(home: Home) -> None:
    """Expect the browser to log what could not be downloaded, and nothing else."""
    assert home.complaints
    assert all("Failed" in complaint or FAILED in complaint for complaint in home.complaints)
    home.complaints.clear()
