"""Why nothing valid arrives from a unit, as probes of the bus show it."""

import asyncio
from dataclasses import dataclass, field

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusProtocolError,
    ModbusTimeoutError,
)
import pytest

from custom_components.dts307.meter.errors import (
    AnotherUnitError,
    MeterSilentError,
    SpeaksBacnetError,
    WrongSpeedError,
)
from custom_components.dts307.meter.modbus import (
    DiagnosingUnit,
    LinkTiming,
    ProbeResult,
    ProbeState,
    ResilientUnit,
    SharedBus,
)
from tests.meter.device import Device
from tests.meter.virtual_time import duration, lasts, virtual_time

TIMING = LinkTiming(port_closes=0.25, probe_again=100.0)
TIMEOUT = 1.0
MAP = {40000: list(range(10))}
SILENCE = ModbusTimeoutError("silent")


@dataclass
class Bench:
    """A diagnosing unit, and what its probes find, the last time and again."""

    found: list[ProbeResult | OSError] = field(default_factory=list)
    free: bool = True
    probes: int = 0
    seconds: float = 0.0
    device: Device = field(default_factory=lambda: Device(MAP))
    bus: SharedBus = field(default_factory=SharedBus)
    state: ProbeState = field(default_factory=ProbeState)

    def unit(self) -> DiagnosingUnit:
        """Return a new unit on the same bus, as after a reload."""
        resilient = ResilientUnit(self.device, timeout=TIMEOUT, bus=self.bus, timing=TIMING)
        return DiagnosingUnit(
            resilient,
            self.bus,
            self.state,
            self.probe,
            is_free=lambda: self.free,
            timing=TIMING,
        )

    async def probe(self) -> ProbeResult:
        """Probe the bus, for which the link has to be closed and free."""
        assert not self.device.connected
        assert self.bus.lock.locked()
        self.probes += 1
        await asyncio.sleep(self.seconds)
        found = self.found.pop(0)
        if isinstance(found, OSError):
            raise found
        return found


async def attempt(
    bench: Bench, unit: DiagnosingUnit, fault: ModbusError = SILENCE
) -> type[Exception]:
    """Return what a read raises if its response is lost."""
    bench.device.faults.append(fault)
    with pytest.raises((ModbusError, MeterSilentError)) as raised:
        await unit.read_holding_registers(40000, 2)
    return raised.type


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (ProbeResult.ANOTHER_UNIT, AnotherUnitError),
        (ProbeResult.BACNET, SpeaksBacnetError),
        (ProbeResult.NOISE, WrongSpeedError),
        (ProbeResult.SILENCE, ModbusTimeoutError),
        (ProbeResult.RESPONSE, ModbusTimeoutError),
        (OSError("in use"), ModbusTimeoutError),
    ],
)
@virtual_time
async def test_a_probe_explains_an_outage(
    found: ProbeResult | OSError, error: type[Exception]
) -> None:
    """From the second failure on; and the result is kept, also for a new unit."""
    bench = Bench([found])
    unit = bench.unit()
    assert await attempt(bench, unit) is ModbusTimeoutError
    assert bench.probes == 0
    assert await attempt(bench, unit) is error
    assert await attempt(bench, unit) is error
    assert await attempt(bench, bench.unit()) is error
    assert bench.probes == 1


@virtual_time
async def test_the_cause_is_kept() -> None:
    bench = Bench([ProbeResult.NOISE])
    unit = bench.unit()
    await attempt(bench, unit)
    bench.device.faults.append(SILENCE)
    with pytest.raises(WrongSpeedError, match="silent") as raised:
        await unit.read_holding_registers(40000, 2)
    assert isinstance(raised.value.__cause__, ModbusTimeoutError)


@virtual_time
async def test_a_corrupt_response_is_a_failure_like_silence() -> None:
    bench = Bench([ProbeResult.NOISE])
    unit = bench.unit()
    corrupt = ModbusProtocolError("corrupt")
    assert await attempt(bench, unit, corrupt) is ModbusProtocolError
    assert await attempt(bench, unit, corrupt) is WrongSpeedError


@virtual_time
async def test_a_lost_link_is_not_probed() -> None:
    bench = Bench([])
    unit = bench.unit()
    lost = ModbusConnectionError("lost")
    for _ in range(3):
        bench.device.faults.append(lost)
        assert await attempt(bench, unit, lost) is ModbusConnectionError
    bench.device.link.cut(ModbusTimeoutError("no host"))
    for _ in range(3):
        assert await attempt(bench, unit) is ModbusTimeoutError
    assert bench.probes == 0


@virtual_time
async def test_the_bus_is_probed_again_after_a_while() -> None:
    bench = Bench([ProbeResult.NOISE, ProbeResult.ANOTHER_UNIT])
    unit = bench.unit()
    loop = asyncio.get_running_loop()
    await attempt(bench, unit)
    await attempt(bench, unit)
    due = bench.state.probed_at + TIMING.probe_again
    # A read begins after the quiet time, and fails after the port has closed.
    await asyncio.sleep(due - loop.time() - TIMING.port_closes - 0.01)
    assert await attempt(bench, unit) is WrongSpeedError
    assert bench.probes == 1
    await asyncio.sleep(due - loop.time())
    assert await attempt(bench, unit) is AnotherUnitError
    assert bench.probes == 2


@virtual_time
async def test_the_link_stays_open_while_other_units_respond() -> None:
    """Nor does an earlier result hold then: the settings of the bus must be right."""
    bench = Bench([ProbeResult.NOISE, ProbeResult.NOISE])
    unit = bench.unit()
    await attempt(bench, unit)
    assert await attempt(bench, unit) is WrongSpeedError
    bench.free = False
    assert await attempt(bench, unit) is ModbusTimeoutError
    assert bench.probes == 1
    bench.free = True
    assert await attempt(bench, unit) is WrongSpeedError
    assert bench.probes == 2


@pytest.mark.parametrize("refused", [False, True])
@virtual_time
async def test_a_response_ends_the_outage(refused: bool) -> None:  # noqa: FBT001 - a parameter
    """Be it a Modbus exception."""
    bench = Bench([ProbeResult.NOISE])
    unit = bench.unit()
    await attempt(bench, unit)
    await attempt(bench, unit)
    if refused:
        await attempt(bench, unit, ModbusExceptionError.from_code(2))
    else:
        assert await unit.read_holding_registers(40000, 2) == [0, 1]
    assert bench.state == ProbeState()
    assert await attempt(bench, unit) is ModbusTimeoutError


@virtual_time
async def test_the_unit_stays_quiet_after_a_probe() -> None:
    """The response to the probe may be delayed, too."""
    bench = Bench([ProbeResult.SILENCE], seconds=10 * TIMEOUT)
    unit = bench.unit()
    await attempt(bench, unit)
    await attempt(bench, unit)
    assert not bench.device.connected
    # The quiet time began with the end of the probe, before the port closed.
    remaining = TIMEOUT - TIMING.port_closes
    assert await duration(unit.read_holding_registers(40000, 2)) == lasts(remaining)


@virtual_time
async def test_everything_else_is_the_units() -> None:
    bench = Bench()
    unit = bench.unit()
    assert not unit.connected
    await unit.write_register(7, 4)
    assert bench.device.holding[7] == 4
    assert unit.connected
