"""Frames that are lost, damaged or unexpected; the meters' registers change before every poll.

Every reading must hold the registers of its own poll: `Scene` checks that.
"""

import pytest

from custom_components.dts307.meter import (
    GarbledReplyError,
    MapChangedError,
    MeterBusyError,
    MeterSilentError,
    ReadRefusedError,
)
from custom_components.dts307.meter.errors import (
    AddressRefusedError,
    AnotherUnitError,
    DeviceFailureError,
)
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
    """The library waits for its timeout, while other units on the link have to wait.

    We drop the link once, in case the link itself is dead. It stays from then on, because other
    units answer over it.
    """
    scene.put(silence)
    await scene.suffer(polls=3)
    assert scene.ours.failures == [MeterSilentError] * 3
    assert scene.other.failures == [None] * 3
    await scene.recover()


@on_serial
async def test_a_crackle(scene: Scene) -> None:
    """The library notices the wrong checksum, and searches the rest for a frame.

    We drop the link with the remaining bytes, and repeat the request after a pause.
    """
    scene.put(crackle)
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


@alone_or_not
async def test_a_truncated_frame(scene: Scene, alone: bool) -> None:  # noqa: FBT001 - a parameter
    """The library keeps the half, and takes the next response of any unit for the rest.

    Modbus TCP never recovers from that: without a remedy both meters stay silent. We drop the link
    with the remaining bytes.
    """
    scene.alone = alone
    scene.put(truncation, times=1)
    await scene.suffer(polls=1)
    assert scene.ours.failures == [MeterSilentError]
    await scene.recover()


async def test_merged_frames(scene: Scene) -> None:
    """The library takes the first of two responses, and discards the second."""
    scene.put(doubling)
    await scene.suffer()
    assert scene.ours.failures == [None] * 2
    await scene.recover()


@alone_or_not
async def test_a_byte_count_too_large(scene: Scene, alone: bool) -> None:  # noqa: FBT001
    """The library waits for that many bytes, and takes them from the next responses.

    On RTU the checksum is wrong then, and the library finds the response to an old request among
    those bytes; Modbus TCP never recovers. We drop the link with them. A unit that repeats this can
    cost another unit a response, which then drops the link as well.
    """
    scene.alone = alone
    scene.put(long_count)
    await scene.suffer()
    assert scene.ours.failures == [MeterSilentError] * 2
    await scene.recover(others_lost=1)


async def test_a_byte_count_too_small(scene: Scene) -> None:
    """The library takes the beginning for the whole, and finds the rest before the next response.

    Modbus TCP never recovers from that. We drop the link with the rest.
    """
    scene.put(short_count)
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


async def test_garbage_in_place_of_an_answer(scene: Scene) -> None:
    """The library finds no response in it, and waits for its timeout, as with silence."""
    scene.put(garbage)
    await scene.suffer()
    assert scene.ours.failures == [MeterSilentError] * 2
    await scene.recover()


async def test_noise_in_front_of_an_answer(scene: Scene) -> None:
    """The library skips what cannot begin a response. No remedy is needed."""
    scene.put(noise_before)
    await scene.suffer()
    assert scene.ours.failures == [None] * 2
    await scene.recover()


async def test_an_answer_from_another_unit(scene: Scene) -> None:
    """On RTU the library ignores it, and waits; on TCP it drops the link at once, with that reason.

    We pause after either, as the response to our request may still arrive.
    """
    scene.put(another_unit)
    await scene.suffer()
    expected = MeterSilentError if scene.rig.frames.rtu else AnotherUnitError
    assert scene.ours.failures == [expected] * 2
    await scene.recover()


@pytest.mark.parametrize("scene", [RTU_OVER_TCP], indirect=True)
async def test_an_answer_from_another_unit_that_looks_like_ours(scene: Scene) -> None:
    """If it pauses after our unit ID, the library takes the rest for our response, and refuses it.

    On a serial line, chance decides where it pauses, so other tests avoid such values. We drop the
    link with the remaining bytes.
    """
    scene.ours.device.write("AphA", LIKE_OUR_ID)
    scene.put(LooksLikeOurs(pause=0.05))
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


async def test_an_answer_of_another_length(scene: Scene) -> None:
    """The library refuses a response with another number of registers.

    It keeps the link; we drop it, as more may be on its way.
    """
    scene.put(fewer_registers)
    await scene.suffer()
    assert scene.ours.failures == [GarbledReplyError] * 2
    await scene.recover()


async def test_an_answer_with_other_registers(scene: Scene) -> None:
    """The library cannot notice; its SunSpec model finds another header and reports a changed map.

    By then it has decoded the wrong values. We use nothing before it has finished, drop the link
    and pause. Whether the map has really changed is checked elsewhere.
    """
    scene.put(other_registers)
    await scene.suffer()
    assert scene.ours.failures == [MapChangedError] * 2
    await scene.recover()


@pytest.mark.parametrize("full", [False, True])
@on_serial
async def test_a_local_echo(scene: Scene, full: bool) -> None:  # noqa: FBT001 - a parameter
    """The library takes its own request for the beginning of a response with 156 bytes.

    A long response completes that number; the checksum is wrong, and the library searches on and
    finds the response. After a short one, the remaining bytes would be taken for the next response.
    """
    scene.alone = True
    await scene.suffer(Echo(), full=full, polls=3)
    assert scene.ours.failures == [None if full else MeterSilentError] * 3
    await scene.recover()


@on_serial
async def test_another_master(scene: Scene) -> None:
    """The library takes the other request for the beginning of a response, as with an echo.

    From what follows it picks the other response, which has the right unit and length; only its
    SunSpec header is wrong. Ours, which follows, is never taken for that to the next request.
    """
    await scene.suffer(OtherMaster(scene.rig.frames, 40100), polls=3)
    assert set(scene.ours.failures) <= {MapChangedError, MeterSilentError, GarbledReplyError}
    await scene.recover(others_lost=3)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 7, 8, 9, 10, 11])
@on_tcp
async def test_an_exception(scene: Scene, code: int) -> None:
    """The library raises it at once, except for busy, and no bytes remain."""
    scene.put(Refusal(code))
    await scene.suffer()
    expected = {
        2: AddressRefusedError,
        3: AddressRefusedError,
        4: DeviceFailureError,
        5: MeterBusyError,
        10: MeterSilentError,
        11: MeterSilentError,
    }.get(code, ReadRefusedError)
    assert scene.ours.failures == [expected] * 2
    await scene.recover()
    assert scene.ours.failures[2] is None


@on_rtu
async def test_an_exception_on_a_serial_line(scene: Scene) -> None:
    scene.put(Refusal(2))
    await scene.suffer()
    assert scene.ours.failures == [AddressRefusedError] * 2
    await scene.recover()
