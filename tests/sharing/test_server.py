"""The server over TCP: what clients can do to it, and what they cannot."""

import asyncio
from contextlib import AsyncExitStack
import gc
from ipaddress import ip_network
import logging
import socket
import struct

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.sharing import (
    MOST_CLIENTS,
    RegisterImage,
    SharedMeter,
    SharedMeters,
    SunSpecServer,
)
from custom_components.dts307.meter.sharing.modbus_server import Client, ModbusServer
from tests.meter.device import Clock, common, sunspec_map
from tests.sharing.clients import ModbusRefusal, RawClient, connected, read_request
from tests.sharing.shared import MAX_AGE, UNIT_ID, model, serving
from tests.time_lapse import time_lapse

WORDS = sunspec_map(common(), model())
IMAGE = RegisterImage(tuple(WORDS), Clock().now)

FIRST = read_request(UNIT_ID, 40000, 2)


async def until_gone(server: SunSpecServer, clients: int = 0) -> None:
    """Wait until the server has noticed that clients have gone."""
    while server.clients > clients:  # noqa: ASYNC110 - it happens within this event loop
        await asyncio.sleep(0)


async def test_a_client_reads_the_map_and_is_refused_what_is_not_in_it() -> None:
    async with serving(IMAGE, Clock()) as server, connected(server.port) as client:
        assert await client.read(UNIT_ID, 40000, 70) == WORDS[:70]
        assert await client.read(UNIT_ID, 40070, 107) == WORDS[70:177]
        for pdu, code in (
            (b"\x03" + struct.pack(">HH", 40000 + len(WORDS) - 1, 2), 0x02),
            (b"\x03" + struct.pack(">HH", 40000, 126), 0x03),
            (b"\x06" + struct.pack(">HH", 40000, 1), 0x01),
            (b"\x10" + struct.pack(">HHBH", 40000, 1, 2, 7), 0x01),
            (b"\x04" + struct.pack(">HH", 40000, 1), 0x01),
            (b"\x83\x02", 0x01),
        ):
            with pytest.raises(ModbusRefusal) as refused:
                await client.ask(UNIT_ID, pdu)
            assert refused.value.code == code
        with pytest.raises(ModbusRefusal) as refused:
            await client.read(1, 40000, 2)
        assert refused.value.code == 0x0B
        assert await client.read(UNIT_ID, 40000, 2) == WORDS[:2]


async def test_requests_that_arrive_together_are_answered_in_their_order() -> None:
    """Also with one that is cut in two."""
    async with serving(IMAGE, Clock()) as server, connected(server.port) as client:
        requests = b"".join(read_request(UNIT_ID, 40000 + at, 3, at) for at in range(10))
        client.writer.write(requests[:-5])
        for at in range(9):
            expected = struct.pack(">BB3H", 3, 6, *WORDS[at : at + 3])
            assert await client.receive() == (at, UNIT_ID, expected)
        client.writer.write(requests[-5:])
        assert (await client.receive())[0] == 9


@settings(max_examples=30, deadline=None)
@given(garbage=st.binary(min_size=1, max_size=300))
async def test_whatever_bytes_arrive_others_are_served(garbage: bytes) -> None:
    """Each frame gets an answer of its own function, or the connection ends."""
    async with serving(IMAGE, Clock()) as server, connected(server.port) as client:
        client.writer.write(garbage)
        client.writer.write_eof()
        rest = b""
        while part := await client.reader.read(65536):
            rest += part
        while rest:
            _, protocol, length, _ = struct.unpack_from(">HHHB", rest)
            assert protocol == 0
            assert len(rest) >= 6 + length
            rest = rest[6 + length :]
        async with connected(server.port) as other:
            assert await other.read(UNIT_ID, 40000, 2) == WORDS[:2]


@pytest.mark.parametrize(
    "header",
    [(1, 7, 6, UNIT_ID), (1, 0, 0, UNIT_ID), (1, 0, 1, UNIT_ID), (1, 0, 255, UNIT_ID)],
    ids=["protocol", "empty", "no function", "too long"],
)
async def test_a_client_that_does_not_speak_modbus_is_left(
    header: tuple[int, int, int, int],
) -> None:
    async with serving(IMAGE, Clock()) as server, connected(server.port) as client:
        client.writer.write(FIRST + struct.pack(">HHHB", *header))
        assert await client.is_dropped()
        assert server.clients == 0


async def test_a_flood_is_answered_no_faster_than_a_client_may_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At first fifty requests at once, then fifty a second. The rest waits, and none is lost."""
    loop = asyncio.get_running_loop()
    with time_lapse(monkeypatch, loop):
        async with serving(None, loop.time) as server, connected(server.port) as client:
            begun = loop.time()
            client.writer.write(FIRST * 200)
            for _ in range(200):
                await client.receive()
            assert 2.9 < loop.time() - begun < 4


async def test_a_client_that_sends_far_too_much_is_left() -> None:
    async with serving(IMAGE, Clock()) as server, connected(server.port) as client:
        client.writer.write(FIRST * 2000)
        assert await client.is_dropped()
        assert server.clients == 0


async def test_a_client_that_leaves_without_its_answers_leaves_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The system says so with the first answer, while others are still to be sent."""
    async with serving(IMAGE, Clock()) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(FIRST * 40)
        async with connected(server.port) as other:
            await other.read(UNIT_ID, 40000, 2)
        await until_gone(server)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_connection_that_is_lost_while_requests_wait_leaves_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As when answers that were sent before cannot be delivered."""
    server = ModbusServer(SharedMeters(Clock()), allowed=(), most=1, clock=Clock())
    await server.open(["127.0.0.1"], 0)
    async with connected(server.port) as client:
        client.writer.write(FIRST * 60)
        for _ in range(50):
            await client.receive()
        (waiting,) = server.active_connections.values()
        waiting.connection_lost(ConnectionResetError())
        await asyncio.sleep(0.2)
    await server.stop()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_client_that_fetches_nothing_is_left() -> None:
    """Buffers of the system fill first, then that of the server, which is the limit."""
    clock = Clock()
    answered = 0

    def latest_image() -> RegisterImage:
        nonlocal answered
        answered += 1
        return RegisterImage(tuple(WORDS), clock.now)

    async with serving(None, clock) as server:
        server.meters.add(1, SharedMeter(latest_image=latest_image, max_age=MAX_AGE))
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)

        while not answered or server.clients:
            clock.now += 1
            asked = answered + 40
            writer.write(read_request(1, 40000, 125) * 40)
            while answered < asked and (not answered or server.clients):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)
        writer.transport.abort()
        assert answered > 200


@pytest.mark.parametrize("rest", [b"", FIRST[:5], FIRST[:-1]])
async def test_half_a_request_does_not_hold_up_others(rest: bytes) -> None:
    async with serving(IMAGE, Clock()) as server, connected(server.port) as half:
        half.writer.write(rest)
        async with connected(server.port) as client:
            assert await client.read(UNIT_ID, 40000, 2) == WORDS[:2]
            half.writer.write(FIRST[len(rest) :])
            assert (await half.receive())[0] == 1


async def test_one_client_more_than_fit_is_refused() -> None:
    """One that leaves makes room."""
    async with serving(IMAGE, Clock()) as server, AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(server.port)) for _ in range(MOST_CLIENTS)
        ]
        for client in clients:
            await client.read(UNIT_ID, 40000, 2)
        async with connected(server.port) as another:
            assert await another.is_dropped()
        assert server.clients == MOST_CLIENTS
        assert server.counts(UNIT_ID).clients == MOST_CLIENTS
        clients[7].writer.close()
        await until_gone(server, MOST_CLIENTS - 1)
        async with connected(server.port) as another:
            assert await another.read(UNIT_ID, 40000, 2) == WORDS[:2]


async def test_a_client_that_asks_nothing_gives_way() -> None:
    """The one that has been silent for longest, after a minute."""
    clock = Clock()
    async with serving(IMAGE, clock) as server, AsyncExitStack() as stack:
        clients: list[RawClient] = []
        for _ in range(MOST_CLIENTS):
            client = await stack.enter_async_context(connected(server.port))
            clients.append(client)
            with pytest.raises(ModbusRefusal):
                await client.read(1, 40000, 2)
            clock.now += 1
        clock.now += 60 - MOST_CLIENTS
        async with connected(server.port) as another:
            with pytest.raises(ModbusRefusal):
                await another.read(1, 40000, 2)
            assert await clients[0].is_dropped()
            assert server.clients == MOST_CLIENTS
        await until_gone(server, MOST_CLIENTS - 1)


async def test_many_clients_one_after_the_other_leave_nothing_behind() -> None:
    async with serving(IMAGE, Clock()) as server:
        for _ in range(200):
            async with connected(server.port) as client:
                client.writer.write(FIRST)
        await until_gone(server)
        gc.collect()
        assert not [each for each in gc.get_objects() if type(each) is Client]


@pytest.mark.parametrize(
    ("network", "admitted"), [("127.0.0.0/8", True), ("127.0.0.2/32", False), ("::1/128", False)]
)
async def test_only_allowed_clients_are_answered(network: str, *, admitted: bool) -> None:
    async with (
        serving(IMAGE, Clock(), ip_network(network)) as server,
        connected(server.port) as client,
    ):
        if admitted:
            assert await client.read(UNIT_ID, 40000, 2) == WORDS[:2]
        else:
            assert await client.is_dropped()


async def test_each_meter_has_its_own_counts() -> None:
    async with serving(IMAGE, Clock()) as server, connected(server.port) as client:
        assert (server.counts(UNIT_ID).clients, server.clients) == (0, 1)
        for _ in range(3):
            await client.read(UNIT_ID, 40000, 2)
        counts = server.counts(UNIT_ID)
        assert (counts.clients, counts.requests_per_minute) == (1, 3)
        with pytest.raises(ModbusRefusal):
            await client.read(1, 40000, 2)
        assert server.counts(UNIT_ID).clients == 0


async def test_the_port_is_closed_with_all_connections() -> None:
    """Also those with requests that wait."""
    async with serving(IMAGE, Clock()) as server:
        port = server.port
        assert server.is_running
        async with connected(port) as client, connected(port) as waiting:
            await client.read(UNIT_ID, 40000, 2)
            waiting.writer.write(FIRST * 100)
            await waiting.receive()
            await server.stop()
            assert await client.is_dropped()
            assert await waiting.is_dropped()
        assert not server.is_running
        assert (server.clients, server.counts(UNIT_ID).clients) == (0, 0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_connection_that_is_about_to_be_made_is_closed_too() -> None:
    server = ModbusServer(SharedMeters(Clock()), allowed=(), most=1, clock=Clock())
    await server.open(["127.0.0.1"], 0)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        while not server.active_connections:  # noqa: ASYNC110 - it happens within this event loop
            await asyncio.sleep(0)
        assert server.unit_ids == []
        await server.stop()
        assert client.recv(1) == b""


async def test_a_port_that_is_taken_is_an_error() -> None:
    """Once it is free, the same server starts."""
    async with serving(IMAGE, Clock()) as first:
        second = SunSpecServer(["127.0.0.1"], first.port)
        assert second.port == first.port
        with pytest.raises(OSError, match="in use"):
            await second.start()
        assert not second.is_running
        await second.stop()
        await first.stop()
        await second.start()
        await second.stop()
