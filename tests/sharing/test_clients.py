"""Programs that read SunSpec meters, each in its own order, once a second and at the same time."""

import asyncio

from modbus_connection.pymodbus import connect_tcp
import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from custom_components.dts307.meter import Meter
from custom_components.dts307.meter.sharing import RegisterImage
from tests.meter.device import Clock, common, sunspec_map
from tests.meter.published import METER_MODELS
from tests.sharing.clients import ModbusRefusal, RawClient, connected
from tests.sharing.shared import UNIT_ID, model, serving
from tests.time_lapse import time_lapse

WORDS = sunspec_map(common(), model())
END = 40000 + len(WORDS)

HEADERS = [(40000, 2), (40002, 2), (40070, 2), (40177, 2)]
"""A walk along the model chain."""

ORDERS = {
    "headers, then models": [*HEADERS, (40002, 68), (40070, 107)],
    "marker, identity, meter": [(40000, 2), (40002, 67), (40069, 108)],
    "marker with identity, then the header, then values": [(40000, 70), (40070, 2), (40072, 105)],
    "as much as fits": [(40000, 125), (40125, END - 40125)],
    "one value with its scale factor": [*HEADERS, (40088, 5), (40108, 17)],
    "in pieces of ten": [(at, min(10, END - at)) for at in range(40000, END, 10)],
    "register by register": [(40000 + at, 1) for at in range(40)],
}


@pytest.mark.parametrize("model_id", METER_MODELS)
async def test_pysunspec2_finds_the_models_and_their_values(model_id: int) -> None:
    words = sunspec_map(common(), model(model_id))
    async with serving(RegisterImage(tuple(words), Clock().now), Clock()) as server:
        device = SunSpecModbusClientDeviceTCP(UNIT_ID, "127.0.0.1", server.port, timeout=10)
        await asyncio.to_thread(device.scan)
        device.disconnect()
        assert device.common[0].SN.value == "DTS201505001"
        meter = device.models[model_id][0]
        assert (meter.W.cvalue, meter.TotWhImp.cvalue, meter.Evt.value) == (-1234, 70_001, 8)


@pytest.mark.parametrize("model_id", METER_MODELS)
async def test_this_library_reads_a_shared_meter_as_the_meter_itself(model_id: int) -> None:
    words = sunspec_map(common(), model(model_id))
    async with serving(RegisterImage(tuple(words), Clock().now), Clock()) as server:
        connection = await connect_tcp("127.0.0.1", port=server.port)
        try:
            meter = await Meter.identify(connection.for_unit(UNIT_ID))
            reading = await meter.read()
        finally:
            await connection.close()
        assert meter.identity.serial_number == "DTS201505001"
        assert (reading.power.total, reading.energy_imported.total) == (-1234, 70_001)
        assert list(RegisterImage.of(meter, reading, 0.0).words) == words


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_any_order_of_reads_gets_the_same_map(order: list[tuple[int, int]]) -> None:
    image = RegisterImage(tuple(WORDS), Clock().now)
    async with serving(image, Clock()) as server, connected(server.port) as client:
        for address, count in order:
            begin = address - 40000
            assert await client.read(UNIT_ID, address, count) == WORDS[begin : begin + count]


@pytest.mark.parametrize("base", [50000, 0])
async def test_a_search_at_other_addresses_is_refused(base: int) -> None:
    image = RegisterImage(tuple(WORDS), Clock().now)
    async with serving(image, Clock()) as server, connected(server.port) as client:
        with pytest.raises(ModbusRefusal) as refused:
            await client.read(UNIT_ID, base, 2)
        assert refused.value.code == 0x02


async def test_ten_clients_are_served_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with a connection and an order of its own, for a minute."""
    loop = asyncio.get_running_loop()
    orders = list(ORDERS.values())
    with time_lapse(monkeypatch, loop):
        # One image for the whole minute.
        image = RegisterImage(tuple(WORDS), loop.time() + 60)

        async def poll(order: list[tuple[int, int]], client: RawClient) -> None:
            for _ in range(60):
                for address, count in order:
                    begin = address - 40000
                    read = await client.read(UNIT_ID, address, count)
                    assert read == WORDS[begin : begin + count]
                await asyncio.sleep(1)

        async with serving(image, loop.time) as server, asyncio.TaskGroup() as group:

            async def begin(order: list[tuple[int, int]]) -> None:
                async with connected(server.port) as client:
                    await poll(order, client)

            for each in range(10):
                group.create_task(begin(orders[each % len(orders)]))
