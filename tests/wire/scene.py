"""Two meters on a line with faults, polled in turn, with checks of every poll."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from custom_components.dts307.meter import Meter, MeterError
from custom_components.dts307.meter.modbus import LinkTiming
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.wire.faults import Change, OnReplies
from tests.wire.rig import TIMING, Rig, network_rig, serial_rig
from tests.wire.wire import Fault, clean

PTY = "serial"
TCP = "tcp"
RTU_OVER_TCP = "rtu over tcp"

type Failure = type[MeterError] | None
"""How a poll ended; None: with a reading."""

LIKE_OUR_ID = 0x0E64
"""A current with the unit ID of our meter in it."""

_LIKE_NO_ID = 0x0E60
_LONG_AGO = 1000.0
_FULL_READS = 100.0


@dataclass
class Served:
    """A device and the meter that is identified on it; ``failures`` lists how its polls ended."""

    device: Device
    meter: Meter
    failures: list[Failure] = field(default_factory=list)


class Scene:
    """Polls meters whose registers change before every poll, and checks each reading."""

    def __init__(self, rig: Rig) -> None:
        """Prepare to poll over a rig."""
        self.rig = rig
        self.alone = False
        """Whether the other meter is not polled."""
        self._now = _LONG_AGO
        self._number = 0
        self._served: list[Served] = []

    @property
    def ours(self) -> Served:
        """The meter whose responses have faults."""
        return self._served[0]

    @property
    def other(self) -> Served:
        """The meter that shares the line with it."""
        return self._served[1]

    async def add(self, device: Device) -> None:
        """Identify the meter on a device, and read it once."""
        for point in ("W_SF", "TotWh_SF"):
            device.write(point, 0)
        device.write("AphA", _LIKE_NO_ID)
        meter = await Meter.identify(self.rig.unit(device), clock=lambda: self._now)
        self._served.append(Served(device, meter))
        await self.poll(self._served[-1])
        assert self._served[-1].failures.pop() is None

    async def poll(self, served: Served) -> Failure:
        """Read a meter after its registers have changed.

        A wrong value fails the test.
        """
        number = self.change(served.device)
        try:
            reading = await served.meter.read()
        except MeterError as err:
            served.failures.append(type(err))
        else:
            assert reading.power.total == number
            assert reading.energy_imported.total == number + 1
            served.failures.append(None)
        return served.failures[-1]

    def change(self, device: Device) -> int:
        """Give the registers a new number, and return it."""
        self._number += 1
        device.write("W", self._number)
        device.write("TotWhImp", self._number + 1)
        return self._number

    def put(self, change: Change, times: int = -1) -> None:
        """Change the responses of our meter."""
        self.rig.line.suffer(OnReplies(self.rig.frames, self.ours.device.unit, change, times))

    async def suffer(
        self, fault: Fault | None = None, *, polls: int = 2, full: bool = False
    ) -> None:
        """Poll the meters in turn under a fault (None: the present one).

        With ``full``, each time the whole model is read, else its head.
        """
        if fault is not None:
            self.rig.line.suffer(fault)
        for _ in range(polls):
            self._now += _FULL_READS * full
            await self._poll_all()

    async def recover(self, *, others_lost: int = 0) -> None:
        """End the fault. Our meter may fail once more, and all polls succeed from then on.

        What the fault has delayed arrives before.

        ``others_lost`` is how many polls of the other meter the fault has cost at most so far.
        """
        assert sum(failure is not None for failure in self.other.failures) <= others_lost
        self.rig.line.suffer(clean)
        await self.rig.line.drained()
        for _ in range(3):
            await self._poll_all()
        assert self.ours.failures[-2:] == [None, None]
        assert self.alone or self.other.failures[-2:] == [None, None]

    async def _poll_all(self) -> None:
        await self.poll(self.ours)
        if not self.alone:
            await self.poll(self.other)


@asynccontextmanager
async def scene_on(kind: str, timing: LinkTiming = TIMING) -> AsyncIterator[Scene]:
    """Set a scene on a kind of line."""
    devices = [Device(MeterConfig(unit=unit, model=203)) for unit in (100, 101)]
    if kind == PTY:
        line = serial_rig(*devices, timing=timing)
    else:
        framing = Framing.SOCKET if kind == TCP else Framing.RTU
        line = network_rig(framing, *devices, timing=timing)
    async with line as rig:
        scene = Scene(rig)
        for device in devices:
            await scene.add(device)
        yield scene
