"""Send requests on a port that nothing else holds, to receive all bytes as they arrive."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
import errno
import time
from typing import Final

from modbus_connection import ModbusSerialParams

from ..errors import HostUnknownError, LinkDownError, LinkLostError, MeterError, opening_error
from .scan import UnusableSettingsError
from .serial_probe import PortLostError, SerialProbe, opened_probe

_POLL: Final = 0.1
"""s between two attempts to open a port"""

type Request = Callable[[int, float], Awaitable[bytes]]
"""Requests two registers of a unit; returns what arrives until its response, or in some seconds."""


@asynccontextmanager
async def raw_port(
    params: ModbusSerialParams,
    patience: float,
    unusable: Callable[[MeterError], UnusableSettingsError],
    unavailable: type[Exception] = ValueError,
) -> AsyncIterator[Request]:
    """Open a port, and wait for ``patience`` seconds if it is in use.

    ``unavailable`` is what the kind of port raises if it cannot be used now, such as that of
    another device that is not ready.

    Raises MeterError if it cannot be opened or is lost, or what ``unusable`` returns if that is for
    the settings.
    """

    async def request(unit_id: int, seconds: float) -> bytes:
        with _converted_errors(params.device, unusable, unavailable):
            return await probe.request(unit_id, seconds)

    async with AsyncExitStack() as stack:
        with _converted_errors(params.device, unusable, unavailable):
            probe = await _opened(stack, params, patience)
        yield request


async def _opened(
    stack: AsyncExitStack, params: ModbusSerialParams, patience: float
) -> SerialProbe:
    """Open a port, which may still be closed in the background after its last use."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return await stack.enter_async_context(opened_probe(params))
        except OSError as err:
            if err.errno != errno.EBUSY or time.monotonic() >= deadline:
                raise
        await asyncio.sleep(_POLL)


@contextmanager
def _converted_errors(
    device: str,
    unusable: Callable[[MeterError], UnusableSettingsError],
    unavailable: type[Exception],
) -> Iterator[None]:
    """Turn the system's errors into ours.

    A network adapter may refuse or close a connection because of the framing, and the driver of a
    port because of the baud rate.
    """
    try:
        yield
    except (ValueError, unavailable) as err:
        kind = HostUnknownError if isinstance(err, UnicodeError) else LinkDownError
        raise kind(str(err)) from err
    except OSError as err:
        error = LinkLostError(str(err)) if isinstance(err, PortLostError) else opening_error(err)
        if "://" in device or err.errno == errno.EINVAL:
            raise unusable(error) from err
        raise error from err
