"""The time that a request may take does not include opening its connection."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import cast

from hypothesis import given, settings, strategies as st
from modbus_connection import ModbusUnit
import pytest

from custom_components.dts307.meter.modbus import time_limit
from tests.meter.virtual_time import duration, lasts, virtual_time

LIMIT, CONNECT = 2.0, 10.0
LOOKS_AGAIN = 0.06
"""Most seconds until it is noticed that the connection is open, and a little."""


async def ends_after(opens: float, answers: float) -> float:
    """Return when a request ends on a connection that opens, and answers, after some seconds."""
    unit = SimpleNamespace(connected=opens == 0)

    async def request() -> None:
        async with time_limit(cast("ModbusUnit", unit), LIMIT, CONNECT):
            await asyncio.sleep(opens)
            unit.connected = True
            await asyncio.sleep(answers)

    return await duration(request())


@settings(deadline=None)
@given(opens=st.floats(0.0, CONNECT), answers=st.floats(0.0, 2 * LIMIT))
@virtual_time
async def test_a_request_has_its_time_once_the_connection_is_open(
    opens: float, answers: float
) -> None:
    began = asyncio.get_running_loop().time()
    with suppress(TimeoutError):
        await ends_after(opens, answers)
    ended = asyncio.get_running_loop().time() - began
    expected = opens + min(answers, LIMIT)
    assert expected - 0.001 <= ended <= expected + LOOKS_AGAIN


@virtual_time
async def test_the_connection_never_opens() -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        await ends_after(100.0, 0.0)
    assert asyncio.get_running_loop().time() - began == lasts(CONNECT + LIMIT)


@virtual_time
async def test_the_connection_opens_when_the_time_has_passed() -> None:
    """Nothing is left over that fails later."""
    with pytest.raises(TimeoutError):
        await ends_after(CONNECT + LIMIT - 0.001, 1.0)
    await asyncio.sleep(1)
