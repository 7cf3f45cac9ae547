"""pymodbus' TCP server, limited in what a client can make it do.

By itself, pymodbus answers one request of those that arrive together, logs malformed ones as
errors, and buffers without limit what a client does not fetch.
"""

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
import struct
from typing import Final, cast, override

from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from .meters import RefusedError, SharedMeters
from .pace import Pace

_HEADER: Final = struct.Struct(">HHHB")
"""Transaction, protocol, length and unit ID."""
_LENGTHS: Final = range(2, 255)
"""What the header may say: bytes from the unit ID on."""
_BEFORE_UNIT_ID: Final = _HEADER.size - 1
_MOST_UNANSWERED: Final = 4096
"""Bytes of requests that a client may send ahead: hundreds of them."""
_PAUSE: Final = 0.1
"""s for which nothing is taken from a client that asks too fast"""
_IDLE: Final = 60.0
"""s without a request after which a client gives way to a new one"""


class ModbusServer(ModbusTcpServer):
    """Listens for clients, and answers them from shared meters."""

    def __init__(
        self,
        meters: SharedMeters,
        *,
        allowed: Sequence[IPv4Network | IPv6Network],
        most: int,
        clock: Callable[[], float],
    ) -> None:
        """Serve up to ``most`` clients from the ``allowed`` networks, or from all if none is."""
        # pymodbus insists on a device of its own, which is never asked.
        nothing = SimData(0, count=1, datatype=DataType.UINT16, readonly=True)
        super().__init__(SimDevice(0, simdata=[nothing]))
        self.meters = meters
        self.clock = clock
        self._allowed = allowed
        self._most = most

    @property
    def port(self) -> int:
        """The port that is open."""
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def unit_ids(self) -> list[int | None]:
        """The unit ID that each client asked for last; None if it has not asked yet."""
        return [client.unit_id for client in self._clients]

    @property
    def _listener(self) -> asyncio.Server:
        return cast(asyncio.Server, self.transport)

    @property
    def _clients(self) -> list[Client]:
        """The clients that are connected; pymodbus also lists those that are about to be."""
        clients = cast("list[Client]", list(self.active_connections.values()))
        return [client for client in clients if client.is_active()]

    async def open(self, hosts: Sequence[str], port: int) -> None:
        """Listen at addresses of this machine.

        Raises OSError, which pymodbus would only log.
        """
        self.is_listener = True
        self.transport = cast(
            asyncio.BaseTransport,
            await self.loop.create_server(self.handle_new_connection, hosts, port),
        )

    async def stop(self) -> None:
        """Close the port and all connections, whatever a client has not fetched."""
        listener = self._listener
        for client in list(self.active_connections.values()):
            cast(Client, client).drop()
        await self.shutdown()  # type: ignore[no-untyped-call]
        await listener.wait_closed()

    @override
    def callback_new_connection(self) -> Client:
        return Client(self)

    def admits(self, client: Client, host: str) -> bool:
        """Return whether a new client may stay; the most idle one may have to go for it."""
        address = ip_address(host.partition("%")[0])
        if self._allowed and not any(address in network for network in self._allowed):
            return False
        others = [each for each in self._clients if each is not client]
        if len(others) < self._most:
            return True
        idle = min(others, key=lambda each: each.asked_at)
        if self.clock() - idle.asked_at < _IDLE:
            return False
        idle.drop()
        return True


class Client(ServerRequestHandler):
    """The connection of one client."""

    def __init__(self, server: ModbusServer) -> None:
        """Begin before the connection is made."""
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call]
        self._server = server
        self._received = b""
        self._pace = Pace(server.clock())
        self._pause: asyncio.TimerHandle | None = None
        self.unit_id: int | None = None
        """The unit ID that it asked for last."""
        self.asked_at = server.clock()
        """s when it asked last, or connected."""

    @property
    def _stream(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self.transport)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.is_closing or not self._server.admits(
            self, transport.get_extra_info("peername")[0]
        ):
            self.drop()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_received()
        super().connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        """Disconnect a client that does not fetch its answers."""
        self.drop()

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        self._answer_received()

    def drop(self) -> None:
        """Disconnect, and do not wait for the client to fetch anything."""
        stream = self._stream if self.is_active() else None
        self._forget_received()
        self.close()
        # A connection that is about to be made is dropped then.
        if stream is not None:
            stream.abort()

    def _forget_received(self) -> None:
        self._received = b""
        self._end_pause()

    def _end_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _answer_received(self) -> None:
        """Answer the requests that are complete, at the pace that a client has."""
        self._end_pause()
        while frame := self._next_frame():
            if not self._pace.allows(self._server.clock()):
                self._wait()
                return
            self._received = self._received[len(frame) :]
            self._answer(frame)

    def _wait(self) -> None:
        """Take nothing from the client for a moment, or leave it if it has sent too much."""
        if len(self._received) > _MOST_UNANSWERED:
            self.drop()
            return
        self._stream.pause_reading()
        self._pause = self.loop.call_later(_PAUSE, self._go_on)

    def _go_on(self) -> None:
        self._stream.resume_reading()
        self._answer_received()

    def _next_frame(self) -> bytes:
        """Return the first frame if it is complete; leave a client that does not speak Modbus."""
        is_connected = self.is_active() and not self._stream.is_closing()
        if not is_connected or len(self._received) < _HEADER.size:
            return b""
        _, protocol, length, _ = _HEADER.unpack_from(self._received)
        if protocol != 0 or length not in _LENGTHS:
            self.drop()
            return b""
        end = _BEFORE_UNIT_ID + length
        return self._received[:end] if len(self._received) >= end else b""

    def _answer(self, frame: bytes) -> None:
        transaction, _, _, unit_id = _HEADER.unpack_from(frame)
        function, data = frame[_HEADER.size], frame[_HEADER.size + 1 :]
        self.unit_id, self.asked_at = unit_id, self._server.clock()
        try:
            registers = self._server.meters.answer(unit_id, function, data)
        except RefusedError as err:
            answer: ModbusPDU = ExceptionResponse(function, err.code)
        else:
            answer = ReadHoldingRegistersResponse(registers=list(registers))
        answer.dev_id, answer.transaction_id = unit_id, transaction
        self.pdu_send(answer)
