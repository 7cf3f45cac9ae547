"""The lights of the faceplates, over several seconds, against those of the simulated meters."""

import asyncio
from typing import Any

from playwright.async_api import expect

from simulator.leds import PERIOD, colour_at

from .home import SERVICES, Home, shows

SECONDS = 6.0
LEAST_PER_SECOND = 10
"""A busy machine draws fewer frames, but no light is on for less than this."""
NEAR_AN_EDGE = 0.03

SAMPLE = """async (seconds) => {
    const samples = [];
    const colourOf = (light) =>
        [...light.shadowRoot.querySelectorAll("i")]
            .filter((layer) => getComputedStyle(layer).opacity > 0.5)
            .map((layer) => layer.classList[0])[0] ?? null;
    const deep = (root, name) =>
        [...root.querySelectorAll("*")].flatMap((element) => [
            ...(element.localName === name ? [element] : []),
            ...(element.shadowRoot ? deep(element.shadowRoot, name) : []),
        ]);
    const faces = deep(document, "dts307-faceplate").map((face) => face.shadowRoot);
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end) {
        await new Promise(requestAnimationFrame);
        samples.push({
            time: document.timeline.currentTime / 1000,
            status: faces.map((face) => colourOf(face.getElementById("status"))),
            remote: faces.map((face) => colourOf(face.getElementById("remote"))),
        });
    }
    return samples;
}"""

HOUSES: dict[str, dict[str, float]] = {
    "wye": {"sun": 0.0, "load_factor": 0.0, "extra_watts": 2160.0},
    "single": {"sun": 1.0, "load_factor": 0.0, "extra_watts": 0.0},
    "split": {"sun": 0.0, "load_factor": 0.0, "extra_watts": 1000.0},
    "delta": {"sun": 0.0, "load_factor": 0.0, "extra_watts": 3000.0},
}


async def test_status_and_remote(home: Home) -> None:
    """Direction and level of each meter are another; all blink as the simulator's do."""
    await home.page.emulate_media(reduced_motion="no-preference")
    await home.show("all")
    for service, tweak in HOUSES.items():
        home.set_house(service, **tweak)
        home.simulator.clock.advance(5)
    cards = home.page.locator("dts307-card")
    for place, service in enumerate(SERVICES):
        power = home.meter(service).truth()["W"]
        assert power is not None
        await shows(cards.nth(place), f"{abs(power):,.0f}")

    async def go_on() -> None:
        # A meter is read, and seen to be, when it has something new to say.
        while True:
            await asyncio.sleep(1)
            home.simulator.clock.advance(1)

    running = asyncio.create_task(go_on())
    samples = await home.page.evaluate(SAMPLE, SECONDS)
    running.cancel()
    assert len(samples) > LEAST_PER_SECOND * SECONDS
    for place, service in enumerate(SERVICES):
        assert_blinks_like(home, service, [(s["time"], s["status"][place]) for s in samples])
    flickers = {colour for sample in samples for colour in sample["remote"]}
    assert flickers == {None, "green", "amber"}


def assert_blinks_like(home: Home, service: str, samples: list[Any]) -> None:
    light = home.meter(service).status_light()
    edges = [edge for flash in light for edge in (flash.start, flash.start + flash.duration)]
    seen = set()
    for time, colour in samples:
        instant = time % PERIOD
        if any(abs(instant - edge) % PERIOD < NEAR_AN_EDGE for edge in (*edges, PERIOD)):
            continue
        expected = colour_at(light, time)
        seen.add(expected)
        assert colour == expected, f"{service} at {instant:.3f} s of {light}"
    assert seen == {None, *(flash.colour for flash in light)}


async def test_less_motion(home: Home) -> None:
    """With reduced motion the lights are steady, and the owner reads the pattern from its line."""
    await home.page.emulate_media(reduced_motion="reduce")
    await home.show("all")
    running = "document.getAnimations().filter((one) => one.playState === 'running').length"
    await home.page.wait_for_function(f"{running} === 0")
    samples = await home.page.evaluate(SAMPLE, 0.5)
    for place, service in enumerate(SERVICES):
        light = home.meter(service).status_light()
        assert {sample["status"][place] for sample in samples} == {light[0].colour.value}
        marks = home.page.locator("dts307-faceplate").nth(place).locator(".pattern i")
        await expect(marks).to_have_count(len(light))
