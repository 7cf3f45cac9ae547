"""What the card shows of each kind of service, in both themes, on a phone and on a wide screen."""

import contextlib
from typing import Any

from playwright.async_api import Locator, ViewportSize, expect
import pytest

from scripts.dev.client import HomeAssistantError, wait_for

from .home import CARD, NARROW, PHASORS, SERVICE_CURRENT, SERVICES, WIDE, Home, shows

PHASES = {"wye": "ABC", "single": "", "split": "AB", "delta": "ABC"}

OVERFLOWING = """(card) => {
    const inside = (root) => [...root.querySelectorAll("*")].flatMap((element) =>
        [element, ...(element.shadowRoot ? inside(element.shadowRoot) : [])]);
    const { left, right } = card.getBoundingClientRect();
    const clipped = (box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0;
    return inside(card.shadowRoot)
        .filter((box) => !box.closest(".line") && box.localName !== "ha-icon")
        .filter((box) => {
            const area = box.getBoundingClientRect();
            return area.width > 0 && (area.right > right + 0.5 || area.left < left - 0.5)
                || box.matches("ha-card, button, h2, h3, dd, .notice") && clipped(box);
        })
        .map((box) => box.outerHTML);
}"""

CONTRAST = """(card) => {
    const channels = (colour) => {
        const numbers = colour.match(/[\\d.]+/g).map(Number);
        // Mixed colours have channels from 0 to 1.
        return colour.startsWith("color(") ? numbers.map((share) => 255 * share) : numbers;
    };
    const luminance = ([red, green, blue]) => {
        const [r, g, b] = [red, green, blue].map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const shadow = card.shadowRoot;
    const ground = luminance(channels(
        getComputedStyle(shadow.querySelector("ha-card")).backgroundColor));
    const probe = shadow.querySelector("h2");
    const contrast = (colour) => {
        const [low, high] = [luminance(channels(colour)), ground].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const found = {};
    for (const text of shadow.querySelectorAll("h2, h3, p, span, button, text")) {
        const style = getComputedStyle(text);
        const dimmed = [text, text.parentElement].some((one) => getComputedStyle(one).opacity < 1);
        const colour = text.localName === "text" ? style.fill : style.color;
        found[text.outerHTML] = dimmed ? 0 : contrast(colour);
    }
    for (const name of ["green", "orange", "red", "a", "b", "c"]) {
        probe.style.color = `var(--dts-${name})`;
        found[name] = contrast(getComputedStyle(probe).color);
        probe.style.color = "";
    }
    return found;
}"""
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("service", SERVICES)
async def test_layout(home: Home, service: str, *, dark: bool, size: ViewportSize) -> None:
    """Everything is there, is true, fits in, and can be read."""
    await home.show(service, dark=dark, size=size)
    card = home.card()
    truth = home.meter(service).truth()
    assert truth["W"] is not None
    await shows(card, f"{abs(truth['W']):,.0f}")
    await expect(card).to_contain_text("Exporting" if truth["W"] < 0 else "Importing")
    await expect(card.locator(".phase")).to_have_count(len(PHASES[service]) or 1)
    for row, name in enumerate(PHASES[service] or [""]):
        await shows_phase(card.locator(".phase").nth(row), truth, name and f"ph{name}", service)

    await can_be_read(card)


async def can_be_read(card: Locator) -> None:
    """Wait until everything fits in, as a resized page needs a moment; and check the colours."""
    overflowing: list[str] = []

    async def fits() -> bool:
        nonlocal overflowing
        overflowing = await card.evaluate(OVERFLOWING)
        return not overflowing

    with contextlib.suppress(HomeAssistantError):
        await wait_for(fits, "everything to fit in", seconds=10)
    assert overflowing == []
    contrasts = await card.evaluate(CONTRAST)
    assert {text: ratio for text, ratio in contrasts.items() if ratio < LEAST_CONTRAST} == {}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_layout_of_the_phasors(home: Home, *, dark: bool, size: ViewportSize) -> None:
    await home.show("wye-phasors", dark=dark, size=size)
    card = home.card(PHASORS)
    await shows(card, "120°")
    await can_be_read(card)


async def test_as_small_as_a_section_lets_them_be(home: Home) -> None:
    await home.show("wye-small", size=NARROW)
    for kind in (CARD, PHASORS):
        card = home.card(kind)
        await shows(card, "The wye meter")
        await shows(card, " A")
        await can_be_read(card)


async def test_in_a_theme_that_does_not_say_that_it_is_dark(home: Home) -> None:
    """Home Assistant takes it for a light one; what counts is the colour of its text."""
    await home.show("wye")
    card = home.card()
    await shows(card, "The wye meter")
    await shows(card, " A")
    theme = """(card) => Object.entries({
        "--primary-text-color": "#e1e1e1",
        "--secondary-text-color": "#9b9b9b",
        "--card-background-color": "#1c1c1c",
        "--ha-card-background": "#1c1c1c",
    }).forEach(([name, value]) => card.style.setProperty(name, value))"""
    try:
        await card.evaluate(theme)
        await expect(card.locator("ha-card")).to_have_css("background-color", "rgb(28, 28, 28)")
        await can_be_read(card)
    finally:
        await card.evaluate("(card) => card.removeAttribute('style')")


async def test_without_mixed_colours(home: Home) -> None:
    """A browser that cannot mix colours has plain ones; bars and arrows are there all the same."""
    await home.show("wye")
    card = home.card()
    await shows(card, "The wye meter")
    await shows(card, " A")
    fill = card.locator(".fill").first
    mixed = await fill.evaluate("(bar) => getComputedStyle(bar).backgroundColor")
    plain = await fill.evaluate(
        """(bar) => {
            for (const sheet of bar.getRootNode().adoptedStyleSheets) {
                const kinds = [...sheet.cssRules].map((rule) => rule.constructor);
                const place = kinds.indexOf(CSSSupportsRule);
                if (place >= 0) sheet.deleteRule(place);
            }
            return getComputedStyle(bar).backgroundColor;
        }"""
    )
    assert plain.startswith("rgb(")
    assert plain != mixed
    await home.page.reload()


async def test_from_right_to_left(home: Home) -> None:
    """Arrows lead from the grid to the house, and bars reach their marks, in Hebrew, too."""
    await home.show("wye")
    card = home.card()
    await shows(card, "The wye meter")
    await shows(card, " A")
    places = """(card) => {
        const left = (root, name) => root.querySelector(name).getBoundingClientRect().left;
        const flow = card.shadowRoot.querySelector("dts307-flow").shadowRoot;
        const bar = card.shadowRoot.querySelector(".bar");
        return {
            house: left(flow, ".end:last-child") - left(flow, ".end"),
            fill: left(bar, ".fill") - bar.getBoundingClientRect().left,
        };
    }"""
    try:
        await home.page.evaluate("document.dir = 'rtl'")
        found = await card.evaluate(places)
        assert found["house"] > 0
        assert found["fill"] == pytest.approx(0, abs=1)
    finally:
        await home.page.evaluate("document.dir = 'ltr'")


async def shows_phase(row: Locator, truth: Any, suffix: str, service: str) -> None:
    volts = truth["PhV" + suffix]
    if service == "delta":
        following = dict(zip("ABC", "BCA", strict=True))[suffix[-1]]
        volts = truth[f"PhV{suffix}{following}"]
    await expect(row.locator(".amps")).to_have_text(f"{truth['A' + suffix]:.2f} A")
    await expect(row.locator(".values")).to_contain_text(f"{volts:.1f} V")
    await expect(row.locator(".values")).to_contain_text(f"{truth['W' + suffix]:,.0f} W")
    await expect(row.locator(".values")).to_contain_text(f"{truth['PF' + suffix]:.2f}")
    bar = row.get_by_role("meter")
    # What is beyond the end of a bar is only said by the number beside it.
    drawn = min(truth["A" + suffix], SERVICE_CURRENT)
    assert float(await bar.get_attribute("aria-valuenow") or 0) == pytest.approx(drawn)
    await expect(bar).to_have_attribute("aria-valuemax", "20")


@pytest.mark.parametrize(
    ("role", "place", "word"),
    [("solar", "Solar", "Producing"), ("battery", "Battery", "Discharging")],
)
async def test_the_meter_of_a_source(home: Home, role: str, place: str, word: str) -> None:
    """What it exports flows from the source to the house."""
    home.set_house("single", sun=1.0, load_factor=0.0, extra_watts=0.0)
    home.simulator.clock.advance(5)
    await home.set_options("single", role=role)
    try:
        await home.show("single")
        card = home.card()
        flow = card.locator("dts307-flow")
        await expect(flow.locator(".end").first).to_have_text(place)
        await expect(flow.locator(".end").last).to_have_text("House")
        await expect(flow.locator(".arrows")).to_have_class("arrows onwards")
        power = home.meter("single").truth()["W"]
        assert power is not None
        assert power < 0
        await shows(card, f"{-power:,.0f}")
        await expect(card.locator(".way")).to_have_text(word)
    finally:
        await home.set_options("single", role="grid")
    await expect(flow.locator(".end").first).to_have_text("Grid")


async def test_on_a_wall_tablet(home: Home) -> None:
    """With room beside it, the faceplate stands upright, and its label can be read."""
    await home.show("panel", size=WIDE)
    face = home.page.locator("dts307-faceplate")
    await expect(face.locator(".label")).to_be_visible()
    await expect(face.locator(".label")).to_contain_text(home.meter("wye").serial)
    box = await face.bounding_box()
    assert box is not None
    assert box["height"] > box["width"]
