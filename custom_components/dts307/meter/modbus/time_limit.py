"""Limit how long a request may take, apart from opening its connection."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from modbus_connection import ModbusUnit

_POLL: Final = 0.05
"""s between two looks at whether the connection is open"""


async def limited_request[T](
    unit: ModbusUnit, request: Coroutine[Any, Any, T], seconds: float, connect: float
) -> T:
    """Return the result of a request to a unit.

    It may take ``seconds`` once the connection is open, and ``connect`` s more before that. The
    Modbus library opens a connection by itself with the first request on it, and does not notify
    when it is open.

    A request that is cancelled meanwhile ends as soon as the connection is open, or cannot be
    opened. The library shares the attempt between requests. Without the request that began it, the
    event loop would log a failure as an unhandled exception.

    Raises TimeoutError, and what the request raises.
    """
    if unit.connected:
        async with asyncio.timeout(seconds):
            return await request
    deadline = asyncio.get_running_loop().time() + connect
    requesting = asyncio.create_task(request)
    requesting.add_done_callback(_retrieve_exception)
    try:
        await _while_opening(unit, requesting, deadline)
        await asyncio.wait([requesting], timeout=seconds)
        if not requesting.done():
            raise TimeoutError
    finally:
        if unit.connected:
            requesting.cancel()
        elif not requesting.done():
            # In a task of its own, which goes on if this one is cancelled again.
            ending = asyncio.create_task(_end(unit, requesting, deadline))
            await asyncio.wait([ending])
    return requesting.result()


async def _while_opening(unit: ModbusUnit, requesting: asyncio.Task[Any], deadline: float) -> None:
    """Wait until the connection is open or the request has ended, up to a time of the loop."""
    loop = asyncio.get_running_loop()
    while not (unit.connected or requesting.done()) and (left := deadline - loop.time()) > 0:
        await asyncio.wait([requesting], timeout=min(_POLL, left))


async def _end(unit: ModbusUnit, requesting: asyncio.Task[Any], deadline: float) -> None:
    await _while_opening(unit, requesting, deadline)
    requesting.cancel()
    await asyncio.wait([requesting])


def _retrieve_exception(requesting: asyncio.Task[Any]) -> None:
    """Retrieve the exception of a request that nothing waits for any more."""
    if not requesting.cancelled():
        requesting.exception()
