"""Late responses, cancelled requests and busy meters."""

import asyncio

import pytest

from custom_components.dts307.meter import GarbledReplyError, MeterBusyError, MeterSilentError
from custom_components.dts307.meter.modbus import LinkTiming
from tests.wire.faults import Late, OneBehind, Refusal, Repeating, fewer_registers
from tests.wire.rig import TIMEOUT
from tests.wire.scene import PTY, RTU_OVER_TCP, TCP, Scene

every_line = pytest.mark.parametrize("scene", [PTY, TCP, RTU_OVER_TCP], indirect=True)


@every_line
async def test_a_late_answer(scene: Scene) -> None:
    """On RTU the library takes it for the response to a next request of the same length.

    That would be an old reading. On TCP the transaction ID prevents it. We send no request until
    the response must have arrived, and the library discards what arrives in that pause.
    """
    scene.put(Late(1.5 * TIMEOUT))
    await scene.suffer(full=True)
    assert scene.ours.failures == [MeterSilentError] * 2
    # Each delayed response may collide with one to the other meter.
    await scene.recover(others_lost=2)


async def test_a_late_answer_of_another_length(scene: Scene) -> None:
    """The library refuses it, but would take the right response for that to a later request.

    We pause after either, so there is none.
    """
    scene.put(Late(1.5 * TIMEOUT, fewer_registers))
    await scene.suffer()
    await scene.recover(others_lost=2)


@pytest.mark.parametrize("delay", [2.05, 3.0])
async def test_an_answer_later_than_the_pause(scene: Scene, delay: float) -> None:
    """It arrives just after the next request, and RTU does not number requests.

    After a timeout we request one register more, and two after the next one: a response to an
    earlier request has the wrong length and is refused.
    """
    scene.put(Late(delay * TIMEOUT))
    for _ in range(3):
        await scene.poll(scene.ours)
    assert None not in scene.ours.failures
    await scene.recover()


@every_line
@pytest.mark.parametrize("together", [False, True])
async def test_an_adapter_that_is_one_answer_behind(scene: Scene, together: bool) -> None:  # noqa: FBT001
    """An adapter with a queue gives the last response to the present request, on TCP, too.

    The library accepts it; without a remedy every reading would be an old one until the adapter
    restarts. We notice the wrong length, and the queue empties during our pause.
    """
    scene.put(OneBehind(together=together))
    await scene.suffer(polls=3)
    assert None not in scene.ours.failures
    assert GarbledReplyError in scene.ours.failures
    await scene.recover(others_lost=1)


@pytest.mark.parametrize("scene", [TCP, RTU_OVER_TCP], indirect=True)
@pytest.mark.parametrize("alone", [False, True])
async def test_a_gateway_that_is_behind_without_a_loss(scene: Scene, alone: bool) -> None:  # noqa: FBT001
    """No request fails that would show it, and the header is right in each answer.

    No two requests that follow each other on the bus are for the same number of registers. So each
    old answer has the wrong length, or comes from another unit.
    """
    scene.alone = alone
    scene.rig.line.suffer(Repeating(scene.rig.frames))
    assert await scene.poll(scene.ours) is None
    for full in (False, True, True, False):
        await scene.suffer(full=full, polls=1)
    assert None not in scene.ours.failures[1:]
    assert None not in scene.other.failures
    await scene.recover(others_lost=4)


@every_line
async def test_a_cancelled_read(scene: Scene) -> None:
    """The library stops waiting, and RTU takes the response for that to the next request.

    We pause as after a timeout. Other units on the line go on at once.
    """
    scene.put(Late(0.5 * TIMEOUT))
    scene.change(scene.ours.device)
    asked = scene.ours.device.asked
    asked.clear()
    given_up = asyncio.create_task(scene.ours.meter.read())
    await asked.wait()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    ended: list[str] = []
    ours = asyncio.create_task(scene.poll(scene.ours))
    ours.add_done_callback(lambda _: ended.append("ours"))
    assert await scene.poll(scene.other) is None
    ended.append("other")
    assert await ours is None
    assert ended == ["other", "ours"]
    await scene.recover()


@pytest.mark.parametrize("timing", [LinkTiming(busy=30.0)])
async def test_a_meter_that_is_busy_for_a_moment(scene: Scene) -> None:
    """The library repeats the request after a second. No remedy is needed."""
    scene.put(Refusal(6), times=1)
    assert await scene.poll(scene.ours) is None
    await scene.recover()


async def test_a_meter_that_stays_busy(scene: Scene) -> None:
    """The library repeats the request for a minute, and blocks the link meanwhile.

    We give up soon after the timeout, so other meters can be polled. From then on a busy meter gets
    no more time than a silent one, but still has its own reason.
    """
    scene.put(Refusal(6))
    for _ in range(3):
        await asyncio.gather(scene.poll(scene.ours), scene.poll(scene.other))
    assert scene.ours.failures == [MeterBusyError] * 3
    assert scene.other.failures == [None] * 3
    await scene.recover()
