"""A Modbus unit that finds out why nothing proper comes from it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
import time
from typing import Any, Final

from modbus_connection import (
    ModbusExceptionError,
    ModbusProtocolError,
    ModbusTimeoutError,
)

from ..errors import AnotherUnitError, MeterSilentError, WrongSpeedError
from .resilient_unit import ResilientUnit, SharedBus
from .serial_probe import ProbeResult

_ERRORS: Final[dict[ProbeResult | None, type[MeterSilentError]]] = {
    ProbeResult.ANOTHER_UNIT: AnotherUnitError,
    ProbeResult.NOISE: WrongSpeedError,
}

_HEARD_FOR: Final = 60.0
"""Seconds after which it is worth while to listen again."""


@dataclass
class Outage:
    """What is known of a unit that does not answer; it outlives who asked the unit."""

    under_way: bool = False
    """Whether the last question went without a proper answer."""
    heard: ProbeResult | None = None
    heard_at: float = -inf
    """Monotonic s."""

    def forget(self) -> None:
        """Forget what was heard."""
        self.heard, self.heard_at = None, -inf

    def end(self) -> None:
        """Forget all, after an answer."""
        self.under_way = False
        self.forget()


class DiagnosingUnit:
    """Stands in for a ModbusUnit, reading through a Line, with an ear for the bytes on it.

    In an outage it asks a question of its own once a minute, and listens to all that comes. For
    that the link has to be closed, so it does so only if that is nobody's loss. Nor is a single
    read that failed a reason yet; the next is.
    """

    def __init__(
        self,
        line: ResilientUnit,
        link: SharedBus,
        outage: Outage,
        listen: Callable[[], Awaitable[ProbeResult]],
        *,
        is_free: Callable[[], bool],
    ) -> None:
        """Read through ``line``, which shares ``link``.

        ``listen`` asks the unit a question over the closed link, and raises OSError if it cannot be
        opened; ``is_free`` tells whether the link may be closed for a moment: nobody else on it is
        answered.
        """
        self._line = line
        self._link = link
        self._outage = outage
        self._listen = listen
        self._is_free = is_free

    def __getattr__(self, name: str) -> Any:
        """Leave all else to the line."""
        return getattr(self._line, name)

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read registers.

        Raises ModbusError; where listening tells more, AnotherUnitError or WrongSpeedError.
        """
        try:
            registers = await self._line.read_holding_registers(address, count)
        except ModbusExceptionError:
            self._outage.end()
            raise
        except (ModbusTimeoutError, ModbusProtocolError) as err:
            if self._line.connected and (error := _ERRORS.get(await self._heard())):
                raise error(str(err)) from err
            raise
        self._outage.end()
        return registers

    async def _heard(self) -> ProbeResult | None:
        """Return what is heard in place of an answer, if that is known or can be found out.

        While others are answered, the line is as it ought to be, whatever was heard before.
        """
        outage = self._outage
        lasting, outage.under_way = outage.under_way, True
        if not self._is_free():
            outage.forget()
        elif lasting and time.monotonic() >= outage.heard_at + _HEARD_FOR:
            outage.heard = await self._second_opinion()
            outage.heard_at = time.monotonic()
        return outage.heard

    async def _second_opinion(self) -> ProbeResult | None:
        """Ask and listen; return None if the link cannot be opened for that.

        The answer to the question that is asked here may yet come. So the line is told once more
        to keep quiet for a while.
        """
        await self._line.disconnect()
        try:
            async with self._link.turn:
                return await self._listen()
        except OSError:
            return None
        finally:
            await self._line.disconnect()
