"""The registers that come with a reading: those that the meter sent, in their order."""

from modbus_connection import ModbusExceptionError
import pytest

from custom_components.dts307.meter import Meter
from tests.meter.device import Clock, Device, common, device_with, meter_with, sunspec_map
from tests.meter.published import FLOAT_MODELS, METER_MODELS, encode

HEADER = 40070
EVENTS = 124

every_model = pytest.mark.parametrize("model_id", METER_MODELS)


def model(model_id: int, number: int) -> list[int]:
    """Return a meter model whose power and reactive energy say a number."""
    return encode(model_id, W=number, TotVArhExpQ4=number, Evt=number)


@every_model
@pytest.mark.parametrize("most", [16, 125])
async def test_a_reading_has_the_registers_of_the_whole_model(model_id: int, most: int) -> None:
    device = device_with(model(model_id, 7))
    device.most = most
    reading = await (await Meter.identify(device)).read()
    assert list(reading.registers) == model(model_id, 7)


@every_model
async def test_a_short_reading_keeps_the_end_of_the_last_whole_one(model_id: int) -> None:
    meter, device = await meter_with(model(model_id, 1), clock=Clock())
    await meter.read()
    device.put(HEADER, model(model_id, 2))
    reading = await meter.read()
    asked = device.requests[-1][1]
    assert asked < len(reading.registers)
    expected = model(model_id, 2)[:asked] + model(model_id, 1)[asked:]
    assert list(reading.registers) == expected


@pytest.mark.parametrize("model_id", FLOAT_MODELS)
async def test_flags_that_are_refused_are_not_implemented(model_id: int) -> None:
    meter, device = await meter_with(model(model_id, 1))
    device.faults.extend([None, ModbusExceptionError.from_code(2)])
    reading = await meter.read()
    assert list(reading.registers) == [*model(model_id, 1)[:EVENTS], 0xFFFF, 0xFFFF]


@pytest.mark.parametrize("length", [65, 66, 70])
async def test_the_registers_of_model_1_are_kept(length: int) -> None:
    """A longer one only as far as it is known."""
    words = [*common()[:68], *[0x4142] * 4][: 2 + length]
    words[1] = length
    meter = await Meter.identify(Device({40000: sunspec_map(words, model(203, 1))}))
    assert list(meter.common) == words[:68]


async def test_a_map_without_model_1_has_no_registers_of_it() -> None:
    meter = await Meter.identify(Device({40000: sunspec_map(model(203, 1))}))
    assert meter.common == ()
