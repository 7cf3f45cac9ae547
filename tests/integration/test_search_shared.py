"""A link that is in use already is searched beside those who use it, and as they use it."""

import asyncio
from typing import Any

from custom_components.dts307.connection.link import link_params
from homeassistant.components.modbus import async_get_unit
from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.core import HomeAssistant
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import serialx

from custom_components.dts307.scan import link_bus, search as searching
from simulator.meter import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    add_meter,
    answers,
    assert_asks_about_meter,
    assert_refused,
    begin,
    entry_for,
    follow,
    load,
    search,
    start,
    state_of,
    unknowing,
)
from tests.lines import SPEED, network, network_data, serial, serial_data
from tests.wire.proxy import proxy


def pair() -> tuple[Device, Device]:
    """Return a meter that is set up, and one that is not."""
    return Device(), Device(MeterConfig(unit=101, model=201))


async def test_the_other_meter_is_read_on(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search goes over its connection, which is never closed, and takes turns with it."""
    opened = 0
    connect = serialx.create_serial_connection

    async def count(*args: Any, **settings: Any) -> Any:
        nonlocal opened
        opened += 1
        return await connect(*args, **settings)

    monkeypatch.setattr(serialx, "create_serial_connection", count)
    known, new = pair()
    async with serial(known, new) as line:
        entry = entry_for(known, serial_data(line))
        await load(hass, entry)
        result = await start(hass, await begin(hass, "serial"), unknowing(serial_data(line)))
        for _ in range(5):
            await entry.runtime_data.async_refresh()
            assert state_of(hass, known, "link_state") == "ok"
        second = await add_meter(hass, await follow(hass, result))
        assert second.data == serial_data(line, unit_id=101)
        assert opened == 1
        (info,) = async_get_connection_info(hass)
        assert info.units == {entry.entry_id: [100], second.entry_id: [101]}


@pytest.mark.parametrize("framing", Framing)
async def test_an_adapter_that_serves_one_client(hass: HomeAssistant, framing: Framing) -> None:
    """It needs no more than the connection that is there."""
    known, new = pair()
    async with network(known, new, framing=framing) as line, proxy(line) as adapter:
        data = network_data(line) | {"port": adapter.port}
        await load(hass, entry_for(known, data))
        other = {"tcp": "rtu", "rtu": "tcp"}[data["framing"]]
        wrong = data | {"framing": other, "unit_id": 101}
        result = await search(hass, "network", answers(wrong))
        second = await add_meter(hass, result)
        assert second.data == data | {"unit_id": 101}
        assert adapter.accepted == 1


async def test_the_settings_in_use_are_taken(hass: HomeAssistant) -> None:
    """They are right, whatever is said: somebody is answered with them."""
    known, new = pair()
    async with serial(known, new) as line:
        await load(hass, entry_for(known, serial_data(line)))
        wrong = serial_data(line, speed=9600, unit_id=101) | {"parity": "even", "stopbits": 2}
        second = await add_meter(hass, await search(hass, "serial", answers(wrong)))
        assert second.data == serial_data(line, unit_id=101)


@pytest.mark.parametrize("kind", ["serial", *Framing])
async def test_nobody_else_is_there(hass: HomeAssistant, kind: str | Framing) -> None:
    """The meter that is set up answers and is told; it is no news."""
    known = Device()
    line_of = network(known, framing=kind) if isinstance(kind, Framing) else serial(known)
    async with line_of as line:
        transport = "network" if isinstance(kind, Framing) else "serial"
        data = network_data(line) if isinstance(kind, Framing) else serial_data(line)  # type: ignore[arg-type]
        entry = entry_for(known, data)
        await load(hass, entry)
        result = await search(hass, transport, unknowing(data))
        assert_refused(result, transport, "only_known_meters")
        told = (result["description_placeholders"] or {})["devices"]
        assert known.serial_number in told
        await entry.runtime_data.async_refresh()
        assert state_of(hass, known, "link_state") == "ok"


async def test_the_known_meter_is_silent(hass: HomeAssistant) -> None:
    """Then nothing is known of the settings but that they are in use."""
    known = Device()
    async with serial(known) as line:
        await load(hass, entry_for(known, serial_data(line)))
        known.silent = True
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", "nothing_found_serial")


@pytest.mark.parametrize(
    ("code", "reason"),
    [(ExcCodes.ACKNOWLEDGE, "meter_busy"), (ExcCodes.ILLEGAL_FUNCTION, "no_meter_among")],
)
async def test_a_refusal_is_an_answer(hass: HomeAssistant, code: ExcCodes, reason: str) -> None:
    """Whoever refuses is there; what that means is asked then."""
    device = Device(MeterConfig(unit=101))
    device.refusal = code
    async with serial(device) as line:
        hold(hass, serial_data(line))
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", reason)


def hold(hass: HomeAssistant, data: dict[str, Any]) -> None:
    """Use a link as another integration does, for a device that is not there."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    async_get_unit(hass, other, link_params(data), 7).require_timeout(0.25)


async def test_the_link_is_lost_in_the_middle(hass: HomeAssistant) -> None:
    """It is everybody's, so that it is opened again for all in the end."""
    known, new = pair()
    async with network(known, new) as line, proxy(line) as adapter:
        data = network_data(line) | {"port": adapter.port}
        await load(hass, entry_for(known, data))

        def hang_up(_direction: object, _data: bytes) -> bytes:
            adapter.reset()
            return b""

        adapter.suffer(hang_up)
        result = await search(hass, "network", answers(data | {"unit_id": 101}))
        assert_refused(result, "network", "link_lost_network")
        adapter.suffer(lambda _direction, data: data)
        result = await search(hass, "network", answers(data | {"unit_id": 101}))
        assert_asks_about_meter(result)


async def test_another_integration_holds_the_link(hass: HomeAssistant) -> None:
    """Its settings are as good as ours."""
    new = Device()
    async with serial(new) as line:
        hold(hass, serial_data(line))
        result = await search(hass, "serial", unknowing(serial_data(line, speed=9600)))
        entry = await add_meter(hass, result)
        assert entry.data == serial_data(line)


async def test_the_link_is_taken_at_the_last_moment(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has opened it with other settings, and keeps it."""
    known, new = pair()
    monkeypatch.setattr(link_bus, "_ATTEMPTS_TO_OPEN", 2)
    async with serial(known, new) as line:
        await load(hass, entry_for(known, serial_data(line)))
        with monkeypatch.context() as patch:
            patch.setattr(searching, "params_in_use", lambda *_args: None)
            wrong = serial_data(line, unit_id=101, speed=SPEED // 2)
            result = await search(hass, "serial", answers(wrong))
        assert_refused(result, "serial", "link_in_use_by")
        assert "DTS 307" in (result["description_placeholders"] or {})["holder"]
        assert state_of(hass, known, "link_state") == "ok"


async def test_a_link_that_is_let_go_in_a_moment(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody just looks for a meter there, as another window does; then it is free."""
    known, new = pair()
    async with serial(known, new, speed=None) as line:
        entry = entry_for(known, serial_data(line))
        await load(hass, entry)
        monkeypatch.setattr(searching, "params_in_use", lambda *_args: None)
        other = serial_data(line, unit_id=101, speed=SPEED // 2)
        result = await start(hass, await begin(hass, "serial"), answers(other))
        await asyncio.sleep(0.05)
        await hass.config_entries.async_unload(entry.entry_id)
        second = await add_meter(hass, await follow(hass, result))
        assert second.data == other
