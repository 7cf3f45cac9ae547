"""A scan behind a network adapter finds its framing and the unit ID."""

import asyncio

from homeassistant.core import HomeAssistant
from pymodbus.constants import ExcCodes
import pytest

from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    add_meter,
    answers,
    assert_asks_about_meter,
    assert_refused,
    begin,
    follow,
    form_of,
    search,
    start,
    submit,
    unknowing,
)
from tests.integration.scanning import nothing_is_open, until
from tests.integration.timing import PATIENT
from tests.lines import network, network_data
from tests.wire.proxy import Proxy, proxy
from tests.wire.wire import Direction

pytestmark = pytest.mark.usefixtures("skip_waiting")

NO_PROTOCOL = b"\x00\x00"
"""Where Modbus TCP names its protocol, RTU has an address: 40000."""


def eavesdrop(adapter: Proxy) -> list[str]:
    """Return a list that grows by the framing of each request."""
    framings: list[str] = []

    def note(direction: Direction, data: bytes) -> bytes:
        if direction is Direction.REQUEST:
            framings.append("tcp" if data[2:4] == NO_PROTOCOL else "rtu")
        return data

    adapter.suffer(note)
    return framings


@pytest.mark.parametrize("framing", Framing)
async def test_what_is_known_is_tried_first(hass: HomeAssistant, framing: Framing) -> None:
    """The other framing is not tried then."""
    async with network(Device(), framing=framing) as line, proxy(line) as adapter:
        framings = eavesdrop(adapter)
        known = network_data(line) | {"port": adapter.port}
        assert_asks_about_meter(await search(hass, "network", answers(known)))
        assert set(framings) == {known["framing"]}
        await until(lambda: adapter.sessions == 0)


@pytest.mark.parametrize("framing", Framing)
async def test_what_is_known_may_be_wrong(hass: HomeAssistant, framing: Framing) -> None:
    """What is entered is only a hint."""
    async with network(Device(), framing=framing) as line:
        right = network_data(line)
        wrong = network_data(line, framing={"tcp": "rtu", "rtu": "tcp"}[right["framing"]])
        entry = await add_meter(hass, await search(hass, "network", answers(wrong)))
        assert entry.data == right


@pytest.mark.parametrize("framing", Framing)
async def test_another_unit_id_is_found(hass: HomeAssistant, framing: Framing) -> None:
    """With either framing."""
    async with network(Device(MeterConfig(unit=101)), framing=framing) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        entry = await add_meter(hass, result)
        assert entry.data == network_data(line, unit_id=101)


@pytest.mark.parametrize("framing", Framing)
async def test_nothing_is_found_and_everything_is_offered(
    hass: HomeAssistant, framing: Framing
) -> None:
    """After the likely unit IDs, the form offers a scan of everything, which takes minutes."""
    async with network(Device(MeterConfig(unit=98)), framing=framing) as line:
        result = await begin(hass, "network")
        assert "everything" not in {str(key) for key in form_of(result).schema}
        result = await submit(hass, result, unknowing(network_data(line)))
        assert_refused(result, "network", "nothing_found_network")
        assert nothing_is_open(hass)
        result = await submit(hass, result, unknowing(network_data(line), everything=True))
        entry = await add_meter(hass, result)
        assert entry.data == network_data(line, unit_id=98)


async def test_an_adapter_costs_no_time_of_its_own(hass: HomeAssistant) -> None:
    """The library gives an adapter ten seconds to connect, but each probe here is much shorter.

    Nothing answers any of the many probes and new connections.
    """
    async with network() as line:
        async with asyncio.timeout(8):
            result = await search(hass, "network", unknowing(network_data(line)))
        assert_refused(result, "network", "nothing_found_network")


def gateway(code: ExcCodes, *devices: Device) -> list[Device]:
    """Return the devices behind a gateway, and a refusal in the place of all others."""
    there = {device.unit: device for device in devices}
    for unit_id in PATIENT.scan_range.unit_ids:
        if unit_id not in there:
            there[unit_id] = Device(MeterConfig(unit=unit_id))
            there[unit_id].refusal = code
    return list(there.values())


@pytest.mark.parametrize("code", [ExcCodes.GATEWAY_PATH_UNAVIABLE, ExcCodes.GATEWAY_NO_RESPONSE])
async def test_a_gateway_that_reports_silence(hass: HomeAssistant, code: ExcCodes) -> None:
    """Only a gateway to Modbus TCP says so, so the other framing is no longer tried."""
    meter = Device(MeterConfig(unit=101))
    devices = gateway(code, meter)
    async with network(*devices) as line, proxy(line) as adapter:
        framings = eavesdrop(adapter)
        data = network_data(line) | {"port": adapter.port}
        result = await search(hass, "network", unknowing(data))
        assert set(framings) == {"tcp"}
        assert [len(device.requests) for device in devices if device.unit == 100] == [2]
        entry = await add_meter(hass, result)
        assert entry.data == data | {"unit_id": 101}


@pytest.mark.parametrize("code", [ExcCodes.GATEWAY_PATH_UNAVIABLE, ExcCodes.GATEWAY_NO_RESPONSE])
async def test_a_gateway_without_a_meter(hass: HomeAssistant, code: ExcCodes) -> None:
    """It means the same as silence on the wire."""
    devices = gateway(code)
    async with network(*devices) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        assert_refused(result, "network", "nothing_found_network")
        for device in devices:
            device.refusal = None
        result = await submit(hass, result, unknowing(network_data(line), thorough=True))
        # The gateway's other units are meters, too, now.
        assert result["step_id"] == "meters"


async def test_a_gateway_that_disconnects_on_the_other_framing(hass: HomeAssistant) -> None:
    """It was reached with the other framing, so the silence behind it is the reason."""
    async with network() as line, proxy(line) as adapter:

        def disconnect_on_rtu(direction: Direction, data: bytes) -> bytes:
            if direction is Direction.REQUEST and data[2:4] != NO_PROTOCOL:
                adapter.reset()
                return b""
            return data

        adapter.suffer(disconnect_on_rtu)
        data = network_data(line) | {"port": adapter.port}
        result = await search(hass, "network", unknowing(data))
        assert_refused(result, "network", "nothing_found_network")
        await until(lambda: adapter.sessions == 0)


async def test_noise_is_reported(hass: HomeAssistant) -> None:
    """The adapter's serial settings differ from those of the bus."""
    async with network(Device(), framing=Framing.RTU) as line, proxy(line) as adapter:
        adapter.suffer(
            lambda direction, data: (
                data if direction is Direction.REQUEST else bytes(~each & 0xFF for each in data)
            )
        )
        data = network_data(line) | {"port": adapter.port}
        result = await search(hass, "network", unknowing(data))
        assert_refused(result, "network", "wrong_speed_network")
        await until(lambda: adapter.sessions == 0)


@pytest.mark.parametrize("framing", Framing)
async def test_the_adapter_goes_away_in_the_middle(hass: HomeAssistant, framing: Framing) -> None:
    """The scan ends with the reason; the next one finds the meter."""
    device = Device(MeterConfig(unit=102))
    async with network(device, framing=framing) as line:
        data = network_data(line)
        result = await start(hass, await begin(hass, "network"), unknowing(data))
        await asyncio.sleep(0.2)
        await line.close()
        result = await follow(hass, result)
        assert_refused(result, "network", "host_refuses")
        assert nothing_is_open(hass)
        await line.open()
        result = await submit(hass, result, answers(network_data(line, unit_id=102)))
        assert_asks_about_meter(result)


async def test_a_device_vanishes_while_it_is_identified(hass: HomeAssistant) -> None:
    """It has answered once, and then the connection is gone."""
    device = Device()
    async with network(device) as line:
        data = network_data(line)
        result = await start(hass, await begin(hass, "network"), answers(data))
        await device.asked.wait()
        device.silent = True
        await until(lambda: len(device.requests) > 1)
        await line.close()
        result = await follow(hass, result)
        assert_refused(result, "network", "host_refuses")
        device.silent = False
        await line.open()
        assert_asks_about_meter(await submit(hass, result, answers(data)))
