"""What the card shows of each kind of service, in both themes, on a phone and on a wide screen."""

from typing import Any

from playwright.async_api import Locator, ViewportSize, expect
import pytest

from .home import NARROW, SERVICES, WIDE, Home, shows

pytestmark = pytest.mark.asyncio(loop_scope="package")

PHASES = {"wye": "ABC", "single": "", "split": "AB", "delta": "ABC"}

OVERFLOWING = """(card) => {
    const boxes = [...card.shadowRoot.querySelectorAll("ha-card, button, h2, h3, .bar, .notice")];
    const limit = card.getBoundingClientRect().right + 0.5;
    return boxes
        .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0
            || box.getBoundingClientRect().right > limit)
        .map((box) => box.outerHTML);
}"""

CONTRAST = """(card) => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = ([red, green, blue]) => {
        const [r, g, b] = [red, green, blue].map((part) => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = luminance(channels(
        getComputedStyle(card.shadowRoot.querySelector("ha-card")).backgroundColor));
    return Object.fromEntries(
        [".number", ".way", "h3", ".energy", ".amps", ".value", ".pair"].map((name) => {
            const text = card.shadowRoot.querySelector(name);
            const own = luminance(channels(getComputedStyle(text).color));
            const [low, high] = [own, ground].sort((one, other) => one - other);
            return [name, (high + 0.05) / (low + 0.05)];
        }));
}"""


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

    await expect(card.locator("ha-card")).to_have_class("night" if dark else "day")
    assert await card.evaluate(OVERFLOWING) == []
    contrasts = await card.evaluate(CONTRAST)
    assert min(contrasts.values()) >= 4.5, contrasts


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
    assert float(await bar.get_attribute("aria-valuenow") or 0) == pytest.approx(
        truth["A" + suffix]
    )
    await expect(bar).to_have_attribute("aria-valuemax", "20")


async def test_on_a_wall_tablet(home: Home) -> None:
    """With room beside it, the faceplate stands upright, and its label can be read."""
    await home.show("panel", size=WIDE)
    face = home.page.locator("dts307-faceplate")
    await expect(face.locator(".label")).to_be_visible()
    await expect(face.locator(".label")).to_contain_text(home.meter("wye").serial)
    box = await face.bounding_box()
    assert box is not None
    assert box["height"] > box["width"]
