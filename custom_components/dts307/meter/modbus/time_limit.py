"""Limit how long a request may take, apart from opening its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from modbus_connection import ModbusUnit

_POLL: Final = 0.05
"""s between two looks at whether the connection is open"""


@asynccontextmanager
async def time_limit(unit: ModbusUnit, seconds: float, connect: float) -> AsyncIterator[None]:
    """Limit a request to ``seconds`` once the connection is open, and ``connect`` s before that.

    The Modbus library opens a connection by itself with the first request on it, and does not
    notify when it is open.

    Raises TimeoutError.
    """
    if unit.connected:
        async with asyncio.timeout(seconds):
            yield
        return
    async with asyncio.timeout(connect + seconds) as limit:
        connecting = asyncio.create_task(_limit_once_open(unit, limit, seconds))
        try:
            yield
        finally:
            connecting.cancel()


async def _limit_once_open(unit: ModbusUnit, limit: asyncio.Timeout, seconds: float) -> None:
    while not unit.connected:  # noqa: ASYNC110 - the library does not notify
        await asyncio.sleep(_POLL)
    with suppress(RuntimeError):  # It has expired at the same moment.
        limit.reschedule(asyncio.get_running_loop().time() + seconds)
