"""What can go wrong with a reading; nothing of it ever shows in a later one."""

from typing import Any

from modbus_connection import (
    ModbusConnectionError,
    ModbusDesyncError,
    ModbusError,
    ModbusExceptionError,
    ModbusProtocolError,
    ModbusTimeoutError,
)
import pytest

from custom_components.dts307.meter import (
    GarbledReplyError,
    MapChangedError,
    Meter,
    MeterBusyError,
    MeterError,
    MeterEvent,
    MeterSilentError,
    ReadRefusedError,
)
from custom_components.dts307.meter.errors import (
    AddressRefusedError,
    DeviceFailureError,
    HostUnreachableError,
    LinkLostError,
)
from custom_components.dts307.meter.sunspec import FULL_READ_EVERY
from tests.meter.device import Clock, Device, meter_with
from tests.meter.published import FLOAT_MODELS, encode

SOME_MODEL = [64000, 1, 0]
HEADER = 40070
EVENTS = HEADER + 124
SLOW_TAIL = HEADER + 90
"""Within the apparent and reactive energies of every model, behind what a fast read asks for."""

FAULTS = [
    (ModbusTimeoutError("no reply"), MeterSilentError),
    (ModbusExceptionError.from_code(11), MeterSilentError),
    (ModbusExceptionError.from_code(10), MeterSilentError),
    (ModbusExceptionError.from_code(5), MeterBusyError),
    (ModbusExceptionError.from_code(6), MeterBusyError),
    (ModbusExceptionError.from_code(1), ReadRefusedError),
    (ModbusExceptionError.from_code(2), AddressRefusedError),
    (ModbusExceptionError.from_code(4), DeviceFailureError),
    (ModbusProtocolError("bad checksum"), GarbledReplyError),
    (ModbusDesyncError("another transaction"), GarbledReplyError),
    (ModbusConnectionError("connection reset"), LinkLostError),
]

each_layout = pytest.mark.parametrize("model_id", [203, 213])
"""One model of integers, one of floats: within a kind they are read alike."""
every_float_model = pytest.mark.parametrize("model_id", FLOAT_MODELS)
every_fault = pytest.mark.parametrize(("fault", "error"), FAULTS)


def snapshot(model_id: int, number: int, **points: Any) -> list[int]:
    """Return a model in which power and apparent energy are ``number``."""
    scales = {"W_SF": 0, "TotWh_SF": 0} if model_id < 210 else {}
    whole: dict[str, Any] = {"W": number, "TotVAhImp": number, "Evt": 0, **scales, **points}
    return encode(model_id, **whole)


async def check_next(meter: Meter, device: Device, number: int) -> None:
    """Assert that the next reading is a whole one and has ``number``."""
    device.put(HEADER, snapshot(meter.model.model_id, number))
    device.read_events.clear()
    reading = await meter.read()
    assert reading.power.total == reading.apparent_energy_imported.total == number
    assert reading.events == MeterEvent(0)
    assert device.requests[0] in {(HEADER, 107), (HEADER, 124)}


@each_layout
@every_fault
async def test_a_failed_first_reading_is_an_error_and_the_next_is_whole(
    model_id: int, fault: ModbusError, error: type[MeterError]
) -> None:
    meter, device = await meter_with(snapshot(model_id, 1))
    device.faults.append(fault)
    with pytest.raises(error) as raised:
        await meter.read()
    assert type(raised.value) is error
    # It may be the length that is refused, so the same request is sent once more.
    assert len(device.requests) == (2 if error is AddressRefusedError else 1)
    await check_next(meter, device, 2)


@each_layout
@every_fault
async def test_a_failed_fast_reading_is_an_error_and_the_next_is_true(
    model_id: int, fault: ModbusError, error: type[MeterError]
) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    await meter.read()
    clock.now += 5
    device.faults.append(fault)
    with pytest.raises(error):
        await meter.read()
    device.put(HEADER, snapshot(model_id, 2))
    reading = await meter.read()
    assert (reading.power.total, reading.apparent_energy_imported.total) == (2, 1)


@each_layout
@every_fault
async def test_a_failed_full_reading_is_due_again_at_once(
    model_id: int, fault: ModbusError, error: type[MeterError]
) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    await meter.read()
    clock.now += FULL_READ_EVERY
    for _ in range(3):
        device.faults.append(fault)
        with pytest.raises(error):
            await meter.read()
        clock.now += 1
    await check_next(meter, device, 2)


async def test_a_timeout_while_the_link_is_down_is_the_links_failure() -> None:
    meter, device = await meter_with(snapshot(203, 1))
    await meter.read()
    device.link.cut(ModbusTimeoutError("could not connect"))
    with pytest.raises(HostUnreachableError):
        await meter.read()
    device.link.down = None
    device.fail_requests(ModbusTimeoutError("no reply"))
    with pytest.raises(MeterSilentError):
        await meter.read()
    device.fail_requests(None)
    assert (await meter.read()).power.total == 1


@each_layout
@pytest.mark.parametrize(
    "header",
    [[0, 0], [0xFFFF, 0xFFFF], [203, 104], [1, 66], [204, 105], [0x8000, 0x8000], [160, 128]],
)
@pytest.mark.parametrize("pause", [5, FULL_READ_EVERY])
async def test_another_header_means_that_the_registers_are_not_the_meters(
    model_id: int, header: list[int], pause: float
) -> None:
    if header == encode(model_id)[:2]:
        header = [model_id, 106]
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    first = await meter.read()
    foreign = snapshot(model_id, 999, Evt=0xFF)
    foreign[:2] = header
    device.put(HEADER, foreign)
    clock.now += pause
    with pytest.raises(MapChangedError):
        await meter.read()
    # The response to this request may still be due, and would be taken for the next one's.
    assert not device.connected

    device.put(HEADER, snapshot(model_id, 2))
    reading = await meter.read()
    assert reading.power.total == 2
    assert reading.apparent_energy_imported.total == (1 if pause == 5 else 2)
    assert reading.events == first.events


@every_float_model
async def test_a_wrong_witness_behind_the_event_flags_voids_the_reading(model_id: int) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    await meter.read()
    witness = meter.model.address + meter.model.span
    device.put(HEADER, snapshot(model_id, 999, Evt=0xFF))
    device.put(witness, [204])
    clock.now += FULL_READ_EVERY
    with pytest.raises(MapChangedError, match="204"):
        await meter.read()
    clock.now += 1
    device.put(witness, [0xFFFF])
    await check_next(meter, device, 2)


@pytest.mark.parametrize("model_id", [213])
@pytest.mark.parametrize(
    ("fault", "error"),
    [(fault, error) for fault, error in FAULTS if not issubclass(error, ReadRefusedError)],
)
async def test_a_reading_without_its_event_flags_is_due_again_at_once(
    model_id: int, fault: ModbusError, error: type[MeterError]
) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    await meter.read()
    device.put(HEADER, snapshot(model_id, 999, Evt=0xFF))
    clock.now += FULL_READ_EVERY
    device.faults.extend([None, fault])
    with pytest.raises(error):
        await meter.read()
    await check_next(meter, device, 2)


@each_layout
async def test_a_tail_that_is_refused_does_not_pass_for_a_reading(model_id: int) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    await meter.read()
    device.fail_read(SLOW_TAIL, ModbusExceptionError.from_code(2))
    clock.now += 5
    assert (await meter.read()).power.total == 1
    clock.now += FULL_READ_EVERY
    with pytest.raises(ReadRefusedError):
        await meter.read()
    device.fail_read(SLOW_TAIL, None)
    await check_next(meter, device, 2)
