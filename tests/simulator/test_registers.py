"""The register image against the SunSpec models that pysunspec2 ships."""

from dataclasses import replace
import math
import struct
from typing import Any

import pytest
from sunspec2.device import get_model_def

from simulator import MeterConfig, Role, Tweak
from simulator.house import House
from simulator.meter import Meter, Site
from simulator.registers import MODELS, layout, value_points

from .conftest import NOON
from .sunspec import decoded, scanned

ALL_MODELS = sorted(MODELS)
ENERGY = 1_234_567
AS_IT_IS = (Tweak(), Tweak(), Tweak())


def published(model: int) -> list[dict[str, Any]]:
    """Return the points of a model as SunSpec publishes them, with those of the header."""
    points: list[dict[str, Any]] = get_model_def(model)["group"]["points"]
    return points


def make_meter(tweaks: tuple[Tweak, Tweak, Tweak] = AS_IT_IS, **config: Any) -> Meter:
    """A meter that has counted for an hour, with every counter away from zero."""
    meter = MeterConfig(**config)
    house = House(phases=len(meter.wiring.phases), inverter_phases=1, tweaks=tweaks)
    names = [n for n in value_points(meter.model) if n.startswith("Tot")]
    absent = {name[-1] for name in names if name[-3:-1] in {"Ph", "ph"}} - set(meter.wiring.phases)
    starts = {n: ENERGY + i for i, n in enumerate(names) if n[-1] not in absent}
    config["counters"] = starts
    hung = Meter(MeterConfig(**config), Site(house), int(NOON.timestamp()))
    for _ in range(12):
        hung.advance(300)
    return hung


@pytest.mark.parametrize("model", ALL_MODELS)
def test_the_layout_is_that_of_sunspec(model: int) -> None:
    points = published(model)[2:]
    offset, ours = 0, []
    sizes = {"int16": 1, "sunssf": 1, "float32": 2, "acc32": 2, "bitfield32": 2}
    for point in layout(model):
        ours.append((point.name, point.kind, offset))
        offset += sizes[point.kind]
    theirs, at = [], 0
    for published_point in points:
        theirs.append((published_point["name"], published_point["type"], at))
        at += published_point["size"]
    assert ours == theirs
    assert offset == (105 if model < 210 else 124)


@pytest.mark.parametrize("model", ALL_MODELS)
def test_points_share_the_scale_factor_that_sunspec_gives_them(model: int) -> None:
    factors = {p["name"]: p.get("sf") for p in published(model)}
    for point in layout(model):
        if point.kind in {"int16", "acc32"}:
            assert factors[point.name] == f"{point.group}_SF"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("model", ALL_MODELS)
def test_truth_is_what_pysunspec2_decodes(model: int, role: Role) -> None:
    meter = make_meter(model=model, role=role)
    device = scanned(meter.image().registers)
    assert [m for m in device.models if isinstance(m, int)] == [1, model]
    assert not device.models[model][0].error_info
    read, truth = decoded(device, model), meter.truth()
    assert read.keys() == truth.keys() == value_points(model)
    for name, value in truth.items():
        if value is None:
            # pysunspec2 reads an accumulator that is not implemented as the 0 that it holds.
            assert read[name] is None or (read[name] == 0 and name.startswith("Tot")), name
        else:
            assert read[name] == pytest.approx(value, rel=1e-12), name
    assert any(value for name, value in truth.items() if name.startswith("Tot"))


@pytest.mark.parametrize("model", ALL_MODELS)
def test_every_mandatory_point_is_there(model: int) -> None:
    truth = make_meter(model=model).truth()
    for point in published(model):
        if (model, point["name"]) == (202, "AphC"):
            continue  # SunSpec lists a third phase's current as mandatory for a split service.
        if point.get("mandatory") == "M" and point["name"] in truth:
            assert truth[point["name"]] is not None, point["name"]


@pytest.mark.parametrize("model", ALL_MODELS)
def test_only_what_the_service_has_is_there(model: int) -> None:
    truth, phases = make_meter(model=model).truth(), MODELS[model].phases
    for phase in "ABC":
        assert (truth[f"Wph{phase}"] is not None) == (phase in phases)
        assert (truth[f"TotWhImpPh{phase}"] is not None) == (phase in phases)
        voltage = phase in phases and MODELS[model].neutral
        assert (truth[f"PhVph{phase}"] is not None) == voltage
    assert (truth["PPV"] is not None) == (len(phases) > 1)


def test_identity() -> None:
    meter = make_meter(model=203, serial="S-1", unit=7, version="3.14")
    common = scanned(meter.image().registers).models[1][0].points
    names = ("Mn", "Md", "Vr", "SN", "DA")
    assert [common[name].value for name in names] == ["Measurlogic", "DTS 307", "3.14", "S-1", 7]
    named = make_meter(model=203, product="DTS SKT2")
    assert scanned(named.image().registers).models[1][0].points["Md"].value == "DTS SKT2"
    single = make_meter(model=211)
    assert scanned(single.image().registers).models[1][0].points["Md"].value == "DTS 307/1"


@pytest.mark.parametrize(("length", "meter_at"), [(66, 70), (65, 69)])
def test_the_identity_may_be_65_long(length: int, meter_at: int) -> None:
    registers = make_meter(model=203, identity_length=length).image().registers
    assert registers[2:4] == (1, length)
    assert registers[meter_at : meter_at + 2] == (203, 105)
    assert registers[-2:] == (0xFFFF, 0)
    assert len(registers) == meter_at + 107 + 2


@pytest.mark.parametrize("model", ALL_MODELS)
def test_points_can_be_missing(model: int) -> None:
    meter = make_meter(model=model, missing=frozenset({"A", "Hz", "PF", "Evt"}))
    read = decoded(scanned(meter.image().registers), model)
    for name in ("A", "Hz", "PF", "Evt"):
        assert meter.truth()[name] is None
        assert read[name] is None
    assert read["W"] == meter.truth()["W"]
    for name in ("A", "Hz", "PF"):
        # What is missing as a value is still measured: the LEDs and counters need it.
        assert meter.measurement.values[name] is not None


def test_a_group_that_is_missing_has_no_scale_factor() -> None:
    names = frozenset(n for n in value_points(203) if n.startswith("TotVAh"))
    registers = make_meter(model=203, missing=names).image().registers
    factors = scanned(registers).models[203][0].points
    assert factors["TotVAh_SF"].value is None
    assert factors["TotWh_SF"].value == 0


def test_unused_counters_may_hold_something_else() -> None:
    meter = make_meter(model=201, empty_counter=0x80000000)
    points = scanned(meter.image().registers).models[201][0].points
    assert points["TotWhImpPhB"].value == 0x80000000
    assert meter.truth()["TotWhImpPhB"] is None


@pytest.mark.parametrize("watts", [0, 5_000, 33_000, 99_000])
@pytest.mark.parametrize("model", ALL_MODELS)
def test_no_load_overflows(model: int, watts: int) -> None:
    heavy = Tweak(extra_watts=watts, sun=0)
    meter = make_meter(tweaks=(heavy, heavy, heavy), model=model)
    total = meter.truth()["W"]
    assert total == pytest.approx(watts * len(meter.config.wiring.phases), abs=15_000)
    assert decoded(scanned(meter.image().registers), model)["W"] == total


def test_resolution_is_fine_at_a_house() -> None:
    factors = scanned(make_meter(model=203).image().registers).models[203][0].points
    wanted = {"A": -2, "V": -1, "Hz": -2, "W": 0, "VA": 0, "VAR": 0, "PF": -1}
    wanted |= {"TotWh": 0, "TotVAh": 0, "TotVArh": 0}
    assert {name: factors[f"{name}_SF"].value for name in wanted} == wanted


def test_totals_are_the_net_of_the_phases() -> None:
    truth = make_meter(model=203, tweaks=(Tweak(sun=1), Tweak(), Tweak())).truth()
    assert truth["WphA"] < 0 < truth["WphB"]
    assert truth["W"] == truth["WphA"] + truth["WphB"] + truth["WphC"]
    assert truth["VA"] == pytest.approx(math.hypot(truth["W"], truth["VAR"]), abs=1)
    assert truth["PFphA"] < 0 < truth["PFphB"]


def test_line_voltages_follow_the_service() -> None:
    wye, split = make_meter(model=203).truth(), make_meter(model=202).truth()
    assert wye["PhVphAB"] == pytest.approx(math.sqrt(3) * wye["PhV"], rel=0.01)
    assert split["PhVphAB"] == pytest.approx(split["PhVphA"] + split["PhVphB"], abs=0.11)


def test_events_tell_what_is_wrong() -> None:
    calm = make_meter(model=203).truth()
    assert calm["Evt"] == 0
    heavy = Tweak(extra_watts=40_000, sun=0)
    strained = make_meter(model=203, tweaks=(heavy, Tweak(), Tweak()), ct_rating=100.0).truth()
    under_voltage, over_current = 1 << 3, 1 << 5
    assert strained["Evt"] == under_voltage | over_current
    house = House(phases=1, solar_peak=60_000, tweaks=(Tweak(sun=1), Tweak(), Tweak()))
    config = MeterConfig(model=201, ct_rating=1000)
    over_voltage = 1 << 6
    assert Meter(config, Site(house), int(NOON.timestamp())).truth()["Evt"] == over_voltage


def test_a_loaded_phase_with_little_real_power_is_an_event() -> None:
    # The sun takes the watts of the load off the grid, and leaves it the vars.
    house = House(phases=1, tweaks=(Tweak(load_factor=10), Tweak(), Tweak()))
    evening = int(NOON.timestamp()) + 8 * 3600
    load = house.at(evening).phases[0]
    site = Site(replace(house, solar_peak=10 * load.load_w).tweaked({"A": {"sun": 0.1}}))
    low_pf = 1 << 4
    assert Meter(MeterConfig(model=201), site, evening).truth()["Evt"] & low_pf


def test_the_image_is_bytes_in_network_order() -> None:
    meter = make_meter(model=213)
    registers = meter.image().registers
    assert struct.pack(">2H", *registers[:2]) == b"SunS"
    at = 70 + 2 + 2 * [p.name for p in layout(213)].index("W")
    (watts,) = struct.unpack(">f", struct.pack(">2H", *registers[at : at + 2]))
    assert watts == meter.truth()["W"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": 205},
        {"unit": 0},
        {"unit": 248},
        {"base": 1},
        {"identity_length": 64},
        {"missing": frozenset({"Wat"})},
        {"model": 203, "missing": frozenset({"PPVphAB"})},
        {"ct_sets": 4},
        {"ct_rating": 0},
        {"days_in_service": -1},
        {"serial": "x" * 33},
    ],
)
def test_impossible_meters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        MeterConfig(**wrong)


def test_an_unknown_model_has_no_layout() -> None:
    with pytest.raises(ValueError, match="205"):
        layout(205)


def test_what_is_missing_in_total_may_be_there_by_phase() -> None:
    meter = make_meter(model=203, missing=frozenset({"W"}))
    read = decoded(scanned(meter.image().registers), 203)
    assert read["W"] is None
    assert read["WphA"] == meter.truth()["WphA"] == make_meter(model=203).truth()["WphA"]
