"""Meters that do not answer, values that are not known, entities that an owner has changed."""

from typing import Any

from playwright.async_api import expect

from .home import Home, shows

NOT_KNOWN = "\N{EN DASH}"


async def test_a_meter_that_does_not_answer(home: Home) -> None:
    """The card says why, in a sentence; its lights are dark; with the cable, all comes back."""
    await home.show("wye")
    card = home.card()
    await home.simulator.set_plugged(plugged=False, meters=[home.meter("wye")])
    try:
        notice = card.get_by_role("status")
        await expect(notice).to_contain_text("the meter does not answer")
        await expect(card.locator(".number")).to_have_text(NOT_KNOWN)
        await expect(card.locator(".way")).to_have_text("Not available")
        await expect(card.locator(".amps").first).to_have_text(NOT_KNOWN)
        await expect(card.locator(".pattern i")).to_have_count(0)
        await expect(card.get_by_role("img", name="STATUS: dark")).to_be_visible()
        await expect(card.get_by_role("img", name="REMOTE: dark")).to_be_visible()
        await expect(card.locator(".arrows")).to_have_count(0)
        await home.show("wye-phasors")
        await expect(home.page.locator("dts307-phasor-card .vector text")).to_have_count(0)
    finally:
        await home.simulator.set_plugged(plugged=True, meters=[home.meter("wye")])
    await home.show("wye")
    await shows(card, "A")
    await expect(card.locator(".amps").first).not_to_have_text(NOT_KNOWN, timeout=40_000)
    await expect(card.locator(".pattern i").first).to_be_attached()


async def test_entities_that_an_owner_has_changed(home: Home) -> None:
    """Another id, another unit, two disabled: the card goes on."""
    entities = await home.entities("split")
    await home.show("split")
    card = home.card()
    phases = card.locator(".phase")
    await expect(phases).to_have_count(2)
    changes: dict[str, dict[str, Any]] = {
        entities["power_a"]: {"new_entity_id": "sensor.left_leg"},
        entities["power"]: {
            "options_domain": "sensor",
            "options": {"unit_of_measurement": "kW", "display_precision": 2},
        },
        entities["power_factor_b"]: {"disabled_by": "user"},
        entities["energy_exported"]: {"disabled_by": "user"},
    }
    for entity_id, change in changes.items():
        await home.client.command("config/entity_registry/update", entity_id=entity_id, **change)
    truth = home.meter("split").truth()
    assert truth["W"] is not None
    assert truth["WphA"] is not None
    await expect(card.locator(".total")).to_contain_text(f"{abs(truth['W']) / 1000:.2f}")
    await expect(card.locator(".unit")).to_have_text("kW")
    await expect(card.locator(".counter")).to_have_count(1)
    await expect(phases.nth(0)).to_contain_text(f"{truth['WphA']:,.0f} W")
    await expect(phases.nth(1)).to_contain_text(f"{truth['PFphB']:.2f}")


async def test_a_meter_that_is_gone(home: Home) -> None:
    await home.show("gone")
    await expect(home.card()).to_contain_text("This meter is no longer set up.")


async def test_without_a_choice_it_is_the_first_meter(home: Home) -> None:
    await home.show("plain")
    await expect(home.card().get_by_role("heading", level=2)).to_have_text("The delta meter")


async def test_another_meter_is_chosen(home: Home) -> None:
    """Until its entities are known, nothing of the former one stands under its name."""
    await home.show("wye")
    card = home.card()
    await shows(card, "The wye meter")
    await shows(card, " A")
    shown = await card.evaluate(
        """async (card, device) => {
            const { hass } = card;
            card.hass = { ...hass, entities: { ...hass.entities } };
            card.config = { type: "custom:dts307-card", device_id: device };
            await card.updateComplete;
            return card.shadowRoot.textContent.trim();
        }""",
        home.devices["split"],
    )
    assert shown == ""
    await expect(card.locator(".phase")).to_have_count(2)
    await expect(card.get_by_role("heading", level=2)).to_have_text("The split meter")
    await home.page.reload()


async def test_home_assistant_is_out_of_reach(home: Home) -> None:
    """No light blinks as if the meter had just been heard of."""
    await home.show("wye")
    card = home.card()
    await shows(card, "The wye meter")
    lights = card.locator(".pattern i")
    await expect(lights.first).to_be_attached()
    change = "(card, connected) => { card.hass = { ...card.hass, connected }; }"
    await card.evaluate(change, arg=False)
    await expect(lights).to_have_count(0)
    await card.evaluate(change, arg=True)
    await expect(lights.first).to_be_attached()


async def test_an_update_while_the_page_is_open(home: Home) -> None:
    """The new module comes beside the old one, which goes on; nothing is offered twice."""
    await home.show("wye")
    offered = await home.page.evaluate(
        """async () => {
            await import("/dts307/dts307.js?v=newer");
            return window.customCards.map((card) => card.type);
        }"""
    )
    assert sorted(offered) == ["dts307-card", "dts307-intervals-card", "dts307-phasor-card"]
