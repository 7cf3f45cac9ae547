"""A scan sees when something responds under every unit ID, and ends when nothing can be gained."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, override

import hypothesis
from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter import LinkDownError
from custom_components.dts307.meter.modbus import (
    SCAN_RANGE,
    BusScan,
    ScanResult,
    UnitProbe,
    UnusableSettingsError,
    network_passes,
    serial_passes,
)
from tests.meter.modbus.scanned import SETTINGS, Devices

FACTORY = 100
UNIT_IDS = SCAN_RANGE.unit_ids
REQUESTS_TO_IDENTIFY = 3
"""A device that is no meter is asked for the marker at each of three addresses."""

others = st.integers(1, 247).filter(lambda unit_id: unit_id != FACTORY)


def scan_of(devices: Devices, unit_id: int = FACTORY, **options: Any) -> BusScan[str]:
    """Return a scan for all meters on a serial port."""
    unit_ids = list(dict.fromkeys((unit_id, FACTORY)))
    return BusScan(
        devices,
        tuple(serial_passes(SETTINGS, unit_ids)),
        is_wanted=lambda result: result.identity is not None,
        on_probe=lambda _probe: None,
        **options,
    )


async def run(
    scan: BusScan[str], results: list[ScanResult[str]] | None = None
) -> list[ScanResult[str]]:
    """Scan to the end; add the results to a list, and return it."""
    results = [] if results is None else results
    async for result in scan.run():
        results.append(result)
    return results


def found(results: list[ScanResult[str]]) -> dict[int, str]:
    """Return the serial numbers of the meters, by unit ID."""
    return {each.unit_id: each.identity.serial_number for each in results if each.identity}


def everywhere(serial: str | None) -> dict[int, str | None]:
    """Return devices under every unit ID."""
    return dict.fromkeys(UNIT_IDS, serial)


@pytest.mark.parametrize("unit_id", [FACTORY, 17])
async def test_no_meter_under_any_unit_id_is_seen_within_ten_questions(unit_id: int) -> None:
    devices = Devices("a", everywhere(None))
    scan = scan_of(devices, unit_id, asked=None if unit_id == FACTORY else unit_id)
    results = await run(scan)
    assert scan.responds_everywhere
    assert not scan.is_one_meter
    assert [result.unit_id for result in results] == [unit_id]
    asked = len(devices.probed) + REQUESTS_TO_IDENTIFY * len(devices.identified)
    assert asked <= 10


@hypothesis.settings(deadline=None)
@given(others)
async def test_everything_finds_the_meter_all_the_same(unit_id: int) -> None:
    devices = Devices("a", everywhere(None) | {unit_id: "1"})
    assert found(await run(scan_of(devices, everything=True))) == {unit_id: "1"}


async def test_the_entered_unit_id_is_enough_to_find_it() -> None:
    """And so are its neighbours, although no meter answers between them."""
    devices = Devices("a", everywhere(None) | {17: "1", 20: "2"})
    assert found(await run(scan_of(devices, 17, asked=17))) == {17: "1", 20: "2"}


async def test_a_thorough_scan_goes_on_once_there_is_a_meter() -> None:
    devices = Devices("a", everywhere(None) | {17: "1", 200: "2"})
    scan = scan_of(devices, 17, asked=17, thorough=True)
    assert found(await run(scan)) == {17: "1", 200: "2"}


@hypothesis.settings(deadline=None)
@given(
    st.dictionaries(st.integers(1, 247), st.sampled_from([None, "", "0", "S1", "S2"]), min_size=1),
    st.sampled_from(SCAN_RANGE.unlikely_unit_ids),
)
async def test_a_bus_with_a_free_unit_id_is_scanned_as_any(
    serials: dict[int, str | None], free: int
) -> None:
    """Whatever the serial numbers are: each meter is one of its own."""
    serials.pop(free, None)
    devices = Devices("a", serials)
    scan = scan_of(devices, everything=True, thorough=True)
    results = await run(scan)
    assert not scan.responds_everywhere
    assert {each.unit_id for each in results} == set(serials)
    assert found(results) == {
        unit: serial for unit, serial in serials.items() if serial is not None
    }


@pytest.mark.parametrize("serial", ["S1", ""])
@pytest.mark.parametrize("thorough", [False, True])
async def test_one_meter_under_every_unit_id_is_found_once(serial: str, *, thorough: bool) -> None:
    devices = Devices("a", everywhere(serial))
    scan = scan_of(devices, thorough=thorough, everything=thorough)
    assert found(await run(scan)) == {FACTORY: serial}
    assert scan.is_one_meter
    assert len(devices.probed) <= 10


async def test_a_known_meter_under_another_unit_id_is_the_same() -> None:
    devices = Devices("a", everywhere("S1"))
    scan = scan_of(devices, 17, known={"S1": FACTORY})
    assert found(await run(scan)) == {17: "S1"}
    assert scan.is_one_meter


async def test_a_known_meter_is_not_suspicious_in_its_place() -> None:
    devices = Devices("a", {FACTORY: "S1"})
    await run(scan_of(devices, known={"S1": FACTORY}))
    assert ("a", SCAN_RANGE.unlikely_unit_ids[0]) not in devices.probed


async def test_two_meters_behind_a_gateway_that_responds_for_all_others() -> None:
    """They have one serial number, and the gateway none, so it is not one meter."""
    devices = Devices("a", everywhere(None) | {FACTORY: "0", 101: "0"})
    scan = scan_of(devices)
    assert found(await run(scan)) == {FACTORY: "0", 101: "0"}
    assert not scan.is_one_meter


async def test_an_entered_unit_id_that_is_no_meter_ends_the_scan() -> None:
    devices = Devices("a", {17: None, FACTORY: "1"})
    results = await run(scan_of(devices, 17, asked=17))
    assert [(each.unit_id, each.identity) for each in results] == [(17, None)]
    assert devices.probed == [("a", 17), ("a", SCAN_RANGE.unlikely_unit_ids[0])]
    for more in ("thorough", "everything"):
        results = await run(scan_of(devices, 17, asked=17, **{more: True}))
        assert found(results) == {FACTORY: "1"}


async def test_an_entered_unit_id_that_is_silent_is_a_hint_only() -> None:
    devices = Devices("a", {FACTORY: "1"})
    assert found(await run(scan_of(devices, 17, asked=17))) == {FACTORY: "1"}


@dataclass
class Failing(Devices):
    """Devices on a bus that cannot be opened the second time."""

    opened_once: bool = False
    second: Exception | None = None

    @override
    @asynccontextmanager
    async def opened(self, settings: str, seconds: float) -> AsyncIterator[UnitProbe]:
        if self.opened_once and self.second:
            raise self.second
        self.opened_once = True
        async with super().opened(settings, seconds) as probe:
            yield probe


def failing(serials: Mapping[int, str | None], second: Exception) -> Failing:
    """Return devices on a bus that cannot be opened the second time."""
    return Failing("a", serials, second=second)


async def test_what_was_found_counts_although_the_link_fails_then() -> None:
    scan = scan_of(failing(everywhere(None), LinkDownError("gone")))
    results: list[ScanResult[str]] = []
    with pytest.raises(LinkDownError):
        await run(scan, results)
    assert [each.unit_id for each in results] == [FACTORY]
    assert not scan.responds_everywhere


async def test_settings_that_the_adapter_refuses_then_prove_nothing() -> None:
    scan = scan_of(failing(everywhere(None), UnusableSettingsError("closed")))
    assert [each.unit_id for each in await run(scan)] == [FACTORY]
    assert not scan.responds_everywhere


@pytest.mark.parametrize("alive", ["", "tcp"])
async def test_few_units_are_probed_behind_an_adapter_that_is_silent(alive: str) -> None:
    """If a gateway says that no unit responds, it is worth the time to ask for more."""
    devices = Devices("tcp", {32: "1"}, alive=frozenset([alive]))
    scan = BusScan(
        devices,
        tuple(network_passes(["tcp", "rtu"], [FACTORY])),
        is_wanted=lambda result: result.identity is not None,
        on_probe=lambda _probe: None,
    )
    assert found(await run(scan)) == ({32: "1"} if alive else {})
    assert {unit_id for settings, unit_id in devices.probed if settings == "rtu"} == set(
        SCAN_RANGE.network_unit_ids
    )
