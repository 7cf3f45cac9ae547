"""Broken links: adapters that restart, hang or vanish; ports that come back."""

import asyncio
from pathlib import Path

from modbus_connection.tmodbus import ModbusConnection
import pytest

from custom_components.dts307.meter import MeterSilentError
from custom_components.dts307.meter.errors import HostRefusesError, LinkLostError, PortMissingError
from simulator import MeterConfig
from tests.device import Device
from tests.lines import serial, serial_data
from tests.wire.faults import Frames, silence
from tests.wire.links import bus_of, params_of
from tests.wire.proxy import Proxy
from tests.wire.rig import TIMING, Rig
from tests.wire.scene import RTU_OVER_TCP, TCP, Scene
from tests.wire.wire import Direction, Fault

on_tcp = pytest.mark.parametrize("scene", [TCP], indirect=True)
on_network = pytest.mark.parametrize("scene", [TCP, RTU_OVER_TCP], indirect=True)


class Steady:
    """A line without faults."""

    def suffer(self, fault: Fault) -> None:
        """Do nothing."""

    async def drained(self) -> None:
        """Do nothing."""


def gateway(scene: Scene) -> Proxy:
    """Return the proxy between the connection and the devices."""
    assert isinstance(scene.rig.line, Proxy)
    return scene.rig.line


@on_network
async def test_a_reset_between_two_polls(scene: Scene) -> None:
    """The library notices, and connects for the next request. No remedy is needed."""
    async with scene.rig.link_loss():
        gateway(scene).reset()
    await scene.suffer(polls=1)
    assert scene.ours.failures == scene.other.failures == [None]
    await scene.recover()


@on_network
async def test_a_reset_while_an_answer_is_awaited(scene: Scene) -> None:
    """The library fails at once, not after its timeout, and connects for the next request.

    The meter may still answer the request, so we pause first.
    """

    def hang_up(direction: Direction, data: bytes) -> bytes:
        if direction is Direction.REPLY:
            gateway(scene).reset()
        return data

    await scene.suffer(hang_up)
    assert scene.ours.failures == scene.other.failures == [LinkLostError] * 2
    await scene.recover(others_lost=2)


@on_network
async def test_a_half_open_connection(scene: Scene) -> None:
    """The other end has lost the connection without closing it.

    The library times out at every request, until the system gives up after 15 minutes. We drop the
    connection at the first timeout.
    """
    gateway(scene).freeze()
    await scene.suffer(polls=1)
    assert scene.ours.failures == [MeterSilentError]
    assert scene.other.failures == [None]
    await scene.recover()


@on_tcp
async def test_a_gateway_that_accepts_and_never_answers(scene: Scene) -> None:
    """The library times out at every request; we open a new connection for each."""
    async with scene.rig.link_loss():
        gateway(scene).reset()
    await scene.suffer(lambda _direction, _data: b"")
    assert scene.ours.failures == scene.other.failures == [MeterSilentError] * 2
    await scene.recover(others_lost=2)


@on_network
async def test_a_gateway_that_is_off_for_a_while(scene: Scene) -> None:
    """The library fails at once, at every request. No remedy is needed."""
    async with scene.rig.link_loss():
        await gateway(scene).close()
    await scene.suffer()
    assert scene.ours.failures == scene.other.failures == [HostRefusesError] * 2
    await gateway(scene).open()
    await scene.recover(others_lost=2)


@on_tcp
async def test_a_unit_that_is_not_there(scene: Scene) -> None:
    """The library keeps its connection; we drop it once, not at each timeout."""
    scene.put(silence)
    await scene.suffer(polls=3)
    assert gateway(scene).accepted == 2
    await scene.recover()


@pytest.mark.parametrize("while_awaited", [False, True])
async def test_a_port_that_vanishes_and_comes_back(tmp_path: Path, while_awaited: bool) -> None:  # noqa: FBT001
    """The library fails as long as the path is missing, and then opens the new port.

    No remedy is needed.
    """
    path = tmp_path / "meter"
    devices = [Device(MeterConfig(unit=unit, model=203)) for unit in (100, 101)]
    async with serial(*devices, link=path) as line:
        data = serial_data(line)
        connection = ModbusConnection(params_of(data))
        scene = Scene(Rig(connection, Steady(), Frames(rtu=True), bus_of(data), TIMING))
        for device in devices:
            await scene.add(device)
        async with scene.rig.link_loss():
            if while_awaited:
                devices[0].silent = True
                devices[0].asked.clear()
                poll = asyncio.create_task(scene.poll(scene.ours))
                await devices[0].asked.wait()
                await line.close()
                assert await poll is LinkLostError
                devices[0].silent = False
            else:
                await line.close()
        await scene.suffer()
        assert scene.other.failures == [PortMissingError] * 2
        await line.open()
        await scene.recover(others_lost=2)
        await connection.close()
