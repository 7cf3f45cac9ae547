"""A Modbus unit that finds out why no valid response arrives from it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from modbus_connection import (
    ModbusExceptionError,
    ModbusProtocolError,
    ModbusTimeoutError,
)

from ..errors import (
    AnotherUnitError,
    GarbledReplyError,
    MeterError,
    SpeaksBacnetError,
    WrongSpeedError,
    WrongTransactionError,
)
from .resilient_unit import ResilientUnit
from .serial_probe import ProbeResult
from .shared_bus import SharedBus
from .timing import LINK_TIMING, LinkTiming

PROBE_ERRORS: Final[dict[ProbeResult | None, type[MeterError]]] = {
    ProbeResult.ANOTHER_UNIT: AnotherUnitError,
    ProbeResult.ANOTHER_REQUEST: GarbledReplyError,
    ProbeResult.ANOTHER_TRANSACTION: WrongTransactionError,
    ProbeResult.BACNET: SpeaksBacnetError,
    ProbeResult.NOISE: WrongSpeedError,
}


@dataclass
class ProbeState:
    """What is known about a unit that does not respond; it outlives the DiagnosingUnit."""

    under_way: bool = False
    """whether the last request failed to get a valid response"""
    result: ProbeResult | None = None
    probed_at: float = -inf
    """seconds of the event loop's clock"""

    def forget(self) -> None:
        """Forget the result of the last probe."""
        self.result, self.probed_at = None, -inf

    def end(self) -> None:
        """Forget everything, after a response."""
        self.under_way = False
        self.forget()


class DiagnosingUnit:
    """A ModbusUnit that reads through a ResilientUnit, and probes the bus during an outage.

    The Modbus library discards bytes that are no response to its request, and these distinguish
    a wrong baud rate, unit ID or transaction ID from silence. A probe sees them, but needs the link
    for itself. So it runs only if no other unit on the link responds, from the second failed read
    on, and once a minute (``LinkTiming.probe_again``).
    """

    def __init__(  # noqa: PLR0913 - each is known to another part of the integration
        self,
        unit: ResilientUnit,
        bus: SharedBus,
        state: ProbeState,
        probe: Callable[[], Awaitable[ProbeResult]],
        *,
        is_free: Callable[[], bool],
        timing: LinkTiming = LINK_TIMING,
    ) -> None:
        """Read through ``unit``, which is on ``bus``.

        ``probe`` probes the unit over the closed link, and raises OSError if it cannot open that.
        ``is_free`` returns whether the link may be closed for it: no other unit responds.
        """
        self._unit = unit
        self._bus = bus
        self._state = state
        self._probe = probe
        self._is_free = is_free
        self._timing = timing

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the unit."""
        return getattr(self._unit, name)

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read registers.

        Raises ModbusError; AnotherUnitError, GarbledReplyError, SpeaksBacnetError,
        WrongTransactionError or WrongSpeedError if a probe shows that.
        """
        try:
            registers = await self._unit.read_holding_registers(address, count)
        except ModbusExceptionError:
            self._state.end()
            raise
        except (ModbusTimeoutError, ModbusProtocolError) as err:
            if self._unit.connected and (error := PROBE_ERRORS.get(await self._diagnose())):
                raise error(str(err)) from err
            raise
        self._state.end()
        return registers

    async def _diagnose(self) -> ProbeResult | None:
        """Return the result of a new or the last probe; None if there is none.

        While other units respond, the settings of the bus are right, whatever a probe saw before.
        """
        state, now = self._state, asyncio.get_running_loop().time
        repeated, state.under_way = state.under_way, True
        if not self._is_free():
            state.forget()
        elif repeated and now() >= state.probed_at + self._timing.probe_again:
            state.result = await self._probe_closed_link()
            state.probed_at = now()
        return state.result

    async def _probe_closed_link(self) -> ProbeResult | None:
        """Probe; return None if the link cannot be opened.

        The response to the probe may be delayed too, so the unit stays quiet once more afterwards.
        """
        await self._unit.disconnect()
        try:
            async with self._bus.lock:
                return await self._probe()
        except OSError:
            return None
        finally:
            await self._unit.disconnect()
