"""The raw registers of every model, as diagnostics hand them out."""

from itertools import pairwise

from modbus_connection import ModbusExceptionError, ModbusTimeoutError
import pytest

from custom_components.dts307.meter import Meter, MeterSilentError, ReadRefusedError
from tests.meter.device import MOST_REGISTERS, Device, common, meter_with, sunspec_map
from tests.meter.published import METER_MODELS, encode

LONG = [705, 700, *range(700)]
EMPTY = [64001, 0]


@pytest.mark.parametrize("model_id", METER_MODELS)
async def test_raw_registers_are_those_of_the_device_by_model(model_id: int) -> None:
    model = encode(model_id, W=321, Evt=1 << 3)
    meter, _ = await meter_with(model)
    assert await meter.read_raw(redacted=False) == {40002: common(), 40070: model}


async def test_redacted_registers_contain_no_serial_number() -> None:
    meter, _ = await meter_with(encode(203))
    nameless = [0 if 50 <= at < 66 else word for at, word in enumerate(common())]
    assert any(common()[50:66])
    assert await meter.read_raw(redacted=True) == {40002: nameless, 40070: encode(203)}


async def test_long_models_take_several_requests() -> None:
    models = [common(), LONG, EMPTY, encode(203, W=1)]
    device = Device({40000: sunspec_map(*models)})
    meter = await Meter.identify(device)
    device.read_events.clear()
    raw = await meter.read_raw(redacted=False)
    assert list(raw) == [40002, 40070, 40772, 40774]
    assert list(raw.values()) == models
    long = [(address, count) for address, count in device.requests if 40070 <= address < 40772]
    assert [count for _, count in long] == [MOST_REGISTERS] * 5 + [702 - 5 * MOST_REGISTERS]
    assert all(address + count == following for (address, count), (following, _) in pairwise(long))
    assert len(device.requests) == 1 + 6 + 1 + 1


async def test_a_reading_goes_on_undisturbed_by_raw_registers() -> None:
    meter, device = await meter_with(encode(203, W=5, W_SF=0))
    first = await meter.read()
    device.fail_read(40075, ModbusExceptionError.from_code(2))
    with pytest.raises(ReadRefusedError):
        await meter.read_raw(redacted=False)
    device.fail_read(40075, None)
    device.faults.append(ModbusTimeoutError("no reply"))
    with pytest.raises(MeterSilentError):
        await meter.read_raw(redacted=False)
    assert (await meter.read_raw(redacted=False))[40070][18] == 5
    assert await meter.read() == first


async def test_a_probe_reads_two_registers_whatever_they_are() -> None:
    meter, device = await meter_with(encode(203, W=5, W_SF=0))
    await meter.probe()
    assert device.requests == [(40070, 2)]
    device.put(40070, [0, 0])
    await meter.probe()
    device.faults.append(ModbusTimeoutError("no reply"))
    with pytest.raises(MeterSilentError):
        await meter.probe()
