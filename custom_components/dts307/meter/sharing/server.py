"""The SunSpec server: starts and stops, and counts its clients."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
import time
from typing import TYPE_CHECKING, Final

from .meters import ClientCounts, SharedMeters

if TYPE_CHECKING:
    from .modbus_server import ModbusServer

MOST_CLIENTS: Final = 32


def load_server() -> type[ModbusServer]:
    """Import pymodbus' server, which takes a moment.

    Those who share nothing need not wait for that.
    """
    from .modbus_server import ModbusServer  # noqa: PLC0415

    return ModbusServer


class SunSpecServer:
    """A Modbus TCP server for the registers of meters; it writes nothing and reads no bus."""

    def __init__(
        self,
        hosts: Sequence[str],
        port: int,
        *,
        allowed: Sequence[IPv4Network | IPv6Network] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve at addresses of this machine; port 0 takes a free one.

        Only clients in one of the ``allowed`` networks are answered, or all if there is none.
        ``clock`` returns monotonic seconds.
        """
        self.hosts = hosts
        """Addresses of this machine to listen at from the next start."""
        self._port = port
        self._allowed = tuple(allowed)
        self._clock = clock
        self._server: ModbusServer | None = None
        self.meters = SharedMeters(clock)
        """The meters that are served, also while the server is stopped."""

    @property
    def is_running(self) -> bool:
        """Whether the port is open."""
        return self._server is not None

    @property
    def port(self) -> int:
        """The port that is open, or would be."""
        return self._port if self._server is None else self._server.port

    @property
    def clients(self) -> int:
        """How many connections are open."""
        return 0 if self._server is None else len(self._server.unit_ids)

    def counts(self, unit_id: int) -> ClientCounts:
        """Return how a shared meter is used."""
        unit_ids = [] if self._server is None else self._server.unit_ids
        return ClientCounts(unit_ids.count(unit_id), self.meters.requests_per_minute(unit_id))

    async def start(self) -> None:
        """Open the port.

        Raises OSError if that fails, for example because the port is taken.
        """
        server = load_server()(
            self.meters, allowed=self._allowed, most=MOST_CLIENTS, clock=self._clock
        )
        await server.open(self.hosts, self._port)
        self._server = server

    async def stop(self) -> None:
        """Close the port and all connections; do nothing if they are closed."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()
