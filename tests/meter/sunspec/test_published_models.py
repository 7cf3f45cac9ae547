"""Every field the library declares, against the models that the SunSpec Alliance publishes."""

from modbus_connection.model.fields import FloatField, NumberField, RegisterField, StringField
from modbus_connection.model.sunspec import SunSpecComponent
import pytest

from custom_components.dts307.meter import MeterEvent
from custom_components.dts307.meter.sunspec.common import COMMON_LENGTH, Common, PaddedCommon
from custom_components.dts307.meter.sunspec.models import (
    EVENTS_POINT,
    FAST_BLOCKS,
    LAYOUTS,
    PHASE_COUNTS as DECLARED_PHASES,
    SLOW_BLOCKS,
)
from tests.meter.published import (
    FLOAT_MODELS,
    INTEGER_MODELS,
    METER_MODELS,
    PHASES,
    QUANTITIES,
    SLOW_QUANTITIES,
    Point,
    canonical,
    published_points,
)

HEADER = {"model_id": "ID", "model_length": "L"}
EVENTS = canonical(EVENTS_POINT)
NOT_IMPLEMENTED_SCALE = -0x8000

SENTINELS = {
    "int16": frozenset({0x8000}),
    "sunssf": frozenset({0x8000}),
    "uint16": frozenset({0xFFFF}),
    "bitfield32": frozenset({0xFFFF_FFFF}),
    # 0 would be the published one; see the comment in models.py on why it is a reading here.
    "acc32": frozenset({0x8000_0000, 0xFFFF_FFFF}),
}
SIGNED = {"int16": True, "sunssf": True, "uint16": False, "bitfield32": False, "acc32": False}

every_model = pytest.mark.parametrize("model_id", METER_MODELS)
every_integer_model = pytest.mark.parametrize("model_id", INTEGER_MODELS)


def declared(component: type[SunSpecComponent]) -> dict[str, RegisterField[object]]:
    """Return a component's fields by the canonical names of their points."""
    names = component.declared_fields
    return {canonical(HEADER.get(name, name)): getattr(component, name) for name in names}


def in_register_order(fields: dict[str, RegisterField[object]]) -> list[str]:
    """Return the names of fields by address."""
    return sorted(fields, key=lambda name: fields[name].address)


def check_encoding(field: RegisterField[object], point: Point) -> None:
    """Hold a field's place, width and interpretation against its published point."""
    assert (field.address, field.count) == (point.address, point.size), point
    match point.type:
        case "float32":
            assert type(field) is FloatField
            assert (field.scale, field.offset, field.word_order) == (1, 0, "big")
        case "string":
            assert type(field) is StringField
        case _:
            assert isinstance(field, NumberField)
            assert field.signed is SIGNED[point.type], point
            assert field.nan == SENTINELS[point.type], point
            assert (field.scale, field.offset, field.word_order) == (1, 0, "big")


@every_model
def test_a_full_read_holds_every_point_of_the_model(model_id: int) -> None:
    points = list(published_points(model_id))
    if LAYOUTS[model_id].events_address is not None:
        points.remove(EVENTS)
    assert in_register_order(declared(LAYOUTS[model_id].full)) == points


@every_model
def test_a_fast_read_holds_every_point_up_to_the_energy_counters(model_id: int) -> None:
    points = list(published_points(model_id))
    last = "totwh_sf" if model_id in INTEGER_MODELS else "totwhimpphc"
    head = points[: points.index(last) + 1]
    assert in_register_order(declared(LAYOUTS[model_id].fast)) == head


@every_model
@pytest.mark.parametrize("span", ["fast", "full"])
def test_fields_lie_where_their_points_are_published(model_id: int, span: str) -> None:
    for name, field in declared(getattr(LAYOUTS[model_id], span)).items():
        check_encoding(field, published_points(model_id)[name])


@every_model
@pytest.mark.parametrize("span", ["fast", "full"])
def test_fields_take_the_published_scale_factor(model_id: int, span: str) -> None:
    points = published_points(model_id)
    for name, field in declared(getattr(LAYOUTS[model_id], span)).items():
        scale_point = points[name].scale_point
        if scale_point is None:
            assert field.scale_register is None, name
        else:
            assert field.scale_register == points[canonical(scale_point)].address, name
            assert isinstance(field, NumberField)
            assert field.scale_exponent_range == (-10, 10)


@every_integer_model
@pytest.mark.parametrize("span", ["fast", "full"])
def test_only_an_optional_scale_factor_may_be_missing(model_id: int, span: str) -> None:
    points = published_points(model_id)
    fields = declared(getattr(LAYOUTS[model_id], span))
    scale_points = {name: points[name].scale_point for name in fields}
    scaled = {name: canonical(scale) for name, scale in scale_points.items() if scale}
    assert {points[scale].mandatory for scale in scaled.values()} == {True, False}
    for name, scale in scaled.items():
        words = [123] if points[name].size == 1 else [0, 123]
        whole_units = None if points[scale].mandatory else 123
        assert fields[name].decode(words, NOT_IMPLEMENTED_SCALE) == whole_units, name


@every_model
@pytest.mark.parametrize("span", ["fast", "full"])
def test_fields_carry_the_published_unit(model_id: int, span: str) -> None:
    for name, field in declared(getattr(LAYOUTS[model_id], span)).items():
        assert field.unit == published_points(model_id)[name].unit, name


@every_model
def test_the_table_of_quantities_names_each_point_once(model_id: int) -> None:
    tabled = [
        canonical(point)
        for block in FAST_BLOCKS + SLOW_BLOCKS
        for quantity in block.quantities
        for point in quantity.points
    ]
    measured = [
        name
        for name, point in published_points(model_id).items()
        if point.type in {"int16", "acc32", "float32"}
    ]
    assert tabled == measured


def test_quantities_gather_the_points_that_belong_together() -> None:
    tabled = {
        quantity.name: tuple(map(canonical, quantity.points))
        for block in FAST_BLOCKS + SLOW_BLOCKS
        for quantity in block.quantities
    }
    published = {name: tuple(map(canonical, points)) for name, points in QUANTITIES.items()}
    assert tabled == published | {"frequency": ("hz",)}
    slow = {quantity.name for block in SLOW_BLOCKS for quantity in block.quantities}
    assert slow == SLOW_QUANTITIES


@every_model
def test_a_meter_model_must_have_its_published_length(model_id: int) -> None:
    size = sum(point.size for point in published_points(model_id).values())
    assert LAYOUTS[model_id].length == size - 2


def test_exactly_the_published_meter_models_are_known() -> None:
    assert tuple(LAYOUTS) == METER_MODELS
    assert DECLARED_PHASES == PHASES


@pytest.mark.parametrize("model_id", FLOAT_MODELS)
def test_event_flags_of_float_models_are_read_at_their_published_place(model_id: int) -> None:
    assert LAYOUTS[model_id].events_address == published_points(model_id)[EVENTS].address


@every_model
def test_event_flags_have_their_published_bits(model_id: int) -> None:
    published = {
        name.removeprefix("M_EVENT_").upper().replace("LOW_PF", "LOW_POWER_FACTOR"): 1 << bit
        for name, bit in published_points(model_id)[EVENTS].symbols
        if "Reserved" not in name and "OEM" not in name
    }
    assert {event.name: event.value for event in MeterEvent} == published


def test_the_identity_lies_where_model_1_is_published() -> None:
    fields = declared(Common)
    assert set(fields) == {"id", "l", "mn", "md", "opt", "vr", "sn", "da"}
    for name, field in fields.items():
        check_encoding(field, published_points(1)[name])


def test_model_1_is_accepted_with_and_without_its_pad_register() -> None:
    points = published_points(1)
    assert points["pad"].address - 2 == COMMON_LENGTH
    padded = declared(PaddedCommon)
    assert padded.pop("pad").address == points["pad"].address
    assert padded.keys() == declared(Common).keys()
    assert sum(point.size for point in points.values()) - 2 == COMMON_LENGTH + 1
