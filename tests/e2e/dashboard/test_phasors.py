"""The vectors, against those of the simulated meters."""

import math
from typing import Any

from playwright.async_api import expect
import pytest

from .home import PHASORS, SERVICES, Home

NOMINAL = {"single": {"": 0}, "split": {"A": 0, "B": 180}, "wye": {"A": 0, "B": -120, "C": 120}}
NOMINAL["delta"] = NOMINAL["wye"]
AHEAD = {"delta": 30}
"""A voltage between lines is ahead of that to a neutral."""

ANGLES = """(card) => Object.fromEntries(
    [...card.shadowRoot.querySelectorAll(".vector")].map((vector) => {
        const shaft = vector.matches("path") ? vector : vector.querySelector("path");
        const [x, y] = shaft.getAttribute("d").split("L")[1].split(" ").map(Number);
        return [vector.classList.value, (Math.atan2(-y, x) * 180) / Math.PI];
    }))"""


@pytest.mark.parametrize("service", SERVICES)
async def test_vectors(home: Home, service: str) -> None:
    """Voltages are where the service has them, currents where power and reactive power say."""
    await home.show(f"{service}-phasors")
    card = home.card(PHASORS)
    truth = home.meter(service).truth()
    for name in NOMINAL[service]:
        amps = truth["A" + (f"ph{name}" if name else "")]
        await expect(card).to_contain_text(f"{amps:.2f} A")
    drawn = await card.evaluate(ANGLES)
    for name, nominal in NOMINAL[service].items():
        suffix = f"ph{name}" if name else ""
        assert_same(drawn[f"vector voltage {name or 'A'}"], nominal + AHEAD.get(service, 0))
        assert_same(drawn[f"vector current {name or 'A'}"], nominal - lag(truth, suffix))
    await expect(card).to_contain_text(
        "power and reactive power" if service == "single" else "nominal"
    )


async def test_a_phase_against_the_others_is_not_judged(home: Home) -> None:
    """One phase feeds in while the others consume: a sunny day looks like a reversed CT."""
    meter = home.meter("wye")
    tweak = {"load_factor": 0.0, "sun": 0.0, "extra_watts": 1500.0}
    house = meter.site.house.tweaked(
        {"A": tweak, "B": {**tweak, "extra_watts": 0.0, "sun": 1.0}, "C": tweak}
    )
    home.simulator.set_house(meter, house)
    home.simulator.clock.advance(5)
    await home.show("wye-phasors")
    card = home.card(PHASORS)
    truth = home.meter("wye").truth()
    assert truth["WphB"] < 0 < truth["W"]
    await expect(card).to_contain_text(f"{truth['AphA']:.2f} A")
    for status in await card.get_by_role("status").all():
        await expect(status).to_have_text("")


async def test_a_long_angle_fits_in_a_line(home: Home) -> None:
    """In German, on a phone."""
    await home.show("wye-phasors", size={"width": 390, "height": 900})
    card = home.card(PHASORS)
    await expect(card).to_contain_text("°")
    # Beside the value and not in it, as the card goes on updating that.
    lines = """(card, text) => {
        const value = card.shadowRoot.querySelector("[role=cell]:last-child .value");
        const probe = value.cloneNode();
        probe.textContent = text;
        value.after(probe);
        value.style.display = "none";
        const range = document.createRange();
        range.selectNodeContents(probe);
        const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        probe.remove();
        value.style.display = "";
        return tops.size;
    }"""
    assert await card.evaluate(lines, "∠ 169° nacheilend") == 1


def lag(truth: Any, suffix: str) -> float:
    return math.degrees(math.atan2(truth["VAR" + suffix], truth["W" + suffix]))


def assert_same(angle: float, expected: float) -> None:
    assert math.cos(math.radians(angle - expected)) == pytest.approx(1, abs=1e-3)
