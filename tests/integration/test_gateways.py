"""Meters behind gateways that keep the rules of Modbus only in part."""

from collections.abc import Callable
import logging
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from simulator import MeterConfig
from tests.device import Device
from tests.gateways import gateway
from tests.integration.home import (
    add_meter,
    answers,
    assert_asks_about_meter,
    assert_refused,
    entry_for,
    let_pass,
    load,
    search,
    state_of,
    submit,
    unknowing,
)
from tests.integration.reasons import begin_to_poll, see_reason, see_recovery
from tests.integration.scanning import assert_moved, reconfigure
from tests.integration.timing import change_timing

pytestmark = pytest.mark.usefixtures("hasty")


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
        assert "\u00a0W" in (result["description_placeholders"] or {})["measured"]
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
        assert "\u00a0W" in (result["description_placeholders"] or {})["measured"]


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


closing = pytest.mark.parametrize(
    "behaviour",
    [
        {"lingers": 0.0},
        {"lingers": 0.01},
        {"rtu": True, "tcp": False},
        {"rtu": True, "tcp": False, "lingers": 0.01},
    ],
)
"""It speaks Modbus TCP or RTU, and closes the connection at once or in a moment."""


@closing
async def test_it_closes_the_connection_after_each_answer(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, behaviour: dict[str, Any]
) -> None:
    """The meter is found and polled on a new connection each time, and nothing is logged."""
    device = Device()
    async with gateway(device, closes=True, **behaviour) as served:
        result = await search(hass, "network", unknowing(served.data))
        assert_asks_about_meter(result)
        assert "\u00a0W" in (result["description_placeholders"] or {})["measured"]
        entry = await add_meter(hass, result)
        assert entry.data == served.data
        caplog.clear()
        begun = served.connections, len(served.requests)
        for _ in range(10):
            await assert_follows(hass, device)
        connections, requests = served.connections - begun[0], len(served.requests) - begun[1]
        assert connections == requests
        assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


@closing
async def test_it_closes_the_connection_after_each_answer_of_several_meters(
    hass: HomeAssistant, behaviour: dict[str, Any]
) -> None:
    """All are found in one search, although other unit IDs are silent."""
    device, other = (Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in (98, 101))
    async with gateway(device, others=(other,), closes=True, **behaviour) as served:
        result = await search(hass, "network", unknowing(served.data, thorough=True))
        assert result["step_id"] == "meters"
        result = await submit(hass, result, {"meters": [device.serial_number]})
        assert (await add_meter(hass, result)).data == served.data
        await assert_follows(hass, device)


@pytest.mark.usefixtures("skip_waiting")
async def test_it_closes_the_connection_after_an_answer_that_is_late(hass: HomeAssistant) -> None:
    """The search has asked for the next unit ID already."""
    device = Device()
    async with gateway(device, closes=True, rtu=True, tcp=False, delay=0.18) as served:
        result = await search(hass, "network", unknowing(served.data))
        assert (await add_meter(hass, result)).data == served.data
        await assert_follows(hass, device)


async def test_it_closes_idle_connections(hass: HomeAssistant) -> None:
    """No poll is lost when the connection is found closed."""
    device = Device()
    async with gateway(device) as served:
        entry = entry_for(device, served.data)
        await load(hass, entry)
        for _ in range(3):
            await assert_follows(hass, device)
            await assert_follows(hass, device)
            await served.end()
            await assert_follows(hass, device)
        assert served.connections == 4


@pytest.mark.parametrize("wrong", [lambda _: 0, lambda sent: sent + 1, lambda sent: sent - 1])
async def test_its_transaction_ids_are_wrong(
    hass: HomeAssistant, wrong: Callable[[int], int]
) -> None:
    """That is said, and not that the wires of the bus are swapped."""
    device = Device()
    async with gateway(device, transaction=lambda sent: wrong(sent) % 0x10000) as served:
        result = await search(hass, "network", answers(served.data))
        assert_refused(result, "network", "wrong_transaction")
        served.transaction = lambda sent: sent
        assert_asks_about_meter(await submit(hass, result, answers(served.data)))


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_rtu_instead_of_wrong_transaction_ids_in_a_new_set_up(
    hass: HomeAssistant,
    elsewhere: bool,  # noqa: FBT001 - a parameter
) -> None:
    """What the form advises leads to the meter, on this port or on another one."""
    device = Device()
    async with (
        gateway(device, transaction=lambda _: 0) as served,
        gateway(device, rtu=True, tcp=False) as other,
    ):
        result = await search(hass, "network", unknowing(served.data))
        assert_refused(result, "network", "wrong_transaction")
        served.rtu = True
        advised = {**(other if elsewhere else served).data, "framing": "rtu"}
        entry = await add_meter(hass, await submit(hass, result, answers(advised)))
        assert entry.data == advised
        await assert_follows(hass, device)


async def test_a_gateway_that_takes_rtu_too_needs_no_advice(hass: HomeAssistant) -> None:
    """The search tries both."""
    device = Device()
    async with gateway(device, transaction=lambda _: 0, rtu=True) as served:
        entry = await add_meter(hass, await search(hass, "network", unknowing(served.data)))
        assert entry.data == {**served.data, "framing": "rtu"}
        await assert_follows(hass, device)


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("entered", [True, False])
async def test_rtu_instead_of_wrong_transaction_ids_of_meters_in_use(
    hass: HomeAssistant,
    elsewhere: bool,  # noqa: FBT001 - a parameter
    entered: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Both are reconfigured, one after the other; on one port, the second one follows by itself."""
    devices = [Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in (100, 101)]
    one, two = devices
    async with (
        gateway(one, others=(two,)) as served,
        gateway(one, others=(two,), rtu=True, tcp=False) as other,
    ):
        entries = [entry_for(each, {**served.data, "unit_id": each.unit}) for each in devices]
        for entry in entries:
            await load(hass, entry)
        served.transaction, served.rtu = lambda _: 0, True
        for _ in range(3):
            await let_pass(hass, 30)
        assert {state_of(hass, each, "link_state") for each in devices} == {"wrong_transaction"}
        there = other if elsewhere else served
        for entry in entries if elsewhere else entries[:1]:
            advised = {**entry.data, "port": there.port, "framing": "rtu"}
            result = await reconfigure(hass, entry, "network")
            form = answers(advised) if entered else unknowing(advised)
            assert_moved(await submit(hass, result, form), entry, advised)
        for entry in entries:
            assert (entry.data["port"], entry.data["framing"]) == (there.port, "rtu")
        for device in devices:
            await assert_follows(hass, device)


async def test_its_transaction_ids_become_wrong(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    device = Device()
    async with gateway(device) as served:
        await begin_to_poll(hass, device, served.data)
        served.transaction = lambda _: 0
        await see_reason(hass, caplog, device, "wrong_transaction")
        served.transaction = lambda sent: sent
        await see_recovery(hass, caplog, device)


@pytest.mark.parametrize("rtu", [False, True])
@pytest.mark.parametrize("most", [125, 56, 55, 50])
@pytest.mark.usefixtures("skip_waiting")
async def test_it_becomes_one_answer_behind_without_a_loss(
    hass: HomeAssistant,
    most: int,
    rtu: bool,  # noqa: FBT001 - a parameter
) -> None:
    """No value of an earlier poll is shown as one of now, of two meters with one map."""
    devices = [Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in (100, 101)]
    one, two = devices
    async with gateway(one, others=(two,), rtu=rtu, tcp=not rtu, most=most) as served:
        for device in devices:
            data = {**served.data, "unit_id": device.unit, "request_limit": most}
            await load(hass, entry_for(device, data))
        served.is_behind = served.repeats = True
        for number in range(1, 31):
            for device in devices:
                device.write("W", 100 * number + device.unit)
            await let_pass(hass)
            for device in devices:
                shown = state_of(hass, device, "power")
                assert shown == "unavailable" or abs(float(shown)) == abs(power_of(device))
        assert {state_of(hass, each, "link_state") for each in devices} == {"garbled_reply"}
        served.is_behind = False
        for _ in range(3):
            await let_pass(hass, 30)
        for device in devices:
            await assert_follows(hass, device)


async def test_it_is_one_answer_behind(hass: HomeAssistant) -> None:
    """The gateway sends the answer to the request before in each transaction."""
    device = Device()
    async with gateway(device, is_behind=True) as served:
        result = await search(hass, "network", answers(served.data))
        assert_refused(result, "network", "garbled_reply")
        served.is_behind = False
        assert_asks_about_meter(await submit(hass, result, answers(served.data)))


FIRST: dict[str, Callable[[bytes], bytes]] = {
    "lost": lambda _: b"",
    "garbage": lambda frame: bytes((7 * at + 3) % 251 for at in range(len(frame))),
    "garbage before": lambda frame: b"\x55\xff\x00" + frame,
    "stale": lambda frame: b"\x77\x77" + frame[2:],
    "another content": lambda frame: frame[:4] + b"\0\x05" + frame[6:8] + b"\2\xab\xcd",
}


@pytest.mark.parametrize("first", FIRST)
async def test_the_first_answer_after_a_connect_is_not_ours(
    hass: HomeAssistant, first: str
) -> None:
    """The next one is."""
    device = Device()
    async with gateway(device, first=FIRST[first]) as served:
        result = await search(hass, "network", answers(served.data))
        assert_asks_about_meter(result)
        await add_meter(hass, result)
        await assert_follows(hass, device)


@pytest.mark.usefixtures("skip_waiting")
async def test_it_answers_after_seconds(hass: HomeAssistant) -> None:
    """A cellular router or a radio link is between; the meter is found, more slowly."""
    change_timing(hass, link={"response": 1.0, "patience": 4.0}, scan={"first_network": 3.5})
    device = Device()
    async with gateway(device, delay=3.0) as served:
        result = await search(hass, "network", answers(served.data))
        assert_asks_about_meter(result)
        assert "\u00a0W" in (result["description_placeholders"] or {})["measured"]
        await add_meter(hass, result)
        await assert_follows(hass, device)
