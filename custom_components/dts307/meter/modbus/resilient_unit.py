"""A Modbus unit that is careful with a line on which answers come late, mangled or not at all."""

import asyncio
from contextlib import suppress
import time
from typing import Any, Final

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusProtocolError,
    ModbusTimeoutError,
    ModbusUnit,
    ServerDeviceBusyError,
)

BUSY_PATIENCE: Final = 1.0
"""Seconds beyond the wait for an answer that a busy meter may keep the others waiting."""

_CONNECT_PATIENCE: Final = 10.0
"""Seconds that the Modbus library takes to give up on an adapter that does not connect."""

_CLOSE_PATIENCE: Final = 2.0
"""Seconds to wait for a link to close; one that hangs closes without us."""

_PORT_CLOSES_WITHIN: Final = 0.25
"""Seconds after which a port that some versions of the library close in the background is free."""

_MOST_SPARE_REGISTERS: Final = 2
_LATEST: Final = 60.0
"""Seconds after which no answer comes any more, however slow what lies in between may be."""

_READ_LIMIT: Final = 125
_LONGEST_FRAME: Final = 256
_REQUEST_AND_FRAME: Final = 8 + 5
"""Bytes on a serial line in a question, and around the registers in an answer."""

_BEYOND_ALL: Final = 0x1_0000


class SharedBus:
    """What the lines over one Modbus connection share: whose turn it is, and signs of life.

    It outlives them, as do the answers that are still under way when a line is given up.
    """

    def __init__(self, *, is_port: bool = False) -> None:
        """Begin with nobody's turn, and no answer under way, on a serial port or a network."""
        self.is_port = is_port
        self.turn = asyncio.Lock()
        self.answers = 0
        self.quiet_until = 0.0
        """Monotonic s after which no answer comes any more to a question that went unanswered."""


class ResilientUnit:
    """Stands in for a ModbusUnit, reading holding registers through it.

    A serial line does not tell which question an answer belongs to. So after a question that was
    not properly answered, the unit is asked nothing until a late answer must have come and gone;
    should one come even later, it betrays itself by its length, because the next question asks for
    another number of registers. What the library still holds of a mangled answer goes with the
    connection, which is opened anew.

    While a unit is waited for, the others on its link have to wait. One that did not answer the
    last question is waited for no longer than an answer to this one takes, which is the less the
    fewer registers are asked for. That is too short to tell a busy unit from a silent one, so that
    it counts as what it was before.
    """

    def __init__(
        self,
        unit: ModbusUnit,
        *,
        timeout: float,
        byte_time: float = 0.0,
        link: SharedBus | None = None,
        missing: bool = False,
    ) -> None:
        """Read through ``unit``, waiting ``timeout`` seconds for an answer of any length.

        So many seconds as a byte takes on the line (``byte_time``), a shorter answer comes earlier.
        Lines over the same connection share a ``link``; a new one does not know what others asked
        its unit before. A unit that is ``missing`` is one that did not answer them.
        """
        unit.require_timeout(timeout)
        self._unit = unit
        self._timeout = timeout
        self._byte_time = byte_time
        self._link = link or SharedBus()
        self._one_at_a_time = asyncio.Lock()
        self._quiet_until = self._link.quiet_until
        self._missing = missing
        self._busy = False
        self._unanswered = 0
        self._known = range(_BEYOND_ALL, _BEYOND_ALL)
        self._answers_at_failure: int | None = None
        self._dropped = False

    def __getattr__(self, name: str) -> Any:
        """Leave all else to the unit."""
        return getattr(self._unit, name)

    @property
    def connected(self) -> bool:
        """Whether the link is up; one that was dropped here counts until it is needed again."""
        return self._dropped or self._unit.connected

    async def disconnect(self) -> None:
        """Drop the link after an answer that cannot be believed, and keep quiet for a while."""
        async with self._link.turn:
            self._distrust()
            await self._drop()

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read registers when the line has become quiet and it is this unit's turn.

        Raises ModbusError; a unit that is busy for seconds is a ServerDeviceBusyError. A link that
        does not open in time is a ModbusTimeoutError, but a ModbusConnectionError if it is a port,
        as no host is silent there.
        """
        async with self._one_at_a_time:
            await asyncio.sleep(self._quiet_until - time.monotonic())
            async with self._link.turn:
                self._dropped = False
                registers = await self._ask(address, count + self._spare_registers(address, count))
        if address < self._known.start:
            self._known = range(address, address)
        self._known = range(self._known.start, max(self._known.stop, address + count))
        return registers[:count]

    def _spare_registers(self, address: int, count: int) -> int:
        """Return how many registers to ask for beyond those wanted.

        None that has not been read before: there may be nothing behind the end of the map.
        """
        room = min(self._known.stop - address, _READ_LIMIT) - count
        return self._unanswered % (1 + max(0, min(room, _MOST_SPARE_REGISTERS)))

    def _patience(self, count: int) -> float:
        """Return how many seconds the others on the link wait at most for so many registers."""
        patience = self._timeout + BUSY_PATIENCE
        if self._missing:
            bytes_spared = _LONGEST_FRAME - _REQUEST_AND_FRAME - 2 * count
            patience = self._timeout - self._byte_time * bytes_spared
        if not self._unit.connected:
            patience += _CONNECT_PATIENCE
        return patience

    async def _ask(self, address: int, count: int) -> list[int]:
        """Ask the unit, and learn from how that ends what to do before the next question."""
        patience = self._patience(count)
        try:
            async with asyncio.timeout(patience):
                registers = await self._unit.read_holding_registers(address, count)
        except ModbusExceptionError:
            self._trust()
            raise
        except ModbusProtocolError:
            self._distrust()
            await self._drop()
            raise
        except ModbusTimeoutError as err:
            await self._miss()
            raise self._too_late(str(err)) from err
        except TimeoutError as err:
            if self._unit.connected and (self._busy or not self._missing):
                # The library asks a busy unit again and again for a minute; nobody else can ask.
                self._distrust()
                self._missing = self._busy = True
                raise ServerDeviceBusyError(message=f"no other answer in {patience:.1f} s") from err
            await self._miss()
            raise self._too_late(f"no answer in {patience:.1f} s") from err
        except asyncio.CancelledError, ModbusError:
            self._distrust()
            raise
        self._trust()
        return registers

    def _trust(self) -> None:
        """Go on as usual after an answer."""
        self._link.answers += 1
        self._answers_at_failure = None
        self._missing = self._busy = False
        if time.monotonic() > self._quiet_until + _LATEST:
            self._unanswered = 0

    def _distrust(self) -> None:
        """Expect an answer that comes late, to a question of the present length."""
        self._quiet_until = time.monotonic() + self._timeout
        self._link.quiet_until = max(self._link.quiet_until, self._quiet_until)
        self._unanswered += 1

    async def _miss(self) -> None:
        """Go on without an answer, over another connection if that may be what is missing."""
        self._distrust()
        self._busy = False
        if self._unit.connected:
            self._missing = True
            if self._is_link_suspect():
                await self._drop()

    def _too_late(self, message: str) -> ModbusError:
        """Return the failure of an answer that did not come, or of a port that did not open."""
        hangs = self._link.is_port and not self.connected
        return (ModbusConnectionError if hangs else ModbusTimeoutError)(message)

    def _is_link_suspect(self) -> bool:
        """Tell whether silence may be the link's, and not just this unit's time and again.

        For a unit that is simply not there, the others need not lose their link at every attempt.
        """
        before, self._answers_at_failure = self._answers_at_failure, self._link.answers
        return before in (None, self._link.answers)

    async def _drop(self) -> None:
        """Close the connection; whoever asks next opens it, once the port is surely free."""
        self._dropped = True
        with suppress(ModbusError, TimeoutError):
            async with asyncio.timeout(_CLOSE_PATIENCE):
                await self._unit.disconnect()
        await asyncio.sleep(_PORT_CLOSES_WITHIN)
