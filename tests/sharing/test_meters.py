"""What requests are answered with."""

import struct

from hypothesis import given, strategies as st
from modbus_connection import ModbusTimeoutError
import pytest

from custom_components.dts307.meter import Meter, MeterSilentError
from custom_components.dts307.meter.sharing import RefusedError, RegisterImage, SharedMeters
from tests.meter.device import (
    END,
    MARKER,
    Clock,
    Device,
    common,
    meter_with,
    sunspec_map,
)
from tests.meter.published import METER_MODELS, encode
from tests.sharing.shared import MAX_AGE, UNIT_ID, Shared, image_of, model

WORDS = sunspec_map(common(), model())
"""A map as the meter has it."""
IMAGE = RegisterImage(tuple(WORDS), Clock().now)
ADDRESSES = st.integers(39990, 40010 + len(WORDS)) | st.integers(0, 0xFFFF)
COUNTS = st.integers(0, 127) | st.integers(0, 0xFFFF)


def read(meters: SharedMeters, address: int, count: int, unit_id: int = UNIT_ID) -> list[int]:
    """Read registers as a client would."""
    return list(meters.answer(unit_id, 3, struct.pack(">HH", address, count)))


def sharing(image: RegisterImage | None, clock: Clock | None = None) -> SharedMeters:
    """Share one meter."""
    meters = SharedMeters(clock or Clock())
    meters.add(UNIT_ID, Shared(image).meter)
    return meters


def refusal(meters: SharedMeters, unit_id: int, function: int, data: bytes) -> int:
    """Return the Modbus exception that a request gets."""
    with pytest.raises(RefusedError) as refused:
        meters.answer(unit_id, function, data)
    return int(refused.value.code)


FIRST = struct.pack(">HH", 40000, 1)


@pytest.mark.parametrize("model_id", METER_MODELS)
@pytest.mark.parametrize("base", [0, 40000, 50000])
async def test_the_map_is_the_meters_own_at_40000(model_id: int, base: int) -> None:
    words = sunspec_map(common(), model(model_id))
    meter = await Meter.identify(Device({base: words}))
    image = RegisterImage.of(meter, await meter.read(), 0.0)
    assert list(image.words) == words


async def test_other_models_and_unknown_registers_are_left_out() -> None:
    """Lengths fit what is there, so that a walk through the map arrives at its end."""
    inverter = encode(103)
    longer = encode(203, length=120, W=5)
    longer[107:] = [0x4142] * (len(longer) - 107)
    meter = await Meter.identify(Device({40000: sunspec_map(common(), inverter, longer)}))
    image = RegisterImage.of(meter, await meter.read(), 0.0)
    expected = [203, 105, *longer[2:107]]
    assert list(image.words) == [*MARKER, *common(), *expected, *END]


async def test_a_meter_without_model_1_has_a_map_without_it() -> None:
    meter = await Meter.identify(Device({40000: sunspec_map(model())}))
    image = RegisterImage.of(meter, await meter.read(), 0.0)
    assert list(image.words) == sunspec_map(model())


async def test_a_short_reading_changes_what_it_read() -> None:
    clock = Clock()
    meter, device = await meter_with(model(), clock=clock)
    await meter.read()
    device.put(meter.model.address, model(power=77))
    image = RegisterImage.of(meter, await meter.read(), 0.0)
    assert list(image.words) == sunspec_map(common(), model(power=77))


@given(polls=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
async def test_an_image_is_of_readings_and_of_nothing_else(
    polls: list[tuple[bool, bool]],
) -> None:
    """Whichever polls are whole, and whichever fail."""
    meter, device = await meter_with(model(), clock=Clock())
    end: list[int] = []
    for number, (whole, fails) in enumerate(polls):
        words = encode(203, W=number, W_SF=0, TotWh_SF=0, TotVArhExpQ4=number)
        device.put(meter.model.address, words)
        if fails:
            device.faults.append(ModbusTimeoutError("nothing"))
            with pytest.raises(MeterSilentError):
                await meter.read(whole=whole)
            continue
        image = RegisterImage.of(meter, await meter.read(whole=whole), 0.0)
        end = words if whole or not end else end
        length = device.requests[-1][1]
        assert list(image.words) == sunspec_map(common(), words[:length] + end[length:])


@given(address=ADDRESSES, count=COUNTS)
def test_any_read_gets_these_registers_or_an_exception(address: int, count: int) -> None:
    meters = sharing(IMAGE)
    inside = address >= 40000 and address + count <= 40000 + len(WORDS)
    if not 1 <= count <= 125:
        assert refusal(meters, UNIT_ID, 3, struct.pack(">HH", address, count)) == 0x03
    elif not inside:
        assert refusal(meters, UNIT_ID, 3, struct.pack(">HH", address, count)) == 0x02
    else:
        begin = address - 40000
        assert read(meters, address, count) == WORDS[begin : begin + count]


@given(begin=st.integers(0, len(WORDS) - 1), data=st.data())
def test_every_part_of_the_map_can_be_read(begin: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, min(125, len(WORDS) - begin)))
    meters = sharing(IMAGE)
    assert read(meters, 40000 + begin, count) == WORDS[begin : begin + count]


@given(
    unit_id=st.integers(0, 255),
    function=st.integers(0, 255).filter(lambda function: function != 3),
    data=st.binary(max_size=252),
)
async def test_whatever_else_is_asked_is_refused(unit_id: int, function: int, data: bytes) -> None:
    meters = sharing(IMAGE)
    expected = 0x01 if unit_id == UNIT_ID else 0x0B
    assert refusal(meters, unit_id, function, data) == expected


@pytest.mark.parametrize("data", [b"", FIRST[:3], FIRST + b"\0"])
def test_a_request_of_another_length_is_refused(data: bytes) -> None:
    assert refusal(sharing(IMAGE), UNIT_ID, 3, data) == 0x03


@pytest.mark.parametrize("unit_id", [0, 1, UNIT_ID - 1, UNIT_ID + 1, 255])
def test_no_meter_responds_to_another_unit_id(unit_id: int) -> None:
    meters = sharing(IMAGE)
    assert refusal(meters, unit_id, 3, FIRST) == 0x0B


async def test_an_old_reading_is_not_served() -> None:
    clock = Clock()
    shared = Shared(await image_of(model(), clock.now))
    meters = SharedMeters(clock)
    meters.add(UNIT_ID, shared.meter)
    clock.now += MAX_AGE
    assert read(meters, 40000, 2) == MARKER
    clock.now += 0.001
    assert refusal(meters, UNIT_ID, 3, FIRST) == 0x0B
    assert refusal(meters, UNIT_ID, 6, FIRST) == 0x01
    shared.image = await image_of(model(), clock.now)
    assert read(meters, 40000, 2) == MARKER


def test_nothing_is_served_before_the_first_reading() -> None:
    assert refusal(sharing(None), UNIT_ID, 3, FIRST) == 0x0B


def test_two_meters_cannot_have_one_unit_id() -> None:
    meters = sharing(None)
    assert (UNIT_ID in meters, len(meters)) == (True, 1)
    with pytest.raises(ValueError, match="unit ID 100"):
        meters.add(UNIT_ID, Shared(None).meter)
    meters.remove(UNIT_ID)
    assert (UNIT_ID in meters, len(meters)) == (False, 0)
    assert refusal(meters, UNIT_ID, 3, FIRST) == 0x0B


def test_requests_are_counted_for_a_minute() -> None:
    clock = Clock()
    clock.now = 1000.0
    meters = sharing(RegisterImage(tuple(WORDS), clock.now), clock)
    for _ in range(90):
        clock.now += 1
        for _ in range(2):
            meters.answer(UNIT_ID, 3, FIRST) if clock.now < 1010 else refusal(
                meters, UNIT_ID, 4, FIRST
            )
    assert meters.requests_per_minute(UNIT_ID) == 120
    clock.now += 30
    assert meters.requests_per_minute(UNIT_ID) == 60
    clock.now += 30
    assert meters.requests_per_minute(UNIT_ID) == 0
