"""A scan shares a connection that is in use, with the settings in use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.components.modbus import async_get_temporary_unit, async_get_unit
from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.core import HomeAssistant
from modbus_connection import ModbusTcpParams
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import serialx

from custom_components.dts307.connection import MeterAddress, ModbusParams
from simulator import MeterConfig
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
from tests.integration.timing import change_timing
from tests.lines import SPEED, network, network_data, serial, serial_data
from tests.wire.proxy import proxy

pytestmark = pytest.mark.usefixtures("skip_waiting", "hasty")


def pair() -> tuple[Device, Device]:
    """Return a meter that is set up, and a new one."""
    return Device(), Device(MeterConfig(unit=101, model=201))


async def test_the_other_meter_is_still_polled(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan uses its connection, which is never closed, and takes turns with it."""
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
    """The existing connection is enough."""
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
    """They are right, whatever was entered, because a meter answers with them."""
    known, new = pair()
    async with serial(known, new) as line:
        await load(hass, entry_for(known, serial_data(line)))
        wrong = serial_data(line, speed=9600, unit_id=101) | {"parity": "even", "stopbits": 2}
        second = await add_meter(hass, await search(hass, "serial", answers(wrong)))
        assert second.data == serial_data(line, unit_id=101)


@pytest.mark.parametrize("kind", ["serial", *Framing])
async def test_there_is_no_new_meter(hass: HomeAssistant, kind: str | Framing) -> None:
    """The only meter that answers is set up already, and the form names it."""
    known = Device()
    line_of = network(known, framing=kind) if isinstance(kind, Framing) else serial(known)
    async with line_of as line:
        transport = "network" if isinstance(kind, Framing) else "serial"
        data = network_data(line) if isinstance(kind, Framing) else serial_data(line)  # type: ignore[arg-type]
        entry = entry_for(known, data)
        await load(hass, entry)
        result = await search(hass, transport, unknowing(data))
        assert_refused(result, transport, "only_known_meters")
        devices = (result["description_placeholders"] or {})["devices"]
        assert known.serial_number in devices
        await entry.runtime_data.async_refresh()
        assert state_of(hass, known, "link_state") == "ok"


async def test_the_known_meter_is_silent(hass: HomeAssistant) -> None:
    """The form explains the silence."""
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
    """A device that refuses a read exists; it is identified next."""
    device = Device(MeterConfig(unit=101))
    device.refusal = code
    async with serial(device) as line:
        hold(hass, serial_data(line))
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", reason)


def hold(hass: HomeAssistant, data: dict[str, Any]) -> None:
    """Use a connection as another integration does, for a device that does not exist."""
    hold_with(hass, MeterAddress.parse(data).bus.params)


def hold_with(hass: HomeAssistant, params: ModbusParams) -> None:
    """Use a connection as another integration does, with its own parameters."""
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    async_get_unit(hass, other, params, 7).require_timeout(0.25)


async def test_the_connection_is_lost_in_the_middle(hass: HomeAssistant) -> None:
    """The next scan opens it again."""
    known, new = pair()
    async with network(known, new) as line, proxy(line) as adapter:
        data = network_data(line) | {"port": adapter.port}
        await load(hass, entry_for(known, data))

        def disconnect(_direction: object, _data: bytes) -> bytes:
            adapter.reset()
            return b""

        adapter.suffer(disconnect)
        result = await search(hass, "network", answers(data | {"unit_id": 101}))
        assert_refused(result, "network", "link_lost_network")
        adapter.suffer(lambda _direction, data: data)
        result = await search(hass, "network", answers(data | {"unit_id": 101}))
        assert_asks_about_meter(result)


async def test_another_integration_holds_the_connection(hass: HomeAssistant) -> None:
    """The scan uses its settings."""
    new = Device()
    async with serial(new) as line:
        hold(hass, serial_data(line))
        result = await search(hass, "serial", unknowing(serial_data(line, speed=9600)))
        entry = await add_meter(hass, result)
        assert entry.data == serial_data(line)


@pytest.mark.filterwarnings("ignore:ModbusTcpParams:DeprecationWarning")
async def test_another_integration_holds_an_adapter_that_passes_rtu_on(
    hass: HomeAssistant,
) -> None:
    """Its parameters differ in form, but Home Assistant shares the connection."""
    async with network(Device(), framing=Framing.RTU) as line, proxy(line) as adapter:
        data = network_data(line) | {"port": adapter.port}
        hold_with(hass, ModbusTcpParams(host=data["host"], port=data["port"], framer="rtu"))
        result = await search(hass, "network", unknowing(data))
        entry = await add_meter(hass, result)
        assert entry.data == data
        assert adapter.accepted == 1


@asynccontextmanager
async def another_window(hass: HomeAssistant, data: dict[str, Any]) -> AsyncIterator[None]:
    """Hold a connection for a moment, as a flow does that looks for a meter."""
    async with async_get_temporary_unit(hass, MeterAddress.parse(data).bus.params, 100):
        yield


async def test_the_connection_is_taken_at_the_last_moment(hass: HomeAssistant) -> None:
    """An entry opens it with other settings while the scan waits, and keeps it."""
    change_timing(hass, others_finish=0.5)
    known, new = pair()
    async with serial(known, new) as line:
        wrong = serial_data(line, unit_id=101, speed=SPEED // 2)
        async with another_window(hass, serial_data(line)):
            result = await start(hass, await begin(hass, "serial"), answers(wrong))
            entry = entry_for(known, serial_data(line))
            entry.add_to_hass(hass)
            await hass.config_entries.async_setup(entry.entry_id)
        result = await follow(hass, result)
        assert_refused(result, "serial", "link_in_use_by")
        holder = (result["description_placeholders"] or {})["holder"]
        assert holder == "DTS 307 (Measurlogic DTS 307)"
        assert state_of(hass, known, "link_state") == "ok"


async def test_a_connection_that_is_soon_released(hass: HomeAssistant) -> None:
    """Another window looks for a meter there; then the connection is free."""
    _, new = pair()
    async with serial(new, speed=None) as line:
        other = serial_data(line, unit_id=101, speed=SPEED // 2)
        async with another_window(hass, serial_data(line)):
            result = await start(hass, await begin(hass, "serial"), answers(other))
            await asyncio.sleep(0.05)
            assert new.requests == []
        second = await add_meter(hass, await follow(hass, result))
        assert second.data == other
