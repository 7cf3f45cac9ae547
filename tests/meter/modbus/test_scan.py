"""A scan probes in the right order, and no more than it has to."""

import hypothesis
from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter import LinkDownError, NotSunSpecError
from custom_components.dts307.meter.modbus import (
    SCAN_RANGE,
    BusScan,
    Probe,
    ScanRange,
    ScanResult,
    ScanStage,
    ScanTiming,
    network_passes,
    serial_passes,
)
from tests.meter.modbus.scanned import SETTINGS, Devices

FACTORY = 100
UNIT_IDS = SCAN_RANGE.unit_ids
unit_ids = st.integers(1, 247)
settings = st.sampled_from(SETTINGS)


async def found(
    devices: Devices,
    *,
    thorough: bool = False,
    everything: bool = False,
    only_one: bool = False,
    unit_id: int = FACTORY,
) -> list[ScanResult[str]]:
    """Scan, and check that each stage makes progress and no unit is probed twice."""
    probes: list[Probe[str]] = []
    scan = BusScan(
        devices,
        tuple(serial_passes(SETTINGS, [unit_id])),
        is_wanted=lambda result: result.identity is not None,
        on_probe=probes.append,
        thorough=thorough,
        everything=everything,
        only_one=only_one,
    )
    results = []
    async for result in scan.run():
        assert not devices.is_open
        results.append(result)
    assert not devices.is_open
    once_more = [each for each in set(devices.probed) if devices.probed.count(each) > 1]
    assert len(devices.probed) == len(set(devices.probed)) + len(once_more)
    assert {probed for _, probed in once_more} <= {unit_id}
    assert [(each.settings, each.unit_id) for each in probes] == devices.probed
    assert all(0 <= each.progress <= 1 for each in probes)
    for stage in (ScanStage.UNIT_IDS, ScanStage.EVERYTHING):
        progress = [each.progress for each in probes if each.stage is stage]
        if not results:
            assert progress == sorted(progress)
    return results


def places(results: list[ScanResult[str]]) -> list[tuple[str, int]]:
    """Return where the meters were found."""
    return [(each.settings, each.unit_id) for each in results if each.identity]


async def test_a_new_meter_is_found_with_the_first_probe() -> None:
    devices = Devices("a", {FACTORY: "1"})
    assert places(await found(devices)) == [("a", FACTORY)]
    assert devices.probed[0] == ("a", FACTORY)
    # Then only those that may follow in the same panel.
    assert devices.probed[1:] == [("a", unit_id) for unit_id in range(101, 108)]


@pytest.mark.parametrize("at", SETTINGS)
async def test_other_settings_are_tried_before_other_unit_ids(at: str) -> None:
    devices = Devices(at, {FACTORY: "1"})
    assert places(await found(devices)) == [(at, FACTORY)]
    assert devices.probed[: SETTINGS.index(at) + 1] == [
        (each, FACTORY) for each in SETTINGS[: SETTINGS.index(at) + 1]
    ]


async def test_known_settings_are_probed_first() -> None:
    devices = Devices("a", {17: "1"})
    assert places(await found(devices, unit_id=17)) == [("a", 17)]
    assert devices.probed[0] == ("a", 17)


async def test_meters_of_one_panel_are_found_together() -> None:
    devices = Devices("b", {100 + n: str(n) for n in range(8)} | {110: "far off"})
    assert places(await found(devices)) == [("b", 100 + n) for n in range(8)]


@hypothesis.settings(deadline=None)
@given(at=settings, meters=st.sets(unit_ids))
async def test_the_neighbours_can_be_probed_later(at: str, meters: set[int]) -> None:
    """A scan that pauses at the first device finds the same, with the same probes."""
    at_once, later = (Devices(at, {each: str(each) for each in meters}) for _ in range(2))
    scan = BusScan(
        later,
        tuple(serial_passes(SETTINGS, [FACTORY])),
        is_wanted=lambda result: result.identity is not None,
        on_probe=lambda _probe: None,
        everything=True,
        only_one=True,
    )
    first = [result async for result in scan.run()]
    assert len(first) == min(1, len(meters))
    neighbours = [result async for result in scan.neighbours()]
    assert first + neighbours == await found(at_once, everything=True)
    assert later.probed == at_once.probed


@hypothesis.settings(deadline=None)
@given(at=settings, meters=st.sets(unit_ids, min_size=1), thorough=st.booleans())
async def test_a_scan_for_one_device_ends_with_it(
    at: str, meters: set[int], *, thorough: bool
) -> None:
    """Whatever else is on the bus."""
    devices = Devices(at, {each: str(each) for each in meters})
    (only,) = places(await found(devices, only_one=True, everything=True, thorough=thorough))
    assert devices.probed[-1] == only


async def test_a_thorough_search_finds_all_on_the_bus() -> None:
    devices = Devices("b", {FACTORY: "1", 1: "2", 247: "3"})
    assert places(await found(devices, thorough=True)) == [("b", FACTORY), ("b", 1), ("b", 247)]


async def test_a_device_that_is_no_meter_proves_the_settings() -> None:
    """All devices on a bus have the same, so no others are tried any more."""
    devices = Devices("c", {FACTORY: None, 200: "1"})
    results = await found(devices)
    assert isinstance(results[0].error, NotSunSpecError)
    assert places(results) == [("c", 200)]
    probed_later = devices.probed[devices.probed.index(("c", FACTORY)) :]
    assert {each for each, _ in probed_later} == {"c"}


async def test_minutes_are_only_spent_if_asked_for() -> None:
    devices = Devices("d", {17: "1"})
    assert await found(devices) == []
    assert len(devices.probed) == len(SETTINGS) + len(SCAN_RANGE.serial_unit_ids)


@hypothesis.settings(deadline=None)
@given(settings, unit_ids)
async def test_everything_finds_any_meter(at: str, unit_id: int) -> None:
    devices = Devices(at, {unit_id: "1"})
    assert places(await found(devices, everything=True)) == [(at, unit_id)]


async def test_no_unit_is_left_out() -> None:
    devices = Devices("none of them", {})
    assert await found(devices, everything=True) == []
    assert set(devices.probed) == {(each, unit_id) for each in SETTINGS for unit_id in UNIT_IDS}


async def test_settings_that_the_adapter_lacks_are_skipped() -> None:
    devices = Devices("c", {FACTORY: "1"}, unusable=frozenset("ab"))
    assert places(await found(devices)) == [("c", FACTORY)]


async def test_delayed_responses_count() -> None:
    """A response that arrives during the next probe carries its own unit ID."""
    devices = Devices("a", {17: "1", 40: "2"}, late=frozenset({17, 40}))
    assert places(await found(devices, thorough=True)) == [("a", 17), ("a", 40)]


async def test_a_first_response_that_is_delayed() -> None:
    """Its probe is repeated among others, during which the response can arrive."""
    devices = Devices("a", {FACTORY: "1"}, late=frozenset({FACTORY}))
    assert places(await found(devices)) == [("a", FACTORY)]


async def test_a_link_that_fails_ends_the_scan() -> None:
    devices = Devices("a", {FACTORY: "1"})
    devices.failure = LinkDownError("unplugged")
    with pytest.raises(LinkDownError):
        await found(devices)


@pytest.mark.parametrize(("first", "last"), [(245, 247), (240, 247), (3, 10)])
async def test_neighbours_end_with_the_panel_or_the_unit_ids(first: int, last: int) -> None:
    devices = Devices("a", {first: "1"})
    await found(devices, unit_id=first)
    assert devices.probed == [("a", unit_id) for unit_id in range(first, last + 1)]


async def test_neighbours_follow_the_last_device_of_a_result() -> None:
    """A delayed response may come together with another one."""
    devices = Devices("a", {17: "1", 18: "2"}, late=frozenset({17}))
    assert places(await found(devices)) == [("a", 17), ("a", 18)]
    assert devices.probed[-7:] == [("a", unit_id) for unit_id in range(19, 26)]


async def test_a_thorough_scan_probes_every_unit_once() -> None:
    devices = Devices("a", {FACTORY: "1"})
    await found(devices, thorough=True)
    assert sorted(unit_id for _, unit_id in devices.probed) == list(UNIT_IDS)


async def test_other_timings_and_ranges_can_be_given() -> None:
    timing = ScanTiming(first=7.0, first_network=8.0, following=9.0)
    scan_range = ScanRange(
        unit_ids=range(5, 30),
        likely_unit_ids=(6,),
        serial_unit_ids=(6, 27),
        network_unit_ids=(7,),
        meters_in_a_panel=3,
    )
    serial = list(serial_passes("a", [FACTORY], timing=timing, scan_range=scan_range))
    assert [(list(each.unit_ids), each.timeout) for each in serial] == [
        ([FACTORY], 7.0),
        ([6, 27], 9.0),
        ([6], 9.0),
        (list(range(5, 30)), 9.0),
    ]
    network = list(network_passes("a", [FACTORY], timing=timing, scan_range=scan_range))
    assert [(list(each.unit_ids), each.timeout) for each in network] == [
        ([FACTORY], 8.0),
        ([7], 9.0),
        ([6], 9.0),
        (list(range(5, 30)), 9.0),
    ]
    devices = Devices("a", {27: "1"})
    scan = BusScan(
        devices,
        serial,
        is_wanted=lambda _result: True,
        on_probe=lambda _probe: None,
        timing=timing,
        scan_range=scan_range,
    )
    assert [result.unit_id async for result in scan.run()] == [27]
    assert [unit_id for _, unit_id in devices.probed] == [FACTORY, 6, 27, 28, 29]
    assert devices.timeouts == {7.0, 9.0}


async def test_progress_counts_what_is_probed_in_a_stage() -> None:
    devices = Devices("none of them", {})
    shown: list[Probe[str]] = []
    scan_range = ScanRange(serial_unit_ids=(1, 2, 3, 4))
    passes = list(serial_passes("ab", [FACTORY], scan_range=scan_range))
    scan = BusScan(devices, passes, is_wanted=lambda _: True, on_probe=shown.append)
    assert [result async for result in scan.run()] == []
    assert [(each.stage, each.progress) for each in shown] == [
        (ScanStage.SETTINGS, 0.0),
        (ScanStage.SETTINGS, 0.5),
        (ScanStage.UNIT_IDS, 0.0),
        (ScanStage.UNIT_IDS, 0.25),
        (ScanStage.UNIT_IDS, 0.5),
        (ScanStage.UNIT_IDS, 0.75),
    ]
