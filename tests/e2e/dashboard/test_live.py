"""The cards show each reading, whatever entities there are."""

import json
from typing import Any

from playwright.async_api import WebSocket, expect

from .home import PHASORS, Home

NOT_KNOWN = "\N{EN DASH}"
A_POLL = 12_000
"""ms; polls come every five seconds, and a busy machine draws late"""
LOADS = (700.0, 1300.0, 1900.0)
SUBSCRIBE = "dts307/subscribe_readings"
REFUSE = """() => {
    const { connection } = document.querySelector("home-assistant").hass;
    const subscribe = connection.subscribeMessage.bind(connection);
    connection.subscribeMessage = (callback, message, options) =>
        message.type === "dts307/subscribe_readings"
            ? Promise.reject({ code: "unknown_command" })
            : subscribe(callback, message, options);
}"""


async def disable_phases(home: Home) -> None:
    """Leave a meter of two phases only the entities of its totals."""
    for key, entity_id in (await home.entities("split")).items():
        if key.endswith(("_a", "_b", "_ab")) or key in {"link_state", "current_level"}:
            await home.client.command(
                "config/entity_registry/update", entity_id=entity_id, disabled_by="user"
            )
    await home.page.reload()


def consume(home: Home, watts: float) -> None:
    """Let the house of that meter draw so much more on each phase."""
    home.set_house("split", sun=0.0, load_factor=0.0, extra_watts=watts)
    home.simulator.clock.advance(5)


async def shows_truth(home: Home) -> None:
    """Wait until the card shows what the simulated meter measures."""
    truth: Any = home.meter("split").truth()
    card = home.card()
    await expect(card.locator(".number")).to_have_text(f"{truth['W']:,.0f}", timeout=A_POLL)
    for row, phase in enumerate("AB"):
        of_phase = card.locator(".phase").nth(row)
        suffix = f"ph{phase}"
        await expect(of_phase.locator(".amps")).to_have_text(f"{truth['A' + suffix]:.2f} A")
        for text in (
            f"{truth['PhV' + suffix]:.1f} V",
            f"{truth['W' + suffix]:,.0f} W",
            f"{truth['PF' + suffix]:.2f}",
        ):
            await expect(of_phase.locator(".values")).to_contain_text(text)


async def test_each_poll_without_entities_of_phases(home: Home) -> None:
    await disable_phases(home)
    await home.show("split")
    for watts in LOADS:
        consume(home, watts)
        await shows_truth(home)
    card = home.card()
    await expect(card.get_by_role("img", name="Current level")).to_be_visible()
    # Nothing opens for a value without an entity; the others still open theirs.
    await expect(card.locator(".phase button")).to_have_count(0)
    await expect(card.get_by_role("img", name="Phase A Current")).to_be_visible()
    await card.locator(".total").click()
    dialog = home.page.locator("ha-more-info-dialog")
    await expect(dialog.get_by_text("Power").first).to_be_visible()
    await home.page.keyboard.press("Escape")
    await expect(dialog.get_by_text("Power").first).to_be_hidden()
    await home.show("split-phasors")
    truth: Any = home.meter("split").truth()
    await expect(home.card(PHASORS)).to_contain_text(f"{truth['AphB']:.2f} A", timeout=A_POLL)
    await expect(home.card(PHASORS)).to_contain_text("leading")
    # As high as a row of buttons.
    row = await home.card(PHASORS).locator(".B").last.bounding_box()
    assert row is not None
    assert row["height"] > 24


async def test_the_cable_is_pulled(home: Home) -> None:
    """The card says why, keeps its layout, and is live again with the cable."""
    await home.show("split")
    await shows_truth(home)
    card = home.card()
    await home.simulator.set_plugged(plugged=False, meters=[home.meter("split")])
    try:
        notice = card.get_by_role("status")
        await expect(notice).to_contain_text("the meter does not answer")
        await expect(card.locator(".phase")).to_have_count(2)
        await expect(card.locator(".amps").first).to_have_text(NOT_KNOWN)
        await expect(card.locator(".number")).to_have_text(NOT_KNOWN)
        await expect(card.get_by_role("img", name="REMOTE: dark")).to_be_visible()
    finally:
        await home.simulator.set_plugged(plugged=True, meters=[home.meter("split")])
    await expect(card.get_by_role("status")).to_have_text("", timeout=40_000)
    consume(home, LOADS[0])
    await shows_truth(home)


async def test_the_entry_is_reloaded(home: Home) -> None:
    await home.show("split")
    await shows_truth(home)
    registry = await home.client.command("config/device_registry/list")
    (entry,) = (
        found["primary_config_entry"] for found in registry if found["id"] == home.devices["split"]
    )
    await home.client.post(f"/api/config/config_entries/entry/{entry}/reload", {})
    consume(home, LOADS[1])
    await shows_truth(home)


async def test_the_connection_is_lost(home: Home) -> None:
    """The page connects again, and so do the cards."""
    await home.show("split")
    await shows_truth(home)
    await home.page.evaluate(
        "document.querySelector('home-assistant').hass.connection.reconnect(true)"
    )
    consume(home, LOADS[2])
    await shows_truth(home)


async def test_one_subscription_for_all_cards(home: Home) -> None:
    """The last card that leaves the page ends it."""
    sent: list[dict[str, Any]] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(json.loads(frame)))

    await home.show("both")
    home.page.on("websocket", listen)
    await home.page.reload()
    for kind in ("dts307-card", PHASORS):
        await expect(home.card(kind)).to_contain_text(" A")
    (asked,) = (message for message in sent if message.get("type") == SUBSCRIBE)
    await home.go("/profile")
    await expect(home.page.locator("dts307-card")).to_have_count(0)
    ended = [message["subscription"] for message in sent if "subscription" in message]
    assert ended.count(asked["id"]) == 1
    home.page.remove_listener("websocket", listen)
    await home.page.go_back()


async def test_without_the_subscription_there_are_the_states(home: Home) -> None:
    """As with an integration that does not know it yet."""
    await home.show("plain")
    await home.page.evaluate(REFUSE)
    try:
        await home.show("split")
        card = home.card()
        await expect(card.locator(".phase")).to_have_count(1)
        truth: Any = home.meter("split").truth()
        await expect(card.locator(".number")).to_have_text(f"{truth['W']:,.0f}", timeout=A_POLL)
        await expect(card.locator(".phase button").first).to_be_visible()
    finally:
        await home.page.reload()
