"""The time that a request may take does not include opening its connection."""

import asyncio
from contextlib import suppress
import gc
from types import SimpleNamespace
from typing import Any, cast, override

from hypothesis import given, settings, strategies as st
from modbus_connection import ModbusConnectionError, ModbusUnit
from modbus_connection.mock import MockModbusConnection, MockModbusUnit
import pytest

from custom_components.dts307.meter.modbus import limited_request
from tests.meter.virtual_time import duration, lasts, virtual_time

LIMIT, CONNECT = 2.0, 10.0
LOOKS_AGAIN = 0.06
"""Most seconds until it is noticed that the connection is open, and a little."""


async def ends_after(opens: float, answers: float) -> float:
    """Return when a request ends on a connection that opens, and answers, after some seconds."""
    unit = SimpleNamespace(connected=opens == 0)

    async def request() -> None:
        await asyncio.sleep(opens)
        unit.connected = True
        await asyncio.sleep(answers)

    return await duration(limited_request(cast("ModbusUnit", unit), request(), LIMIT, CONNECT))


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


class SlowLink(MockModbusConnection):
    """A connection that opens, or fails to, after some seconds."""

    def __init__(self, opens: float, *, fails: bool) -> None:
        """Be closed."""
        super().__init__()
        self._opens = opens
        self._fails = fails

    @override
    async def _connect_client(self) -> object:
        await asyncio.sleep(self._opens)
        if self._fails:
            raise ModbusConnectionError("refused")
        return await super()._connect_client()


class SilentUnit(MockModbusUnit):
    """A unit that never answers on a connection that is open."""

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        await super().read_holding_registers(address, count)
        await asyncio.Event().wait()
        raise AssertionError


@settings(deadline=None)
@given(
    opens=st.floats(0.0, CONNECT),
    fails=st.booleans(),
    cancelled=st.lists(st.floats(0.0, CONNECT + LIMIT), min_size=1, max_size=2),
)
@virtual_time
async def test_a_request_that_is_cancelled_leaves_no_unhandled_exception(
    opens: float,
    fails: bool,  # noqa: FBT001 - a parameter
    cancelled: list[float],
) -> None:
    """It ends when the connection is open, or could not be opened, and its owner closes that."""
    loop = asyncio.get_running_loop()
    unhandled: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: unhandled.append(context))
    link = SlowLink(opens, fails=fails)
    unit = SilentUnit(link, 100)

    async def use() -> None:
        try:
            await limited_request(unit, unit.read_holding_registers(0, 2), LIMIT, CONNECT)
        finally:
            await link.close()

    using = asyncio.create_task(use())
    began = loop.time()
    for at in sorted(cancelled):
        await asyncio.sleep(began + at - loop.time())
        using.cancel()
    await asyncio.wait([using])
    assert loop.time() - began <= max(opens, *cancelled) + LOOKS_AGAIN
    assert not link.connected
    await asyncio.sleep(CONNECT)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert unhandled == []


@virtual_time
async def test_a_failure_at_the_moment_of_a_cancellation_is_retrieved() -> None:
    unhandled: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: unhandled.append(context))

    async def use() -> None:
        async def fail() -> None:
            using.cancel()
            raise ModbusConnectionError("lost")

        unit = cast("ModbusUnit", SimpleNamespace(connected=False))
        using = asyncio.create_task(limited_request(unit, fail(), LIMIT, CONNECT))
        await asyncio.wait([using])
        assert using.cancelled()

    await use()
    gc.collect()
    assert unhandled == []
