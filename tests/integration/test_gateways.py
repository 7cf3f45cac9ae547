"""Meters behind gateways that keep the rules of Modbus only in part."""

from homeassistant.core import HomeAssistant
import pytest

from tests.device import Device
from tests.integration.gateways import gateway
from tests.integration.home import (
    add_meter,
    answers,
    assert_asks_about_meter,
    entry_for,
    let_pass,
    load,
    search,
    state_of,
)


def power_of(device: Device) -> float:
    """Return the power in the registers of a device, in W."""
    points = device.meter_model().points
    return float(points["W"].value * 10 ** points["W_SF"].value)


async def assert_follows(hass: HomeAssistant, device: Device) -> None:
    """Poll a meter, and see that its sensor shows what is in its registers."""
    device.write("W", 1234)
    await let_pass(hass)
    assert state_of(hass, device, "link_state") == "ok"
    assert abs(float(state_of(hass, device, "power"))) == abs(power_of(device))


@pytest.mark.parametrize("refusal", [2, 3])
@pytest.mark.parametrize("most", [20, 50, 64, 100])
async def test_it_serves_few_registers(hass: HomeAssistant, most: int, refusal: int) -> None:
    """The meter is found, and what is served is learnt once."""
    device = Device()
    async with gateway(device, most=most, refusal=refusal) as served:
        result = await search(hass, "network", answers(served.data))
        assert_asks_about_meter(result)
        assert " W" in (result["description_placeholders"] or {})["measured"]
        entry = await add_meter(hass, result)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert state_of(hass, device, "link_state") == "ok"
        assert entry.data == {**served.data, "request_limit": most}
        await assert_follows(hass, device)
        served.requests.clear()
        for _ in range(20):
            await let_pass(hass)
        assert max(count for _, count in served.requests) <= most


async def test_what_it_serves_outlives_a_restart(hass: HomeAssistant) -> None:
    device = Device()
    async with gateway(device, most=50) as served:
        await load(hass, entry_for(device, {**served.data, "request_limit": 50}))
        await assert_follows(hass, device)
        assert max(count for _, count in served.requests) <= 50


async def test_it_serves_less_than_before(hass: HomeAssistant) -> None:
    """The gateway was exchanged for one that serves less."""
    device = Device()
    async with gateway(device, most=30) as served:
        entry = entry_for(device, {**served.data, "request_limit": 100})
        await load(hass, entry)
        await assert_follows(hass, device)
        assert entry.data["request_limit"] == 30


@pytest.mark.parametrize("at", range(1, 9))
async def test_a_crackle_during_set_up(hass: HomeAssistant, at: int) -> None:
    """The gateway answers with exception 4, as mbusd does; the request is sent again."""
    device = Device()
    async with gateway(device, crackles={at}) as served:
        result = await search(hass, "network", answers(served.data))
        assert_asks_about_meter(result)
        assert " W" in (result["description_placeholders"] or {})["measured"]


async def test_crackles_while_polling(hass: HomeAssistant) -> None:
    """No poll is lost, nor an entity unavailable."""
    device = Device()
    async with gateway(device) as served:
        entry = entry_for(device, served.data)
        await load(hass, entry)
        for _ in range(15):
            served.crackles.add(len(served.requests) + 1)
            await assert_follows(hass, device)
            assert state_of(hass, device, "answering", "binary_sensor") == "on"
