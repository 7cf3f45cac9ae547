"""A serial port that another machine shares over the network, as RFC 2217 describes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from serial.rfc2217 import (  # type: ignore[import-untyped]
    COM_PORT_OPTION,
    SET_LINESTATE_MASK,
    SET_MODEMSTATE_MASK,
    PortManager,
)

from simulator.server import TcpLine


@dataclass
class SharedPort:
    """The settings of a port as its clients change them, by the names of pyserial."""

    baudrate: int = 1200
    bytesize: int = 8
    parity: str = "E"
    stopbits: int = 2
    xonxoff: bool = False
    rtscts: bool = False
    dtr: bool = False
    rts: bool = False
    cts: bool = False
    dsr: bool = False
    ri: bool = False
    cd: bool = False
    break_condition: bool = False

    def reset_input_buffer(self) -> None:
        """Forget nothing: everything has been passed on."""

    def reset_output_buffer(self) -> None:
        """Forget nothing: everything has been passed on."""

    @property
    def settings(self) -> tuple[int, int, str, int]:
        """Baud rate, data bits, parity and stop bits."""
        return (self.baudrate, self.bytesize, self.parity, self.stopbits)


class AckingPortManager(PortManager):  # type: ignore[misc]
    """Confirms the masks too, as RFC 2217 has it and clients wait for it; pyserial does not."""

    def _telnet_process_subnegotiation(self, suboption: bytes) -> None:
        super()._telnet_process_subnegotiation(suboption)
        command = suboption[1:2]
        if suboption[:1] == COM_PORT_OPTION and command in (
            SET_LINESTATE_MASK,
            SET_MODEMSTATE_MASK,
        ):
            self.rfc2217_send_subnegotiation(bytes([command[0] + 100]), suboption[2:])


@dataclass
class SerialServer:
    """Passes bytes on to meters that understand one setting only."""

    meters: TcpLine
    understood: tuple[int, int, str, int]
    manager: type[PortManager] = AckingPortManager
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client, until either side closes the connection."""
        shared = SharedPort()
        manager = self.manager(shared, writer)
        answers, requests = await asyncio.open_connection(self.meters.host, self.meters.port)

        async def pass_back() -> None:
            while answer := await answers.read(256):
                writer.write(b"".join(manager.escape(answer)))

        passing = asyncio.create_task(pass_back())
        try:
            while received := await reader.read(256):
                request = b"".join(manager.filter(received))
                if shared.settings == self.understood:
                    requests.write(request)
        finally:
            passing.cancel()
            with suppress(asyncio.CancelledError):
                await passing
            writer.close()
            requests.close()


@asynccontextmanager
async def shared(
    meters: TcpLine,
    understood: tuple[int, int, str, int],
    manager: type[PortManager] = AckingPortManager,
) -> AsyncIterator[SerialServer]:
    """Share the port of meters on this machine."""
    sharing = SerialServer(meters, understood, manager)
    async with await asyncio.start_server(sharing.serve, "127.0.0.1") as server:
        sharing.port = server.sockets[0].getsockname()[1]
        yield sharing
        server.close_clients()
