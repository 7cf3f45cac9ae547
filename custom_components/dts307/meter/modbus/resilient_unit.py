"""A Modbus unit on a link whose responses may be delayed, corrupt or lost.

docs/internals/resilient-unit.md explains why.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
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

from .registers import RequestLimit
from .shared_bus import SharedBus
from .time_limit import limited_request
from .timing import LINK_TIMING, MAX_FRAME_BYTES, LinkTiming

_OVERHEAD_BYTES: Final = 8 + 5
"""Bytes of a read besides the registers: the request and the frame around the response."""

_NOWHERE: Final = 0x1_0000
"""An address behind the last register."""


class ResilientUnit:
    """A ModbusUnit that reads holding registers through another one.

    RTU frames do not say which request a response belongs to. So after a failed request, the unit
    stays quiet until a delayed response must have arrived. It also varies the number of registers
    of its requests, so that the length reveals a response that is even later. After a corrupt
    response, it reconnects to discard what the library has buffered. A unit that did not respond
    to the last request gets only the time that a response of this length takes.
    """

    def __init__(  # noqa: PLR0913 - each is known to another part of the integration
        self,
        unit: ModbusUnit,
        *,
        timeout: float,
        byte_time: float = 0.0,
        bus: SharedBus | None = None,
        limit: RequestLimit | None = None,
        is_alone: Callable[[], bool] = lambda: False,
        unresponsive: bool = False,
        timing: LinkTiming = LINK_TIMING,
    ) -> None:
        """Read through ``unit``; a response of any length arrives within ``timeout`` seconds.

        ``byte_time`` is how many seconds one byte takes on the line; shorter responses arrive as
        much earlier. Units on the same connection share a ``bus``. No request is lengthened beyond
        the ``limit``. ``is_alone`` returns whether no other unit would have to wait if this one
        needed more time than ``timeout``. ``unresponsive`` says that the unit did not respond to
        the last request, which another ResilientUnit sent.
        """
        unit.require_timeout(timeout)
        self._unit = unit
        self._timeout = self._required_timeout = timeout
        self._byte_time = byte_time
        self._bus = bus or SharedBus()
        self._limit = limit or RequestLimit()
        self._timing = timing
        self._is_alone = is_alone
        self._one_at_a_time = asyncio.Lock()
        self._quiet_until = self._bus.quiet_until
        self._unresponsive = unresponsive
        self._busy = False
        self._length = 0
        self._known = range(_NOWHERE, _NOWHERE)
        self._responses_at_timeout: int | None = None
        self._dropped = False

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the unit."""
        return getattr(self._unit, name)

    @property
    def connected(self) -> bool:
        """Whether the link is up; one that was dropped here counts as up until the next request."""
        return self._dropped or self._unit.connected

    async def disconnect(self) -> None:
        """Drop the link after a response that cannot be trusted, and stay quiet for a while."""
        async with self._bus.lock:
            self._expect_delayed_response()
            await self._drop()

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read registers once the quiet time is over and no other unit uses the bus.

        Raises ModbusError: ServerDeviceBusyError if the unit stays busy beyond the timeout. A link
        that does not open in time is a ModbusTimeoutError on a network, where the host is silent,
        and a ModbusConnectionError on a serial port, which hangs.
        """
        async with self._one_at_a_time:
            await self._end_quiet_time()
            async with self._bus.lock:
                self._dropped = False
                most = min(self._known.stop - address, self._limit.most)
                self._length = self._bus.lengths.choose(count, most, _now())
                registers = await self._request_anew(address, self._length)
        # Behind the end of the map there may be no registers, so only those count as known that
        # have been read.
        if address < self._known.start:
            self._known = range(address, address)
        self._known = range(self._known.start, max(self._known.stop, address + count))
        return registers[:count]

    async def _end_quiet_time(self) -> None:
        if (seconds := self._quiet_until - _now()) > 0:
            await asyncio.sleep(seconds)

    def _time_limit(self, count: int) -> float:
        """Return for how many seconds a request for ``count`` registers may occupy an open bus."""
        limit = self._timeout + self._patience() + self._timing.busy
        if self._unresponsive:
            bytes_saved = MAX_FRAME_BYTES - _OVERHEAD_BYTES - 2 * count
            limit -= self._timing.busy + self._byte_time * bytes_saved
        return limit

    def _patience(self) -> float:
        """Return for how many more seconds than the timeout to wait for a response.

        A slow network is recognized by an answer that needed them. As long as nothing answers, they
        are granted if nothing else has to wait meanwhile.
        """
        is_slow = self._bus.is_slow
        if is_slow is None:
            is_slow = self._is_alone()
        return self._timing.patience if is_slow else 0.0

    async def _require_timeout(self) -> None:
        """Let the library wait as long; a connection that is open keeps its timeout."""
        timeout = self._timeout + self._patience()
        if timeout > self._required_timeout and self._unit.connected:
            await self._drop()
        if timeout != self._required_timeout:
            self._unit.require_timeout(timeout)
            self._required_timeout = timeout

    async def _request_anew(self, address: int, count: int) -> list[int]:
        """Send a request, and once more if the connection was open before and is lost.

        An adapter may have closed it after the last answer, just before this request. One that
        always does so is not given the chance.
        """
        await self._require_timeout()
        was_open = self._unit.connected
        if not was_open:
            self._bus.note_closed()
            self._bus.link_timeout = self._required_timeout
        try:
            return await self._request(address, count)
        except ModbusConnectionError:
            if not was_open or self._bus.is_port:
                raise
            self._bus.note_closed()
        await self._end_quiet_time()
        return await self._request(address, count)

    async def _request(self, address: int, count: int) -> list[int]:
        """Send one request, and prepare the next one according to the outcome."""
        limit, begun = self._time_limit(count), _now()
        self._bus.lengths.sent(count)
        try:
            request = self._unit.read_holding_registers(address, count)
            connect = self._timing.connect
            registers = await limited_request(self._unit, request, limit, connect)
        except ModbusExceptionError:
            await self._note_response(begun)
            raise
        except ModbusProtocolError:
            self._expect_delayed_response()
            if self._bus.note_lost():
                await self._drop()
            raise
        except ModbusTimeoutError as err:
            await self._note_timeout()
            raise self._timeout_error(str(err)) from err
        except TimeoutError as err:
            if self._unit.connected and self._is_busy():
                # The library repeats a request to a busy unit for a minute and blocks the others.
                self._expect_delayed_response()
                self._unresponsive = self._busy = True
                raise ServerDeviceBusyError(message=f"no other response in {limit:.1f} s") from err
            await self._note_timeout()
            raise self._timeout_error(f"no response in {_now() - begun:.1f} s") from err
        except OSError as err:
            # The port has gone, and the library has not noticed yet. As ``err`` is not why a link
            # cannot be opened, it is not the cause.
            self._expect_delayed_response()
            await self._drop()
            raise ModbusConnectionError(str(err)) from None
        except asyncio.CancelledError, ModbusError:
            self._expect_delayed_response()
            raise
        await self._note_response(begun)
        return registers

    def _is_busy(self) -> bool:
        """Return whether a response is late because the unit is busy, and not silent.

        For a silent one, the library raises an error before, unless it waits for slow networks.
        """
        if self._bus.link_timeout > self._timeout + self._patience():
            return False
        return self._busy or not self._unresponsive

    async def _note_response(self, begun: float) -> None:
        self._bus.responses += 1
        self._bus.note_answer(_now() - begun > self._timeout)
        self._responses_at_timeout = None
        self._unresponsive = self._busy = False
        if self._bus.closes_after_answer:
            await self._close()

    def _expect_delayed_response(self) -> None:
        """Stay quiet while the response to this request may still arrive, and vary the next."""
        self._quiet_until = _now() + self._timeout + self._patience()
        self._bus.quiet_until = max(self._bus.quiet_until, self._quiet_until)
        self._bus.lengths.failed(self._length, self._quiet_until + self._timing.latest_response)

    async def _note_timeout(self) -> None:
        was_connected = self._unit.connected
        is_suspect = was_connected and self._bus.note_lost()
        self._expect_delayed_response()
        self._busy = False
        if was_connected:
            self._unresponsive = True
            if is_suspect and self._is_link_suspect():
                await self._drop()

    def _timeout_error(self, message: str) -> ModbusError:
        hangs = self._bus.is_port and not self.connected
        return (ModbusConnectionError if hangs else ModbusTimeoutError)(message)

    def _is_link_suspect(self) -> bool:
        """Return whether a timeout may be due to a dead link rather than to this unit.

        If another unit has responded since this unit's last timeout, the link works, and dropping
        it would cost that unit a reconnect.
        """
        before, self._responses_at_timeout = self._responses_at_timeout, self._bus.responses
        return before in (None, self._bus.responses)

    async def _drop(self) -> None:
        """Close the connection, and wait until the port is free; the next request reconnects."""
        await self._close()
        await asyncio.sleep(self._timing.port_closes)

    async def _close(self) -> None:
        self._dropped = True
        self._bus.note_dropped()
        with suppress(ModbusError, TimeoutError):
            async with asyncio.timeout(self._timing.close):
                await self._unit.disconnect()


def _now() -> float:
    """Return the seconds of the event loop's clock, by which it also sleeps."""
    return asyncio.get_running_loop().time()
