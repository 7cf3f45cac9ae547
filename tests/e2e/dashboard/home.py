"""Four meters of different services in a Home Assistant, and a browser that looks at them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Error, Locator, Page, ViewportSize, expect

from scripts.dev.client import Client, wait_for
from scripts.dev.flows import add_entry, set_options
from scripts.dev.processes import LOOPBACK
from simulator import MeterConfig, Simulator
from simulator.meter import Meter
from tests.e2e.visit import go

SERVICES = {"wye": 203, "single": 201, "split": 202, "delta": 204}
SERVICE_CURRENT = 20.0
DASHBOARD = "/of-cards"
CARD = "dts307-card"
PHASORS = "dts307-phasor-card"
HISTORY = "dts307-intervals-card"

WIDE = ViewportSize(width=1280, height=1000)
NARROW = ViewportSize(width=360, height=900)


def meter_configs() -> list[MeterConfig]:
    """Return a meter for each kind of service, every one with a house of its own."""
    return [
        MeterConfig(
            model=model, unit=100 + place, site=name, ct_rating=SERVICE_CURRENT, days_in_service=30
        )
        for place, (name, model) in enumerate(SERVICES.items())
    ]


@dataclass
class Home:
    """What the tests share. Each leaves the meters plugged in and the entities as they were."""

    simulator: Simulator
    client: Client
    page: Page
    devices: Mapping[str, str]
    """ids of the devices, by service"""
    folder: Path
    """the configuration of Home Assistant"""
    complaints: list[str] = field(default_factory=list)
    """what the browser's console says of our module"""

    def meter(self, service: str) -> Meter:
        """Return the meter of a service."""
        return self.simulator.meters[list(SERVICES).index(service)]

    def set_house(self, service: str, **tweak: float) -> None:
        """Let the same happen on all phases of a house."""
        meter = self.meter(service)
        phases = dict.fromkeys(meter.config.wiring.phases, tweak)
        self.simulator.set_house(meter, meter.site.house.tweaked(phases))

    async def set_options(self, service: str, **answers: Any) -> None:
        """Change the settings in the options of a meter."""
        await set_options(self.client, await self.entry_id(service), {"settings"}, answers)

    async def entry_id(self, service: str) -> str:
        """Return the ID of a meter's config entry."""
        (device,) = (
            device
            for device in await self.client.command("config/device_registry/list")
            if device["id"] == self.devices[service]
        )
        return str(device["primary_config_entry"])

    async def entities(self, service: str) -> dict[str, str]:
        """Return the entity ids of a meter, by key."""
        prefix = f"{self.meter(service).serial}_"
        return {
            entity["unique_id"].removeprefix(prefix): entity["entity_id"]
            for entity in await self.client.command("config/entity_registry/list")
            if entity["unique_id"].startswith(prefix)
        }

    async def show(self, view: str, *, dark: bool = False, size: ViewportSize = WIDE) -> None:
        """Look at a view of the cards."""
        await self.page.emulate_media(color_scheme="dark" if dark else "light")
        await self.page.set_viewport_size(size)
        await self.go(f"{DASHBOARD}/{view}")

    async def go(self, path: str) -> None:
        """Go to a path without reloading the page, as Home Assistant does itself."""
        if not self.page.url.endswith(path):
            await go(self.page, path)

    def card(self, kind: str = CARD) -> Locator:
        """Return what draws the first visible card of a kind."""
        return self.page.locator(f"{kind}-content").first

    def listen(self) -> None:
        """Take note of what goes wrong in our module from now on."""

        def note(message: ConsoleMessage) -> None:
            ours = "dts307" in f"{message.location.get('url')} {message.text}"
            if message.type in {"error", "warning"} and ours:
                self.complaints.append(message.text)

        def note_error(error: Error) -> None:
            if "dts307" in (error.stack or ""):
                self.complaints.append(f"{error.message}\n{error.stack}")

        self.page.on("console", note)
        self.page.on("pageerror", note_error)


async def add_meters(client: Client, simulator: Simulator) -> dict[str, str]:
    """Add all meters in one go, and return the ids of their devices, by service."""
    await add_entry(
        client,
        "dts307",
        {"network"},
        {"host": LOOPBACK, "port": simulator.tcp_port, "ct_rating": SERVICE_CURRENT},
    )
    devices = {}
    for name, meter in zip(SERVICES, simulator.meters, strict=True):
        devices[name] = await wait_for(partial(_device, client, meter), f"the {name} meter")
        await client.command(
            "config/device_registry/update",
            device_id=devices[name],
            name_by_user=f"The {name} meter",
        )
    return devices


async def _device(client: Client, meter: Meter) -> str:
    for found in await client.command("config/device_registry/list"):
        if ["dts307", meter.serial] in found["identifiers"]:
            return str(found["id"])
    return ""


async def make_dashboard(client: Client, devices: Mapping[str, str]) -> None:
    """Make a dashboard with a view for each meter, one for the phasors of each, and one of all."""
    await client.command(
        "lovelace/dashboards/create", url_path=DASHBOARD[1:], title="Cards", mode="storage"
    )

    def cards(kind: str) -> dict[str, dict[str, str]]:
        return {
            service: {"type": f"custom:{kind}", "device_id": device}
            for service, device in devices.items()
        }

    views = [
        *(_view(service, card) for service, card in cards(CARD).items()),
        *(_view(f"{service}-phasors", card) for service, card in cards(PHASORS).items()),
        _view("all", *cards(CARD).values()),
        _view("wye-small", *(_small(cards(kind)["wye"]) for kind in (CARD, PHASORS))),
        _view("both", cards(CARD)["wye"], cards(PHASORS)["wye"]),
        {"path": "panel", "type": "panel", "cards": [cards(CARD)["wye"]]},
        _view("gone", {"type": f"custom:{CARD}", "device_id": "of-another-home"}),
        _view("plain", {"type": f"custom:{CARD}"}),
    ]
    await client.command("lovelace/config/save", url_path=DASHBOARD[1:], config={"views": views})


def _small(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card as small as a section lets it be."""
    return {**card, "grid_options": {"columns": 9}}


def _view(path: str, *cards: Mapping[str, str]) -> dict[str, Any]:
    sections = [{"type": "grid", "cards": [card]} for card in cards]
    return {"path": path, "type": "sections", "sections": sections}


async def dashboard(home: Home, path: str, strategy: dict[str, str]) -> None:
    """Make a dashboard of a strategy, and wait until the page knows of it."""
    await home.client.command(
        "lovelace/dashboards/create", url_path=path, title=path, mode="storage"
    )
    await home.client.command("lovelace/config/save", url_path=path, config={"strategy": strategy})
    await home.page.wait_for_function(
        "(path) => path in document.querySelector('home-assistant').hass.panels", arg=path
    )


async def shows(card: Locator, text: str) -> None:
    """Wait until a card shows a text; polls come every five seconds."""
    await expect(card).to_contain_text(text)


@asynccontextmanager
async def overload(home: Home) -> AsyncIterator[Locator]:
    """Let more flow through a meter than its CT rating for a while; yield a bar of its card."""
    meter = home.meter("wye")
    before = meter.site.house
    home.set_house("wye", extra_watts=4000.0, sun=0.0)
    home.simulator.clock.advance(5)
    try:
        await home.show("wye")
        bar = home.card().get_by_role("meter").first
        await expect(bar).to_have_attribute("aria-valuenow", "20")
        yield bar
    finally:
        home.simulator.set_house(meter, before)
        home.simulator.clock.advance(5)
