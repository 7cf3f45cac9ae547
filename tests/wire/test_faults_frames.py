"""Frames that are lost, mangled or strange; the meters' registers change before every poll.

No poll may ever bring anything but the registers of its own moment: `Scene` sees to that.
"""

import pytest

from custom_components.dts307.meter import (
    GarbledReplyError,
    MapChangedError,
    MeterBusyError,
    MeterSilentError,
    ReadRefusedError,
)
from custom_components.dts307.meter.errors import AnotherUnitError
from tests.wire.faults import (
    Echo,
    LooksLikeOurs,
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
from tests.wire.scene import LIKE_OUR_ID, PTY, RTU_OVER_TCP, TCP, Scene

on_rtu = pytest.mark.parametrize("scene", [PTY, RTU_OVER_TCP], indirect=True)
on_serial = pytest.mark.parametrize("scene", [PTY], indirect=True)
alone_or_not = pytest.mark.parametrize("alone", [False, True])
on_tcp = pytest.mark.parametrize("scene", [TCP], indirect=True)


async def test_silence(scene: Scene) -> None:
    """The library waits for its timeout, while nobody else on the link can ask.

    We drop the link the first time, in case it is the link that is dead. As others are answered
    over it afterwards, it stays from then on.
    """
    scene.put(silence)
    await scene.suffer(polls=3)
    assert scene.ours.failures == [MeterSilentError] * 3
    assert scene.other.failures == [None] * 3
    await scene.recover()


@on_serial
async def test_a_crackle(scene: Scene) -> None:
    """The library notices the wrong checksum, and looks for a frame in what else is there.

    We drop the link with what that search left over, and ask again after a pause.
    """
    scene.put(crackle)
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


@alone_or_not
async def test_a_truncated_frame(scene: Scene, alone: bool) -> None:  # noqa: FBT001 - a parameter
    """The library keeps the half and takes the next response, whoever sends it, for the rest of it.

    Modbus TCP never finds back into step then: without a remedy both meters are silent for ever.
    We drop the link with what is left over in it.
    """
    scene.alone = alone
    scene.put(truncation, times=1)
    await scene.suffer(polls=1)
    assert scene.ours.failures == [MeterSilentError]
    await scene.recover()


async def test_merged_frames(scene: Scene) -> None:
    """The library takes the first of two answers in one go, and throws the second away."""
    scene.put(doubling)
    await scene.suffer()
    assert scene.ours.failures == [None] * 2
    await scene.recover()


@alone_or_not
async def test_a_byte_count_too_large(scene: Scene, alone: bool) -> None:  # noqa: FBT001
    """The library waits for as many bytes, and swallows the next response to get them.

    On RTU the checksum tells then, and a response to an old request is found among what was
    swallowed; Modbus TCP never recovers. We drop the link with all that. A unit that goes on like
    that can cost another one a response, which is that one's reason to drop the link.
    """
    scene.alone = alone
    scene.put(long_count)
    await scene.suffer()
    assert scene.ours.failures == [MeterSilentError] * 2
    await scene.recover(others_lost=1)


async def test_a_byte_count_too_small(scene: Scene) -> None:
    """The library takes the beginning for the whole, and has the rest before the next response.

    On Modbus TCP nothing fits any more from then on. We drop the link with the rest.
    """
    scene.put(short_count)
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


async def test_garbage_in_place_of_an_answer(scene: Scene) -> None:
    """The library finds no beginning of a response in it, and waits for its timeout.

    Beyond that, all is as with silence.
    """
    scene.put(garbage)
    await scene.suffer()
    assert scene.ours.failures == [MeterSilentError] * 2
    await scene.recover()


async def test_noise_in_front_of_an_answer(scene: Scene) -> None:
    """The library skips what cannot be the beginning of a response; there is nothing left to do."""
    scene.put(noise_before)
    await scene.suffer()
    assert scene.ours.failures == [None] * 2
    await scene.recover()


async def test_an_answer_from_another_unit(scene: Scene) -> None:
    """On RTU the library ignores it, and waits; on TCP it drops the link at once, and says why.

    We keep quiet after either, as the response to our request may be yet to come.
    """
    scene.put(another_unit)
    await scene.suffer()
    expected = MeterSilentError if scene.rig.frames.rtu else AnotherUnitError
    assert scene.ours.failures == [expected] * 2
    await scene.recover()


@pytest.mark.parametrize("scene", [RTU_OVER_TCP], indirect=True)
async def test_an_answer_from_another_unit_that_looks_like_ours(scene: Scene) -> None:
    """Where it stops at our unit's id, the library takes the rest for ours, and refuses it.

    On a serial line it is up to chance where it stops, so that meters there had better not look
    like this. We drop the link with what the library still holds.
    """
    scene.ours.device.write("AphA", LIKE_OUR_ID)
    scene.put(LooksLikeOurs(pause=0.05))
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


async def test_an_answer_of_another_length(scene: Scene) -> None:
    """The library refuses registers that are not as many as it asked for.

    It keeps the link; we drop it, since nobody knows what else is on its way.
    """
    scene.put(fewer_registers)
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


async def test_an_answer_with_other_registers(scene: Scene) -> None:
    """The library cannot know; its SunSpec model notices the header and says that the map changed.

    By then it has decoded the strange values. We take nothing from it before it is done, drop the
    link and keep quiet. Whether the map has really changed is for others to find out.
    """
    scene.put(other_registers)
    await scene.suffer()
    assert scene.ours.failures == [MapChangedError] * 2
    await scene.recover()


@pytest.mark.parametrize("full", [False, True])
@on_serial
async def test_a_local_echo(scene: Scene, full: bool) -> None:  # noqa: FBT001 - a parameter
    """The library takes its own request for the beginning of a response of 156 registers' bytes.

    A long answer makes up for that number, whereupon the checksum tells and the response is found.
    A short one does not, and what is left over would be found in its place the next time.
    """
    scene.alone = True
    await scene.suffer(Echo(), full=full, polls=3)
    assert scene.ours.failures == [None if full else MeterSilentError] * 3
    await scene.recover()


@on_serial
async def test_another_master(scene: Scene) -> None:
    """The library takes the other's request for the beginning of a response, as with an echo.

    From what follows it picks the other's response, which has the right unit and length: only the
    header reveals it. Ours, which comes behind, is never taken for that to the next request.
    """
    await scene.suffer(OtherMaster(scene.rig.frames, 40100), polls=3)
    assert set(scene.ours.failures) <= {MapChangedError, MeterSilentError, GarbledReplyError}
    await scene.recover(others_lost=3)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 7, 8, 9, 10, 11])
@on_tcp
async def test_an_exception(scene: Scene, code: int) -> None:
    """The library raises it at once, except for busy; nothing is left over, nothing to wait for."""
    scene.put(Refusal(code))
    await scene.suffer()
    expected = {
        5: MeterBusyError,
        10: MeterSilentError,
        11: MeterSilentError,
    }.get(code, ReadRefusedError)
    assert scene.ours.failures == [expected] * 2
    await scene.recover()
    assert scene.ours.failures[2] is None


@on_rtu
async def test_an_exception_on_a_serial_line(scene: Scene) -> None:
    """The same in frames of RTU."""
    scene.put(Refusal(2))
    await scene.suffer()
    assert scene.ours.failures == [ReadRefusedError] * 2
    await scene.recover()
