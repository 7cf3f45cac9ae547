"""Faults on a meter's line never cause a wrong state, and are logged once.

Real frames pass a wire or a gateway with a fault that lasts for some polls. The registers change
before every poll, so that only the response to the latest request is right. tests/wire shows what
each fault causes in the Modbus library.

That library, tmodbus, warns of each frame that it cannot assign. Those warnings are allowed here
(docs/upstream asks for fewer); no other library may warn.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from functools import partial
import logging
from pathlib import Path

from _pytest.mark import ParameterSet
from homeassistant.core import HomeAssistant
import pytest

from tests.device import Device
from tests.integration.faulty_line import RTU_OVER_TCP, SERIAL, TCP, FaultyLine, faulty_line
from tests.integration.timing import change_timing
from tests.integration.witness import Witness
from tests.lines import serial, serial_data
from tests.wire.faults import (
    Change,
    Echo,
    Late,
    OneBehind,
    OnReplies,
    OtherMaster,
    Refusal,
    another_unit,
    crackle,
    doubling,
    fewer_registers,
    garbage,
    long_count,
    noise_before,
    other_registers,
    short_count,
    silence,
    truncation,
)
from tests.wire.rig import TIMEOUT
from tests.wire.wire import Direction, Fault

pytestmark = pytest.mark.usefixtures("skip_waiting")

DOWN_AND_UP = [logging.ERROR, logging.INFO]
FRAMES_ARRIVE_WITHIN = 0.05
"""Seconds; a real poll interval is longer."""

TMODBUS = {f"tmodbus.transport.async_{kind}" for kind in ("rtu", "tcp", "rtu_over_tcp")}

ON_BOTH = (SERIAL, TCP)

type Lay = Callable[[str], AbstractAsyncContextManager[FaultyLine]]
type Cases = dict[str, tuple[Change, tuple[str, ...]]]

MISSING: Cases = {
    "silence": (silence, (SERIAL, TCP, RTU_OVER_TCP)),
    "truncation": (truncation, (SERIAL,)),
    "byte count too large": (long_count, ON_BOTH),
    "fewer registers": (fewer_registers, (TCP,)),
    **{f"exception {code}": (Refusal(code), (TCP,)) for code in range(1, 12)},
    "exception": (Refusal(2), (SERIAL,)),
}
"""Faults that tmodbus does not warn of, and the lines to test them on."""

STRAY: Cases = {
    "crackle": (crackle, (SERIAL, RTU_OVER_TCP)),
    "byte count too small": (short_count, ON_BOTH),
    "truncation": (truncation, (TCP,)),
    "garbage": (garbage, ON_BOTH),
    "another unit": (another_unit, ON_BOTH),
    "other registers": (other_registers, ON_BOTH),
    "late": (Late(1.5 * TIMEOUT), ON_BOTH),
    "later than we keep quiet": (Late(2.05 * TIMEOUT), ON_BOTH),
    "late and short": (Late(1.5 * TIMEOUT, fewer_registers), (SERIAL,)),
    "one answer behind": (OneBehind(together=False), ON_BOTH),
    "one answer behind, with the next": (OneBehind(together=True), ON_BOTH),
}
"""Faults that leave bytes that tmodbus cannot assign."""


@pytest.fixture(autouse=True)
def timing(hass: HomeAssistant) -> None:
    """Use the timeouts of tests/wire, but wait less for a busy meter."""
    change_timing(hass, link={"response": TIMEOUT, "port_closes": 0.05, "busy": 0.2})


@pytest.fixture
def device() -> Device:
    """Return the meter behind the line."""
    return Device()


@pytest.fixture
def lay(device: Device) -> Lay:
    """Put the meter on a kind of line."""
    return partial(faulty_line, device=device)


@pytest.fixture
def witness(hass: HomeAssistant, device: Device, caplog: pytest.LogCaptureFixture) -> Witness:
    """Return what watches the meter's states and the log."""
    return Witness(hass, device, caplog)


async def assert_outage_and_recovery(
    witness: Witness, end_fault: Callable[[], Awaitable[None]]
) -> None:
    """Expect no values during the fault, and all of them two polls after its end."""
    await witness.poll(2)
    assert witness.polls == [False] * 2
    await end_fault()
    await witness.poll(3)
    assert witness.polls[-2:] == [True] * 2
    assert witness.lies == []
    assert witness.logged_levels() == DOWN_AND_UP


def cases(faults: Cases, warning: set[str]) -> list[ParameterSet]:
    """Return each fault on each of its lines, with the loggers that may warn of it."""
    return [
        pytest.param(change, kind, warning, id=f"{name}-{kind}")
        for name, (change, kinds) in faults.items()
        for kind in kinds
    ]


@pytest.mark.parametrize(
    ("change", "kind", "warning"), [*cases(MISSING, set()), *cases(STRAY, TMODBUS)]
)
async def test_faulty_responses(
    witness: Witness,
    lay: Lay,
    change: Change,
    kind: str,
    warning: set[str],
) -> None:
    """While the fault lasts, the entities are unavailable."""
    async with lay(kind) as line:
        await witness.load(line.data)
        # Some faults keep state.
        line.suffer(OnReplies(line.frames, line.unit, deepcopy(change)))
        await assert_outage_and_recovery(witness, line.end_fault)
        assert witness.others_warned() <= warning


async def test_two_responses_with_other_registers(witness: Witness, lay: Lay) -> None:
    """They cost one poll; the meter is identified as the same, so the entry is not reloaded."""
    async with lay(SERIAL) as line:
        await witness.load(line.data)
        line.suffer(OnReplies(line.frames, line.unit, other_registers, times=2))
        await witness.poll(3)
        assert witness.polls == [False, True, True]
        assert witness.lies == []
        assert witness.logged_levels() == DOWN_AND_UP
        assert witness.others_warned() == set()


def an_echo(_line: FaultyLine) -> Fault:
    return Echo()


def another_master(line: FaultyLine) -> Fault:
    return OtherMaster(line.frames, 40100)


@pytest.mark.parametrize("heard", [an_echo, another_master])
async def test_others_on_a_serial_line(
    witness: Witness, lay: Lay, heard: Callable[[FaultyLine], Fault]
) -> None:
    """Frames that are no responses to our requests are ignored."""
    async with lay(SERIAL) as line:
        await witness.load(line.data)
        line.suffer(heard(line))
        await assert_outage_and_recovery(witness, line.end_fault)
        assert witness.others_warned() <= TMODBUS


@pytest.mark.parametrize("kind", ON_BOTH)
@pytest.mark.parametrize("change", [doubling, noise_before])
async def test_faults_without_effect(witness: Witness, lay: Lay, change: Change, kind: str) -> None:
    """Frames that arrive twice or after noise are read normally."""
    async with lay(kind) as line:
        await witness.load(line.data)
        line.suffer(OnReplies(line.frames, line.unit, change))
        for _ in range(3):
            await witness.poll()
            await asyncio.sleep(FRAMES_ARRIVE_WITHIN)
        assert witness.polls == [True] * 3
        assert witness.lies == []
        assert witness.logged_levels() == []
        assert witness.others_warned() <= TMODBUS


@pytest.mark.parametrize(
    ("change", "kind"),
    [(silence, SERIAL), (garbage, SERIAL), (truncation, TCP), (Late(1.5 * TIMEOUT), SERIAL)],
)
async def test_a_single_faulty_response(
    witness: Witness, lay: Lay, change: Change, kind: str
) -> None:
    """A single response that is lost, damaged or late has no effect."""
    async with lay(kind) as line:
        await witness.load(line.data)
        line.suffer(OnReplies(line.frames, line.unit, change, times=1))
        await witness.poll(3)
        assert witness.polls == [True] * 3
        assert witness.lies == []
        assert witness.logged_levels() == []
        assert witness.others_warned() <= TMODBUS


NETWORK = pytest.mark.parametrize("kind", [TCP, RTU_OVER_TCP])


@NETWORK
async def test_a_reset_while_an_answer_is_awaited(witness: Witness, lay: Lay, kind: str) -> None:
    """The adapter restarts at every request."""
    async with lay(kind) as line:
        await witness.load(line.data)

        def hang_up(direction: Direction, data: bytes) -> bytes:
            if direction is Direction.REPLY:
                line.gateway.reset()
            return data

        line.suffer(hang_up)
        await assert_outage_and_recovery(witness, line.end_fault)
        assert witness.others_warned() <= TMODBUS


@pytest.mark.parametrize("broken", ["reset", "freeze"])
@NETWORK
async def test_a_connection_that_died_between_two_polls(
    witness: Witness, lay: Lay, kind: str, broken: str
) -> None:
    """The next poll uses a new connection, whether the other end reported the loss or not."""
    async with lay(kind) as line:
        await witness.load(line.data)
        getattr(line.gateway, broken)()
        await asyncio.sleep(FRAMES_ARRIVE_WITHIN)
        await witness.poll(3)
        assert witness.polls == [True] * 3
        assert witness.lies == []
        assert witness.logged_levels() == []
        assert witness.others_warned() <= (TMODBUS if broken == "reset" else set())


async def test_a_gateway_that_accepts_and_never_answers(witness: Witness, lay: Lay) -> None:
    """Some gateways do that while the bus behind them is dead."""
    async with lay(TCP) as line:
        await witness.load(line.data)
        line.suffer(lambda _direction, _data: b"")
        await assert_outage_and_recovery(witness, line.end_fault)
        assert witness.others_warned() == set()


@NETWORK
async def test_a_gateway_that_is_off_for_a_while(witness: Witness, lay: Lay, kind: str) -> None:
    """It comes back under the same address."""
    async with lay(kind) as line:
        await witness.load(line.data)
        await line.gateway.close()
        await assert_outage_and_recovery(witness, line.gateway.open)
        assert witness.others_warned() <= TMODBUS


async def test_a_port_that_vanishes(witness: Witness, device: Device, tmp_path: Path) -> None:
    """It comes back under the same path, as those in /dev/serial/by-id do."""
    async with serial(device, link=tmp_path / "usb-adapter") as line:
        await witness.load(serial_data(line))
        await line.close()
        await assert_outage_and_recovery(witness, line.open)
        assert witness.others_warned() <= TMODBUS
