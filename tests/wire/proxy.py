"""A gateway with faults between client and server: for TCP what the wire is for serial lines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import socket
import struct

from simulator.server import Framing, TcpLine
from tests.wire.wire import Direction, Fault, Piece, clean, pieces

_READ_SIZE = 4096
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Session:
    """One client and its own connection to the server."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    frozen: bool = False


class Proxy:
    """A TCP port that forwards to a line's port, through a fault."""

    def __init__(self, line: TcpLine) -> None:
        """Prepare a gateway to ``line``."""
        self.host = line.host
        self.port = 0
        self.framing: Framing = line.framing
        self.accepted = 0
        self._line = line
        self._fault: Fault = clean
        self._server: asyncio.Server | None = None
        self._sessions: set[_Session] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()

    @property
    def sessions(self) -> int:
        """How many clients are connected through to the line."""
        return len(self._sessions)

    def suffer(self, fault: Fault) -> None:
        """Change the fault of all connections."""
        self._fault = fault

    async def drained(self) -> None:
        """Wait until no byte is on its way any more."""
        while self._late:
            await asyncio.wait(self._late)

    def reset(self) -> None:
        """Disconnect all clients, as an adapter does when it restarts."""
        for session in self._sessions:
            if session.near.is_closing():
                # Its socket may be closed already, though the session has not ended yet.
                continue
            sock: socket.socket = session.near.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            session.near.transport.abort()

    def freeze(self) -> None:
        """Keep the present connections open, but dead; new ones work."""
        for session in self._sessions:
            session.frozen = True

    async def open(self) -> None:
        """Listen, on the same port as before if it was open already."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and disconnect all clients."""
        if self._server is not None:
            self._server.close()
            self.reset()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        try:
            with suppress(OSError, asyncio.CancelledError):
                answers, far = await asyncio.open_connection(self._line.host, self._line.port)
                await self._join(_Session(near, far), reader, answers)
        finally:
            self._tasks.discard(task)
            near.close()

    async def _join(
        self, session: _Session, requests: asyncio.StreamReader, answers: asyncio.StreamReader
    ) -> None:
        """Forward both ways until the client disconnects."""
        self._sessions.add(session)
        back = asyncio.create_task(self._carry(session, Direction.REPLY, answers))
        try:
            await self._carry(session, Direction.REQUEST, requests)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            self._sessions.discard(session)
            session.far.close()

    async def _carry(
        self, session: _Session, direction: Direction, reader: asyncio.StreamReader
    ) -> None:
        while data := await reader.read(_READ_SIZE):
            if session.frozen:
                continue
            for piece in pieces(self._fault, direction, data):
                to = session.far if piece.direction is Direction.REQUEST else session.near
                if piece.delay:
                    later = asyncio.create_task(self._put_later(to, piece))
                    self._tasks.add(later)
                    self._late.add(later)
                    later.add_done_callback(self._tasks.discard)
                    later.add_done_callback(self._late.discard)
                else:
                    self._put(to, piece.data)

    async def _put_later(self, to: asyncio.StreamWriter, piece: Piece) -> None:
        await asyncio.sleep(piece.delay)
        self._put(to, piece.data)

    @staticmethod
    def _put(to: asyncio.StreamWriter, data: bytes) -> None:
        if data and not to.is_closing():
            to.write(data)


@asynccontextmanager
async def proxy(line: TcpLine) -> AsyncIterator[Proxy]:
    """Put a proxy in front of a line."""
    gateway = Proxy(line)
    await gateway.open()
    try:
        yield gateway
    finally:
        await gateway.close()
