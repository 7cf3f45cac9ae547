"""Gateways that serve fewer registers in one request than Modbus allows."""

from modbus_connection import ModbusExceptionError, ModbusTimeoutError
import pytest

from custom_components.dts307.meter import MapChangedError, Meter, MeterSilentError
from custom_components.dts307.meter.errors import AddressRefusedError
from custom_components.dts307.meter.modbus import RequestLimit
from custom_components.dts307.meter.sunspec import FULL_READ_EVERY
from tests.meter.device import MOST_REGISTERS, Clock, Device, common, device_with, sunspec_map
from tests.meter.published import METER_MODELS, encode

LIMITS = [2, 3, 6, 7, 16, 17, 32, 33, 50, 54, 55, 64, 100, 106, 107, 123, 124, 125]
HEADER = 40070
BEFORE_BLOCKS = 40
"""What identification and learning take at most, in requests of one length each."""

each_limit = pytest.mark.parametrize("most", LIMITS)
each_refusal = pytest.mark.parametrize("code", [2, 3])


def contents(model_id: int) -> list[int]:
    """Return a meter model whose every point holds another number."""
    scales = {} if model_id > 210 else dict.fromkeys(("W_SF", "A_SF", "V_SF", "TotWh_SF"), 0)
    points = {"W": 1234, "AphA": 56, "PhVphA": 231, "TotWhImp": 70_001, "TotVArhExpQ4PhC": 80_002}
    if model_id in {201, 202, 211, 212}:
        del points["TotVArhExpQ4PhC"]
    return encode(model_id, **points, **scales, Evt=8)


async def limited(
    model_id: int, most: int, *, code: int = 3, clock: Clock | None = None
) -> tuple[Meter, Device]:
    """Identify a meter behind a gateway with a limit, and read it once."""
    device = device_with(contents(model_id))
    device.most, device.too_long = most, ModbusExceptionError.from_code(code)
    meter = await Meter.identify(device, clock=clock or Clock())
    await meter.read()
    return meter, device


@each_limit
@each_refusal
@pytest.mark.parametrize("model_id", METER_MODELS)
async def test_every_meter_is_read_as_without_a_limit(model_id: int, most: int, code: int) -> None:
    truth = await (await Meter.identify(device_with(contents(model_id)))).read()
    clock = Clock()
    meter, device = await limited(model_id, most, code=code, clock=clock)
    assert meter.identity.serial_number == "DTS201505001"
    for _ in range(2):
        assert await meter.read(whole=True) == truth
        clock.now += 5
        assert await meter.read() == truth
    raw = await meter.read_raw(redacted=False)
    assert raw[HEADER] == [device.holding[HEADER + at] for at in range(len(raw[HEADER]))]


@each_limit
async def test_the_longest_request_is_learnt_once(most: int) -> None:
    clock = Clock()
    limit = RequestLimit()
    device = device_with(contents(203))
    device.most = most
    meter = await Meter.identify(device, limit=limit, clock=clock)
    await meter.read()
    assert limit.most == (most if most < 107 else MOST_REGISTERS)
    assert len(device.requests) < BEFORE_BLOCKS + 4 * (68 + 107) / most

    # Whatever follows, and another meter with this limit, sends no request that is refused.
    again = await Meter.identify(device, limit=limit, clock=clock)
    device.read_events.clear()
    for each in (meter, again):
        for _ in range(3):
            clock.now += FULL_READ_EVERY / 2
            await each.read()
    await Meter.identify(device, limit=limit)
    assert max(count for _, count in device.requests) <= most


@pytest.mark.parametrize(
    ("most", "fast", "full"),
    [(107, 1, 1), (106, 1, 4), (64, 1, 4), (56, 1, 4), (55, 4, 4), (50, 4, 6)],
)
async def test_no_more_requests_than_needed(most: int, fast: int, full: int) -> None:
    clock = Clock()
    meter, device = await limited(203, most, clock=clock)
    for pause, requests in ((5, fast), (FULL_READ_EVERY, full)):
        clock.now += pause
        device.read_events.clear()
        await meter.read()
        assert len(device.requests) == requests


@each_limit
async def test_no_number_is_torn_and_the_header_is_read_first_and_last(most: int) -> None:
    clock = Clock()
    meter, device = await limited(203, most, clock=clock)
    device.read_events.clear()
    await meter.read(whole=True)
    ends = {address + count - HEADER for address, count in device.requests}
    # The counters begin at these registers, and each has two; the events follow them.
    starts = {*range(38, 54, 2), *range(55, 71, 2), *range(72, 104, 2), 105}
    assert not ends & {start + 1 for start in starts}
    assert device.requests[0][0] == device.requests[-1][0] == HEADER


@pytest.mark.parametrize("most", [2, 3, 6])
async def test_the_header_is_alone_if_the_values_behind_it_are_torn(most: int) -> None:
    """It is read last, when a scale factor that was read before may be another already."""
    meter, device = await limited(203, most)
    device.read_events.clear()
    await meter.read()
    assert device.requests[0] == device.requests[-1] == (HEADER, 2)


async def test_a_limit_that_falls_is_learnt_again() -> None:
    meter, device = await limited(203, 100)
    device.most = 50
    assert (await meter.read(whole=True)).power.total == 1234
    device.read_events.clear()
    await meter.read(whole=True)
    assert max(count for _, count in device.requests) <= 50


@pytest.mark.parametrize("hole", [10, 40, 60, 106])
async def test_a_missing_register_is_no_limit(hole: int) -> None:
    device = device_with(contents(203))
    limit = RequestLimit()
    meter = await Meter.identify(device, limit=limit)
    device.fail_read(HEADER + hole, ModbusExceptionError.from_code(2))
    with pytest.raises(AddressRefusedError):
        await meter.read()
    assert limit.most == MOST_REGISTERS
    device.fail_read(HEADER + hole, None)
    assert (await meter.read()).power.total == 1234


async def test_one_refusal_is_no_limit() -> None:
    """A meter that restarts may refuse a request, and serve the same one a moment later."""
    device = device_with(contents(203))
    limit = RequestLimit()
    meter = await Meter.identify(device, limit=limit)
    device.faults.append(ModbusExceptionError.from_code(2))
    with pytest.raises(AddressRefusedError):
        await meter.read()
    assert limit.most == MOST_REGISTERS
    assert (await meter.read()).power.total == 1234


async def test_a_meter_that_falls_silent_meanwhile_teaches_nothing() -> None:
    device = device_with(contents(203))
    limit = RequestLimit()
    meter = await Meter.identify(device, limit=limit)
    device.most = 50
    silence = ModbusTimeoutError("no reply")
    device.faults.extend([None, None, silence, silence])
    with pytest.raises(MeterSilentError):
        await meter.read()
    assert limit.most == MOST_REGISTERS
    assert (await meter.read()).power.total == 1234
    assert limit.most == 50


async def test_a_lost_response_within_a_reading_is_requested_again() -> None:
    meter, device = await limited(203, 50)
    for at in range(1, 6):
        device.faults.extend([None] * at + [ModbusTimeoutError("no reply")])
        assert (await meter.read(whole=True)).power.total == 1234
        assert not device.faults


async def test_a_silent_meter_is_asked_for_one_piece_only() -> None:
    meter, device = await limited(203, 50)
    device.read_events.clear()
    device.fail_requests(ModbusTimeoutError("no reply"))
    with pytest.raises(MeterSilentError):
        await meter.read()
    assert len(device.requests) == 1


@pytest.mark.parametrize("at", [5, 40, 55])
async def test_an_identity_of_two_meters_is_none(at: int) -> None:
    """The serial number must not be put together from two that answer in turn."""

    class Swapped(Device):
        """Has another identity from the fourth long request on."""

        async def read_holding_registers(self, address: int, count: int) -> list[int]:
            if len([each for _, each in self.requests if each > 2]) == 3:
                self.put(40002 + at, [0x4142])
            return await super().read_holding_registers(address, count)

    device = Swapped({40000: sunspec_map(common(), contents(203))})
    device.most = 30
    with pytest.raises(MapChangedError):
        await Meter.identify(device, limit=RequestLimit(30))
