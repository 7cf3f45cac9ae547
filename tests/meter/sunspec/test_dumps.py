"""Believable register dumps of whole devices, and what a person would expect to read from them.

They are made up, after the services that the meter's guide lists and the traps that are known from
the field. Beside the expected readings, each has to obey the physics of its service.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from custom_components.dts307.meter import Identity, Meter, MeterEvent, Reading
from tests.meter.device import Clock, Device, values
from tests.meter.published import INTEGER_MODELS, QUANTITIES

SERVICES = ["wye_208_import", "wye_208_export", "split_phase_240", "delta_240", "wye_480_float"]
DUMPS = [*SERVICES, "single_phase_120"]

every_dump = pytest.mark.parametrize("name", DUMPS)


def load(name: str) -> dict[str, Any]:
    """Return a dump: its registers by address, and the readings they stand for."""
    dump: dict[str, Any] = json.loads(
        (Path(__file__).parent / "dumps" / f"{name}.json").read_text("utf-8")
    )
    dump["registers"] = {
        int(address): [int(word, 16) for line in lines for word in line.split()]
        for address, lines in dump["registers"].items()
    }
    return dump


async def meter_of(dump: dict[str, Any], clock: Clock | None = None) -> Meter:
    """Identify the meter in a dump."""
    return await Meter.identify(Device(dump["registers"]), clock=clock or Clock())


def check_values(reading: Reading, expected: dict[str, Any]) -> None:
    """Compare all values of a reading with what a dump says."""
    for name in QUANTITIES:
        assert values(getattr(reading, name)) == pytest.approx(expected[name], rel=1e-9), name
    assert reading.frequency == expected["frequency"]
    assert reading.events == MeterEvent(expected["events"])


@every_dump
async def test_the_meter_is_the_one_in_the_dump(name: str) -> None:
    dump = load(name)
    expected = dump["expected"]
    meter = await meter_of(dump)
    assert meter.chain.base_address == expected["base_address"]
    assert meter.model.model_id == expected["model"]
    assert meter.identity == Identity(**expected["identity"])


@every_dump
async def test_readings_are_those_in_the_dump(name: str) -> None:
    dump = load(name)
    clock = Clock()
    meter = await meter_of(dump, clock)
    for pause in (5, 5, 60):
        check_values(await meter.read(), dump["expected"])
        clock.now += pause


@every_dump
async def test_raw_registers_are_those_in_the_dump(name: str) -> None:
    dump = load(name)
    meter = await meter_of(dump)
    raw = await meter.read_raw(redacted=False)
    models = list(dump["registers"].items())[1:-1]  # without the marker and the end
    assert list(raw.items()) == models


@every_dump
async def test_voltages_and_frequency_are_in_their_band(name: str) -> None:
    dump = load(name)
    reading = await (await meter_of(dump)).read()
    assert reading.frequency == pytest.approx(60, abs=0.1)
    nominal = dump["nominal"]
    for quantity, volts in (
        (reading.voltage_line_to_neutral, nominal.get("line_to_neutral")),
        (reading.voltage_line_to_line, nominal.get("line_to_line")),
    ):
        seen = [value for value in values(quantity) if value is not None]
        assert seen == pytest.approx([volts] * len(seen), rel=0.05)
        assert bool(seen) == (volts is not None)


@every_dump
async def test_active_power_is_within_apparent_power(name: str) -> None:
    reading = await (await meter_of(load(name))).read()
    compared = 0
    for watts, volt_amperes, reactive, factor in zip(
        values(reading.power),
        values(reading.apparent_power),
        values(reading.reactive_power),
        values(reading.power_factor),
        strict=True,
    ):
        if watts is None or volt_amperes is None or reactive is None or factor is None:
            continue
        compared += 1
        assert abs(watts) <= volt_amperes * 1.01
        assert abs(reactive) <= volt_amperes * 1.01
        assert factor == pytest.approx(watts / volt_amperes, abs=0.011)
    assert compared >= 1


@pytest.mark.parametrize("name", SERVICES)
async def test_apparent_power_is_voltage_times_current(name: str) -> None:
    reading = await (await meter_of(load(name))).read()
    line_voltage = reading.voltage_line_to_line.total
    assert reading.current.total is not None
    assert reading.apparent_power.total is not None
    for volts, amperes, volt_amperes in zip(
        values(reading.voltage_line_to_neutral)[1:],
        values(reading.current)[1:],
        values(reading.apparent_power)[1:],
        strict=True,
    ):
        if volts is not None and amperes is not None:
            assert volt_amperes == pytest.approx(volts * amperes, rel=0.01)
    if reading.voltage_line_to_neutral.total is None:
        assert line_voltage is not None
        volt_amperes = line_voltage * reading.current.total / math.sqrt(3)
        assert reading.apparent_power.total == pytest.approx(volt_amperes, rel=0.01)


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("wye_208_import", math.sqrt(3)),
        ("wye_208_export", math.sqrt(3)),
        ("wye_480_float", math.sqrt(3)),
        ("split_phase_240", 2),
    ],
)
async def test_voltages_fit_the_service(name: str, ratio: float) -> None:
    reading = await (await meter_of(load(name))).read()
    assert reading.voltage_line_to_line.total is not None
    assert reading.voltage_line_to_neutral.total is not None
    seen = reading.voltage_line_to_line.total / reading.voltage_line_to_neutral.total
    assert seen == pytest.approx(ratio, rel=0.01)


@every_dump
async def test_totals_are_near_the_sum_of_their_phases(name: str) -> None:
    reading = await (await meter_of(load(name))).read()
    summed = [name for name in QUANTITIES if "voltage" not in name and name != "power_factor"]
    for quantity in summed:
        total, *phases = values(getattr(reading, quantity))
        known = [phase for phase in phases if phase is not None]
        if total is not None and known:
            step = 15 if "power" in quantity else 1
            assert sum(known) == pytest.approx(total, rel=0.005, abs=step), quantity


@every_dump
async def test_energies_never_run_below_zero(name: str) -> None:
    reading = await (await meter_of(load(name))).read()
    assert reading.energy_imported.total is not None
    assert reading.energy_exported.total is not None
    assert reading.energy_net == reading.energy_imported.total - reading.energy_exported.total
    for quantity in QUANTITIES:
        if "energy" in quantity:
            assert all(value is None or value >= 0 for value in values(getattr(reading, quantity)))


def test_the_dumps_are_of_both_kinds_and_of_every_service() -> None:
    files = {path.stem for path in (Path(__file__).parent / "dumps").glob("*.json")}
    assert files == set(DUMPS)
    models = {load(name)["expected"]["model"] for name in DUMPS}
    assert models >= set(INTEGER_MODELS)
    assert 213 in models
