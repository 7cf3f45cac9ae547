"""Whatever a device sends, there is one of our own errors or a reading of sane values."""

from contextlib import suppress
import dataclasses
import math
import struct

from hypothesis import given, settings, strategies as st
from modbus_connection import (
    ClientClosedError,
    ModbusConnectionError,
    ModbusDesyncError,
    ModbusError,
    ModbusExceptionError,
    ModbusProtocolError,
    ModbusTimeoutError,
)
import pytest

from custom_components.dts307.meter import Meter, MeterError, NoMeterModelError, PerPhase, Reading
from tests.meter.contents import meter_contents, whole_maps
from tests.meter.device import END, MARKER, Clock, Device, common, device_with, meter_with, values
from tests.meter.published import METER_MODELS, PHASES, QUANTITIES, encode

MOST_MODELS = 64
MOST_REQUESTS = 2 * (3 + MOST_MODELS) + 1
"""Three bases and every header, each asked for twice at most, and the identity."""

MODEL_LENGTHS = {model_id: encode(model_id)[1] for model_id in METER_MODELS}

every_model = pytest.mark.parametrize("model_id", METER_MODELS)

exception_codes = st.sampled_from([1, 2, 3, 4, 5, 6, 8, 10, 11]) | st.integers(0, 255) | st.none()
modbus_errors: st.SearchStrategy[ModbusError] = st.one_of(
    exception_codes.map(ModbusExceptionError.from_code),
    st.sampled_from(
        [
            ModbusTimeoutError("no reply"),
            ModbusConnectionError("no link"),
            ClientClosedError("closed"),
            ModbusProtocolError("bad checksum"),
            ModbusDesyncError("another transaction"),
            ModbusError("something else"),
        ]
    ),
)


@st.composite
def register_contents(draw: st.DrawFn, count: int) -> list[int]:
    """Draw any registers, with those well represented that mean something special."""
    if not count:
        return []
    data = draw(st.binary(min_size=2 * count, max_size=2 * count))
    registers = list(struct.unpack(f">{count}H", data))
    special = st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0, 0x7F80, 0xFF80])
    for place, register in draw(
        st.dictionaries(st.integers(0, count - 1), special, max_size=min(count, 20))
    ).items():
        registers[place] = register
    return registers


def check_sane(reading: Reading, model_id: int) -> None:
    """Assert that no value is outside what its type can mean."""
    for field in dataclasses.fields(reading):
        if field.name in QUANTITIES:
            quantity = getattr(reading, field.name)
            assert isinstance(quantity, PerPhase)
            for value in values(quantity):
                assert value is None or math.isfinite(value), field.name
            check_phases(field.name, quantity, model_id)
    for value in values(reading.power_factor):
        assert value is None or -1 <= value <= 1
    assert reading.frequency is None or math.isfinite(reading.frequency)
    assert reading.energy_net is None or math.isfinite(reading.energy_net)


def check_phases(name: str, quantity: PerPhase, model_id: int) -> None:
    """Assert that phases the model lacks are empty, and a total is there if its phases are."""
    total, *parts = values(quantity)
    phases = PHASES[model_id]
    if name == "voltage_line_to_line" and phases < 3:
        phases = 1
    assert parts[phases:] == [None] * (3 - phases)
    assert total is not None or None in parts[:phases]


@every_model
@whole_maps
@given(data=st.data())
async def test_any_content_of_a_meter_model_gives_a_sane_reading(
    model_id: int, data: st.DataObject
) -> None:
    header = encode(model_id)[:2]
    clock = Clock()
    meter, device = await meter_with(encode(model_id), clock=clock)
    for _ in range(2):  # a full read, then a fast one
        device.put(meter.model.address, header + data.draw(register_contents(header[1])))
        check_sane(await meter.read(), model_id)
        clock.now += 5


@settings(whole_maps, max_examples=100)
@given(
    base_address=st.sampled_from([40000, 50000, 0, 0xFFFF - 200]),
    marker=st.sampled_from([MARKER, [], MARKER[::-1]]),
    registers=st.lists(
        st.sampled_from([0, 1, 65, 66, 103, 105, 124, 201, 203, 204, 213, 0xFFFF])
        | st.integers(0, 0xFFFF),
        max_size=200,
    ),
)
async def test_any_registers_give_a_meter_or_one_of_our_errors(
    base_address: int, marker: list[int], registers: list[int]
) -> None:
    device = Device({base_address: [*marker, *registers]})
    with suppress(MeterError):
        meter = await Meter.identify(device)
        check_sane(await meter.read(), meter.model.model_id)
    assert len(device.requests) <= MOST_REQUESTS + 2


@settings(whole_maps, max_examples=50)
@given(
    models=st.lists(
        st.tuples(st.sampled_from([1, 103, 160, 201, 203, 212, 213]), st.integers(0, 130)),
        max_size=6,
    ),
    data=st.data(),
)
async def test_the_first_meter_model_of_any_chain_is_read(
    models: list[tuple[int, int]], data: st.DataObject
) -> None:
    registers = [*MARKER]
    for model_id, length in models:
        registers += [model_id, length, *data.draw(register_contents(length))]
    device = Device({40000: registers + END})
    meters = [model_id for model_id, length in models if length >= MODEL_LENGTHS.get(model_id, 999)]
    if not meters:
        with pytest.raises(NoMeterModelError):
            await Meter.identify(device)
        return
    meter = await Meter.identify(device)
    assert meter.model.model_id == meters[0]
    check_sane(await meter.read(), meters[0])
    raw = await meter.read_raw(redacted=False)
    assert [register for model in raw.values() for register in model] == registers[2:]


@every_model
@whole_maps
@given(data=st.data())
async def test_any_faults_on_the_way_are_our_errors_and_leave_no_trace(
    model_id: int, data: st.DataObject
) -> None:
    faults = data.draw(st.lists(st.none() | modbus_errors, max_size=12))
    registers = encode(model_id, **data.draw(meter_contents(model_id)))
    undisturbed, _ = await meter_with(registers)
    truth = await undisturbed.read()

    device = device_with(registers)
    device.faults.extend(faults)
    clock = Clock()
    meter: Meter | None = None
    while device.faults:
        clock.now += data.draw(st.sampled_from([5, 70]))
        with suppress(MeterError):
            meter = meter or await Meter.identify(device, clock=clock)
            reading = await meter.read()
            # Event flags may be refused, and are None then; nothing else ever differs.
            assert dataclasses.replace(reading, events=truth.events) == truth
    clock.now += 70
    meter = meter or await Meter.identify(device, clock=clock)
    assert await meter.read() == truth


@whole_maps
@given(identity=register_contents(66))
async def test_any_identity_gives_texts(identity: list[int]) -> None:
    registers = common()
    registers[2:] = identity
    device = Device({40000: [*MARKER, *registers, *encode(203), *END]})
    meter = await Meter.identify(device)
    for text in dataclasses.astuple(meter.identity):
        assert isinstance(text, str)
        assert text.isascii()
        assert "\0" not in text
        assert text == text.strip()
