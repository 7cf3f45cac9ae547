"""Home Assistant starts again while a page stays open."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from scripts.dev.client import Client, signed_in
from scripts.dev.flows import add_entry
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import LOOPBACK, free_port
from simulator import MeterConfig, PtyConfig, Simulator, SimulatorConfig
from tests.e2e.conftest import DESKTOP, Browsers
from tests.e2e.flow import begin_setup, choose_port, dialog, submit
from tests.e2e.visit import visit

CARDS = {"views": [{"cards": [{"type": "custom:dts307-card"}]}]}
A_POLL = 15_000
LOST = "Connection lost. Reconnecting…"


async def test_the_card_is_live_again(
    simulator: Simulator, browsers: Browsers, tmp_path: Path
) -> None:
    """The page connects before the integration is there: it is asked again when it is.

    The entities of phases are disabled, so no state can be taken for a reading.
    """
    port = free_port()
    async with AsyncExitStack() as pages:
        async with (
            running_home_assistant(tmp_path, port) as started,
            signed_in(started.url) as client,
        ):
            await client.wait_until_running()
            await add_entry(
                client, "dts307", {"network"}, {"host": LOOPBACK, "port": simulator.tcp_port}
            )
            await disable_phases(client)
            await make_card(client)
            page = await pages.enter_async_context(browsers.page(client, DESKTOP))
            await visit(page, "/of-card/0")
            await shows_truth(page, simulator)
        await expect(page.get_by_role("img", name="STATUS: dark")).to_be_visible()
        async with running_home_assistant(tmp_path, port):
            meter = simulator.meters[0]
            tweak = {"sun": 0.0, "load_factor": 0.0, "extra_watts": 900.0}
            house = meter.site.house.tweaked(dict.fromkeys(meter.config.wiring.phases, tweak))
            simulator.set_house(meter, house)
            simulator.clock.advance(5)
            await shows_truth(page, simulator, patience=60_000)


async def test_a_search_ends(browsers: Browsers, tmp_path: Path) -> None:
    """Its window stands still, as docs/set-up.md says; it can be closed, and another one works."""
    port, link = free_port(), tmp_path / "rs485"
    config = SimulatorConfig(meters=(MeterConfig(),), pty=PtyConfig(link=link, baud=9600))
    async with Simulator(config) as simulator, AsyncExitStack() as pages:
        await simulator.set_plugged(plugged=False)
        async with (
            running_home_assistant(tmp_path, port) as started,
            signed_in(started.url) as client,
        ):
            await client.wait_until_running()
            page = await pages.enter_async_context(browsers.page(client, DESKTOP))
            await begin_setup(page, "Serial port")
            await choose_port(page, simulator.pty_path)
            await submit(page)
            searching = dialog(page).get_by_text("Trying the other unit IDs")
            await expect(searching).to_be_visible()
        await expect(page.get_by_text(LOST).first).to_be_visible()
        await simulator.set_plugged(plugged=True)
        async with (
            running_home_assistant(tmp_path, port) as started,
            signed_in(started.url) as client,
        ):
            await client.wait_until_running()
            await expect(page.get_by_text(LOST)).to_have_count(0, timeout=60_000)
            assert await client.command("config_entries/flow/progress") == []
            await expect(searching).to_be_visible()
            await dialog(page).get_by_role("button", name="Close").first.click()
            await expect(searching).to_have_count(0)
            await begin_setup(page, "Serial port")
            await choose_port(page, simulator.pty_path)
            await submit(page)
            await expect(dialog(page).get_by_text("Meter 1 of 1")).to_be_visible()


async def disable_phases(client: Client) -> None:
    for entity in await client.command("config/entity_registry/list"):
        if entity["platform"] == "dts307" and entity["unique_id"].endswith(("_a", "_b", "_c")):
            await client.command(
                "config/entity_registry/update",
                entity_id=entity["entity_id"],
                disabled_by="user",
            )


async def make_card(client: Client) -> None:
    await client.command(
        "lovelace/dashboards/create", url_path="of-card", title="Card", mode="storage"
    )
    await client.command("lovelace/config/save", url_path="of-card", config=CARDS)


async def shows_truth(page: Page, simulator: Simulator, patience: int = A_POLL) -> None:
    """Wait until the card shows the currents of all phases."""
    truth: Any = simulator.meters[0].truth()
    amps = page.locator("dts307-card .amps")
    expected = [f"{truth[f'Aph{phase}']:.2f} A" for phase in "ABC"]
    await expect(amps).to_have_text(expected, timeout=patience)
