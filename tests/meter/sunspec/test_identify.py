"""Finding a meter and its identity on a device that answers properly."""

from modbus_connection import ModbusExceptionError, ModbusTimeoutError
from modbus_connection.model.sunspec import SunSpecModel
import pytest

from custom_components.dts307.meter import Identity, Meter
from custom_components.dts307.meter.sunspec import BASE_ADDRESSES
from tests.meter.device import Device, common, device_with, meter_with, reading_of, sunspec_map
from tests.meter.published import METER_MODELS, PHASES, encode

WYE = encode(203, W=1234, W_SF=0)
INVERTER = [103, 50, *[0] * 50]
MODEL_160 = [160, 128, *[0] * 128]


@pytest.mark.parametrize("model_id", METER_MODELS)
async def test_every_meter_model_is_recognised(model_id: int) -> None:
    meter, _ = await meter_with(encode(model_id, W=-700))
    assert meter.model.model_id == model_id
    assert meter.phases == PHASES[model_id]


@pytest.mark.parametrize("base_address", [40000, 50000, 0])
async def test_the_map_is_found_at_each_of_its_places(base_address: int) -> None:
    device = device_with(WYE, base_address=base_address)
    meter = await Meter.identify(device)
    assert meter.chain.base_address == base_address
    assert meter.identity.serial_number == "DTS201505001"
    assert (await meter.read()).power.total == 1234
    places = [address for address, count in device.requests if count == 2]
    tried = BASE_ADDRESSES.index(base_address) + 1
    assert places[:tried] == [40000, 50000, 0][:tried]


async def test_the_first_map_in_the_order_of_places_is_taken() -> None:
    device = Device({50000: sunspec_map(common(SN="second"), WYE)})
    device.put(40000, sunspec_map(common(SN="first"), WYE))
    assert (await Meter.identify(device)).identity.serial_number == "first"


@pytest.mark.parametrize("code", [1, 2, 3, 4, 8, 99, None])
async def test_a_place_that_is_refused_leads_to_the_next(code: int | None) -> None:
    device = device_with(WYE, base_address=0)
    device.fail_read(40000, ModbusExceptionError.from_code(code))
    device.put(50000, [0x5375, 0x6E54])
    meter = await Meter.identify(device)
    assert meter.chain.base_address == 0


async def test_the_chain_lists_the_models_with_their_addresses() -> None:
    device = Device({40000: sunspec_map(common(), INVERTER, MODEL_160, WYE)})
    meter = await Meter.identify(device)
    assert meter.chain.models == (
        SunSpecModel(model_id=1, address=40002, length=66),
        SunSpecModel(model_id=103, address=40070, length=50),
        SunSpecModel(model_id=160, address=40122, length=128),
        SunSpecModel(model_id=203, address=40252, length=105),
    )
    assert meter.model == meter.chain.models[-1]
    assert [meter.chain.follower(model) for model in meter.chain.models] == [103, 160, 203, 0xFFFF]


async def test_each_header_is_asked_for_once_and_then_the_identity() -> None:
    device = Device({40000: sunspec_map(common(), INVERTER, WYE)})
    await Meter.identify(device)
    headers = [(40002, 2), (40070, 2), (40122, 2), (40229, 2)]
    assert device.requests == [(40000, 2), *headers, (40002, 68)]


async def test_the_identity_is_the_one_right_before_the_meter_model() -> None:
    inverter, meter_behind = common(Md="Inverter", SN="A1"), common(Md="DTS 307", SN="B2")
    device = Device({40000: sunspec_map(inverter, INVERTER, meter_behind, WYE)})
    meter = await Meter.identify(device)
    assert (meter.identity.model, meter.identity.serial_number) == ("DTS 307", "B2")


async def test_an_identity_behind_the_meter_model_is_another_devices() -> None:
    device = Device({40000: sunspec_map(common(SN="A1"), WYE, common(SN="B2"), INVERTER)})
    assert (await Meter.identify(device)).identity.serial_number == "A1"


async def test_of_two_meters_the_first_is_taken() -> None:
    first, second = encode(203, W=1, W_SF=0), encode(204, W=2, W_SF=0)
    device = Device({40000: sunspec_map(common(SN="A1"), first, common(SN="B2"), second)})
    meter = await Meter.identify(device)
    assert (meter.model.model_id, meter.identity.serial_number) == (203, "A1")
    assert (await meter.read()).power.total == 1


@pytest.mark.parametrize(("length", "span"), [(0, 68), (65, 67)])
async def test_model_1_comes_with_and_without_its_pad_register(length: int, span: int) -> None:
    points = {"Mn": "MeasurLogic", "Md": "DTS SKT2", "Opt": "2S", "Vr": "1.07", "SN": "X9"}
    registers = encode(1, length=length, **points)
    assert len(registers) == span
    meter = await Meter.identify(Device({40000: sunspec_map(registers, WYE)}))
    assert meter.identity == Identity(
        manufacturer="MeasurLogic",
        model="DTS SKT2",
        options="2S",
        version="1.07",
        serial_number="X9",
    )
    assert (await meter.read()).power.total == 1234


@pytest.mark.parametrize("models", [[WYE], [[1, 64, *[0x4141] * 64], WYE]])
async def test_without_a_whole_model_1_there_is_a_meter_without_a_name(
    models: list[list[int]],
) -> None:
    meter = await Meter.identify(Device({40000: sunspec_map(*models)}))
    assert meter.identity == Identity()
    assert (await meter.read()).power.total == 1234


async def test_a_meter_model_may_be_longer_than_published() -> None:
    longer = [*WYE, 7, 8, 9]
    longer[1] += 3
    assert (await reading_of(longer)).power.total == 1234


async def test_the_map_may_end_in_the_very_last_registers() -> None:
    filler = 0x10000 - len(sunspec_map(WYE, WYE)) - 2
    device = Device({0: sunspec_map([103, filler, *[0] * filler], WYE, WYE)})
    assert max(device.holding) == 0xFFFF
    device.fail_read(40000, ModbusExceptionError.from_code(2))
    device.fail_read(50000, ModbusExceptionError.from_code(2))
    meter = await Meter.identify(device)
    assert (await meter.read()).power.total == 1234


async def test_a_lost_reply_at_any_request_of_the_search_is_forgiven() -> None:
    undisturbed = device_with(WYE)
    truth = await Meter.identify(undisturbed)
    for lost in range(len(undisturbed.requests)):
        device = device_with(WYE)
        device.faults.extend([None] * lost + [ModbusTimeoutError("no reply")])
        meter = await Meter.identify(device)
        assert (meter.identity, meter.chain) == (truth.identity, truth.chain)
