"""The doctor, against the faults of the simulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import Faults, MeterConfig, Simulator, SimulatorConfig, TcpConfig
from simulator.house import House, Tweak
from tests.command_line.program import Ended, run

EVENING = datetime(2026, 6, 1, 23, tzinfo=UTC)

LOADED = Tweak(load_factor=0.0, extra_watts=2400.0, sun=0.0)
"""A heater and nothing else"""
IDLE = Tweak(load_factor=0.0, sun=0.0)


@asynccontextmanager
async def panel(
    faults: Faults = Faults(),  # noqa: B008 - it is immutable
    tweaks: tuple[Tweak, Tweak, Tweak] = (LOADED, LOADED, LOADED),
    **meter: Any,
) -> AsyncIterator[Simulator]:
    """Run a meter in a house whose loads are known."""
    config = SimulatorConfig(meters=[MeterConfig(**meter)], tcp=[TcpConfig()], start=EVENING)
    async with Simulator(config) as simulator:
        (simulated,) = simulator.meters
        house = simulated.site.house
        simulator.set_house(simulated, House(seed=house.seed, phases=house.phases, tweaks=tweaks))
        simulated.set_faults(faults)
        yield simulator


async def examined(simulator: Simulator, *options: object) -> Ended:
    """Run the doctor on a meter, for one reading."""
    where = f"127.0.0.1:{simulator.tcp_port}"
    return await run("doctor", where, "--for", "100ms", "--json", *options)


def keys(ended: Ended, part: str) -> list[str]:
    """Return the keys of what was found, or of what was not judged."""
    return [each["key"] for each in ended.json[part]]


async def test_a_sound_installation() -> None:
    async with panel() as simulator:
        ended = await examined(simulator, "--ct-rating", 200)
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["found"] == []
    assert keys(ended, "not_judged") == ["power_sign"]
    assert "CT direction (A, B, C)" in ended.json["in_order"]
    assert ended.json["identity"]["serial_number"] == "S30700100"
    assert (ended.json["readings"], ended.json["failed"]) == (1, 0)


async def test_without_a_rating_the_current_is_not_judged() -> None:
    async with panel() as simulator:
        ended = await examined(simulator)
    assert "ct_rating_missing" in keys(ended, "not_judged")


@pytest.mark.parametrize("phase", "ABC")
async def test_a_reversed_ct(phase: str) -> None:
    async with panel(Faults(reversed_cts=phase)) as simulator:
        unsure = await examined(simulator)
        sure = await examined(simulator, "--no-feed-in")
    assert unsure.code == 0
    assert "phase_opposite" in keys(unsure, "not_judged")
    assert sure.code == 7
    (found,) = sure.json["found"]
    assert found["key"] == "phase_opposite"
    assert f"phase {phase} " in found["text"]
    assert found["title"] == "A current transformer of DTS 307 may be reversed"


async def test_a_meter_that_counts_export_as_positive() -> None:
    async with panel(Faults(negated=True)) as simulator:
        unsure = await examined(simulator, "--no-feed-in")
        sure = await examined(simulator, "--no-feed-in", "--invert")
    assert unsure.json["found"] == []
    assert "All power flows backwards" in str(unsure.json["not_judged"])
    assert sure.json["found"] == []
    assert "CT direction (A, B, C)" in sure.json["in_order"]
    assert "Power: positive is export, as --invert says" in sure.json["in_order"]


async def test_swapped_cts() -> None:
    async with panel(Faults(swapped_cts=True)) as simulator:
        ended = await examined(simulator)
    assert ended.code == 7
    (found,) = ended.json["found"]
    assert found["key"] == "phases_swapped"
    assert "phases A, B " in found["text"]
    assert not found["certain"]
    assert "CT direction (C)" in ended.json["in_order"]


async def test_an_open_voltage_lead() -> None:
    async with panel(Faults(open_leads="B")) as simulator:
        ended = await examined(simulator)
    assert keys(ended, "found") == ["current_without_voltage", "phase_lost"]
    assert ended.json["found"][1]["title"] == "No voltage on phase B"


async def test_too_little_current_is_said() -> None:
    async with panel(tweaks=(LOADED, IDLE, IDLE)) as simulator:
        ended = await examined(simulator)
    texts = [each["text"] for each in ended.json["not_judged"]]
    for phase in "BC":
        assert any(f"Phase {phase} carries too little current" in text for text in texts)
    assert "CT direction (A)" in ended.json["in_order"]


async def test_more_current_than_the_rating() -> None:
    async with panel() as simulator:
        ended = await examined(simulator, "--ct-rating", 5, "--ct-sets", 2)
    (found,) = ended.json["found"]
    assert found["key"] == "overload"
    assert "Phase A, Phase B, Phase C, All phases together: more than 10 A" in found["text"]


async def test_the_meter_reports_events() -> None:
    async with panel(ct_rating=10.0) as simulator:
        ended = await examined(simulator)
    (found,) = ended.json["found"]
    assert found["key"] == "meter_events"
    assert "overcurrent" in found["text"]


async def test_a_meter_that_measures_nothing() -> None:
    names = frozenset(
        f"{name}{suffix}"
        for name in ("A", "W", "VA", "VAR", "PF", "PhV")
        for suffix in ("", "phA", "phB", "phC")
    ) | {"Hz", "PPV", "PhVphAB", "PhVphBC", "PhVphCA"}
    async with panel(Faults(missing=names)) as simulator:
        ended = await examined(simulator)
    assert "no_values" in keys(ended, "found")


async def test_a_service_without_a_neutral() -> None:
    async with panel(model=204) as simulator:
        ended = await examined(simulator)
    assert ended.code == 0
    assert "ct_direction" in keys(ended, "not_judged")
    assert "Voltage: within 5 % of 208 V between lines" in ended.json["in_order"]


async def test_a_report_for_people() -> None:
    async with panel(Faults(swapped_cts=True)) as simulator:
        where = f"127.0.0.1:{simulator.tcp_port}"
        ended = await run("doctor", where, "--for", "100ms")
    assert ended.code == 7
    assert "\N{ESCAPE}" not in ended.out
    assert "1 reading, 0 failed" in ended.out
    assert "? The current transformers of DTS 307 are swapped" in ended.out
    assert "Not judged" in ended.out
    assert "✓ All phases have voltage" in ended.out
    assert all(line == line.rstrip() for line in ended.out.splitlines())


async def test_the_exit_code_and_the_report_of_a_dead_line() -> None:
    ended = await run("doctor", "/dev/no-such-port")
    assert ended.code == 7
    assert "/dev/no-such-port, unit 100: no reading" in ended.out
    assert "✗ The connection cannot be opened" in ended.out
    assert "In order" not in ended.out
