"""Everything that can keep a meter from being identified, and that it works once that is over."""

from typing import override

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

from custom_components.dts307.meter import (
    EndlessChainError,
    GarbledReplyError,
    LinkDownError,
    MapChangedError,
    Meter,
    MeterBusyError,
    MeterError,
    MeterSilentError,
    NoMeterModelError,
    NotSunSpecError,
    ReadRefusedError,
)
from custom_components.dts307.meter.errors import (
    DeviceFailureError,
    HostUnreachableError,
    LinkLostError,
)
from tests.meter.device import END, MARKER, Device, common, device_with, sunspec_map
from tests.meter.published import encode

WYE = encode(203, W=1234, W_SF=0)
SOME_MODEL = [64000, 1, 0]
FIRST_HEADER = 40002
METER_HEADER = 40070
MAP_END = 40177

SILENCE = ModbusTimeoutError("no reply within 1 s")
FAILURE = ModbusExceptionError.from_code(4)
"""What some gateways make of a response that a crackle on the line has damaged."""
TRANSIENT = [
    (SILENCE, MeterSilentError),
    (ModbusExceptionError.from_code(10), MeterSilentError),
    (ModbusExceptionError.from_code(11), MeterSilentError),
    (ModbusProtocolError("bad checksum"), GarbledReplyError),
    (ModbusDesyncError("another transaction"), GarbledReplyError),
    (ModbusError("a frame of another kind"), GarbledReplyError),
]
PERSISTENT = [
    (ModbusExceptionError.from_code(5), MeterBusyError),
    (ModbusExceptionError.from_code(6), MeterBusyError),
    (ModbusConnectionError("connection reset"), LinkLostError),
    (ClientClosedError("closed"), LinkLostError),
]


async def check_recovery(device: Device) -> None:
    """Assert that nothing is left of what went wrong."""
    meter = await Meter.identify(device)
    assert meter.identity.serial_number == "DTS201505001"
    assert (await meter.read()).power.total == 1234


@pytest.mark.parametrize(("fault", "error"), [*TRANSIENT, (FAILURE, DeviceFailureError)])
@pytest.mark.parametrize("at", range(5))
async def test_one_disturbed_reply_is_forgiven_and_two_are_not(
    fault: ModbusError, error: type[MeterError], at: int
) -> None:
    device = device_with(WYE)
    device.faults.extend([None] * at + [fault])
    await check_recovery(device)

    device.faults.extend([None] * at + [fault, fault])
    with pytest.raises(error):
        await Meter.identify(device)
    await check_recovery(device)


@pytest.mark.parametrize(("fault", "error"), PERSISTENT)
@pytest.mark.parametrize("at", range(5))
async def test_what_a_second_try_does_not_mend_is_told_at_once(
    fault: ModbusError, error: type[MeterError], at: int
) -> None:
    device = device_with(WYE)
    device.faults.extend([None] * at + [fault])
    with pytest.raises(error):
        await Meter.identify(device)
    assert len(device.requests) == at + 1
    await check_recovery(device)


@pytest.mark.parametrize(("fault", "error"), TRANSIENT + PERSISTENT)
async def test_a_device_that_keeps_failing_is_not_asked_for_long(
    fault: ModbusError, error: type[MeterError]
) -> None:
    device = device_with(WYE)
    device.fail_requests(fault)
    with pytest.raises(error, match=str(fault)) as raised:
        await Meter.identify(device)
    assert type(raised.value) is error
    assert raised.value.__cause__ is fault
    assert len(device.requests) <= 2
    device.fail_requests(None)
    await check_recovery(device)


async def test_a_timeout_while_the_link_is_down_is_the_links_failure() -> None:
    device = device_with(WYE)
    await check_recovery(device)
    device.link.cut(ModbusTimeoutError("could not connect to 192.168.1.150"))
    with pytest.raises(HostUnreachableError, match=r"192\.168\.1\.150"):
        await Meter.identify(device)
    device.link.down = None
    await check_recovery(device)


async def test_a_port_that_cannot_be_opened_is_the_links_failure() -> None:
    device = device_with(WYE)
    device.link.down = ModbusConnectionError("could not open serial port")
    with pytest.raises(LinkDownError, match="could not open serial port"):
        await Meter.identify(device)
    device.link.down = None
    await check_recovery(device)


@pytest.mark.parametrize("blocks", [{}, {0: [0] * 4, 40000: [1, 2, 3], 50000: [0x6E53, 0x5375]}])
async def test_a_device_without_the_marker_is_no_sunspec_device(
    blocks: dict[int, list[int]],
) -> None:
    device = Device(blocks)
    with pytest.raises(NotSunSpecError):
        await Meter.identify(device)
    assert device.requests == [(40000, 2), (50000, 2), (0, 2)]
    device.put(40000, sunspec_map(common(), WYE))
    await check_recovery(device)


async def test_zeros_behind_the_models_are_no_end() -> None:
    device = Device({40000: sunspec_map(common(), WYE, end=[0] * 200)})
    with pytest.raises(EndlessChainError, match=str(MAP_END)):
        await Meter.identify(device)
    assert len(device.requests) == 4
    device.put(MAP_END, END)
    await check_recovery(device)


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_a_map_that_breaks_off_has_no_end(code: int) -> None:
    device = device_with(WYE)
    device.fail_read(MAP_END, ModbusExceptionError.from_code(code))
    with pytest.raises(EndlessChainError, match=str(MAP_END)):
        await Meter.identify(device)
    device.fail_read(MAP_END, None)
    await check_recovery(device)


async def test_requests_that_keep_failing_say_nothing_about_the_map() -> None:
    """They do not say that registers do not exist, so there is no verdict on the map."""
    device = device_with(WYE)
    device.fail_requests(FAILURE)
    with pytest.raises(DeviceFailureError):
        await Meter.identify(device)
    device.fail_requests(None)
    device.fail_read(MAP_END, FAILURE)
    with pytest.raises(DeviceFailureError):
        await Meter.identify(device)
    device.fail_read(MAP_END, None)
    await check_recovery(device)


@pytest.mark.parametrize("at", [FIRST_HEADER, METER_HEADER, MAP_END])
async def test_the_answer_to_the_request_before_is_no_header(at: int) -> None:
    """A gateway that is one answer behind gives the marker for the first header."""
    device = device_with(WYE)
    device.put(at, MARKER)
    with pytest.raises(GarbledReplyError):
        await Meter.identify(device)
    device.put(40000, sunspec_map(common(), WYE))
    await check_recovery(device)


@pytest.mark.parametrize("extra", [62, 500])
async def test_a_map_of_more_models_than_any_meter_has_is_given_up(extra: int) -> None:
    device = Device({40000: sunspec_map(common(), WYE, *[SOME_MODEL] * extra)})
    with pytest.raises(EndlessChainError):
        await Meter.identify(device)
    assert len(device.requests) == 1 + 64
    device.put(40000, sunspec_map(common(), WYE, *[SOME_MODEL] * 61))
    await check_recovery(device)


@pytest.mark.parametrize("beyond", [0, 1, 2, 1000, 0xFFFF - 40180])
async def test_a_map_cannot_go_on_beyond_the_last_register(beyond: int) -> None:
    reach = 0xFFFF - (MAP_END + 2)  # the next header would begin at register 65535
    device = Device({40000: sunspec_map(common(), WYE, end=[SOME_MODEL[0], reach + beyond])})
    with pytest.raises(EndlessChainError):
        await Meter.identify(device)
    device.put(MAP_END, END)
    await check_recovery(device)


@pytest.mark.parametrize(
    ("models", "found"),
    [
        ([], "none"),
        ([common()], "1"),
        ([common(), [103, 2, 0, 0], [160, 1, 0]], "1, 103, 160"),
        ([common(), [203, 104, *[0] * 104]], "1, 203"),
        ([common(), [213, 123, *[0] * 123]], "1, 213"),
        ([common(), [220, 105, *[0] * 105]], "1, 220"),
    ],
)
async def test_a_map_without_a_whole_meter_model_has_no_meter(
    models: list[list[int]], found: str
) -> None:
    device = Device({40000: sunspec_map(*models)})
    with pytest.raises(NoMeterModelError, match=f": {found}$"):
        await Meter.identify(device)
    device.put(40000, sunspec_map(common(), WYE))
    await check_recovery(device)


@pytest.mark.parametrize("model_id", [201, 211])
async def test_a_meter_model_that_is_too_short_leaves_the_next_a_chance(model_id: int) -> None:
    device = Device({40000: sunspec_map(common(), [model_id, 9, *[0] * 9], WYE)})
    await check_recovery(device)


async def test_an_identity_that_is_refused_is_told() -> None:
    device = device_with(WYE)
    device.fail_read(FIRST_HEADER + 10, ModbusExceptionError.from_code(2))
    with pytest.raises(ReadRefusedError):
        await Meter.identify(device)
    device.fail_read(FIRST_HEADER + 10, None)
    await check_recovery(device)


async def test_another_models_reply_is_not_taken_for_the_identity() -> None:
    moved = common()
    moved[1] = 65

    class Restless(Device):
        """Changes its map once the chain has been walked."""

        @override
        async def read_holding_registers(self, address: int, count: int) -> list[int]:
            if count > 2:
                self.put(FIRST_HEADER, moved)
            return await super().read_holding_registers(address, count)

    device = Restless({40000: sunspec_map(common(), WYE)})
    with pytest.raises(MapChangedError):
        await Meter.identify(device)
    moved[:] = common()
    device.put(FIRST_HEADER, moved)
    await check_recovery(device)


def test_every_error_has_a_reason_of_its_own() -> None:
    errors = MeterError.__subclasses__()
    assert len({error.reason for error in errors}) == len(errors) == 11
