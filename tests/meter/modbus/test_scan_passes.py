"""In which order a scan is planned, and how long each unit may take."""

from typing import Any

import pytest

from custom_components.dts307.meter.modbus import (
    SCAN_RANGE,
    SCAN_TIMING,
    ScanStage,
    network_passes,
    serial_passes,
)

FACTORY = 100
UNIT_IDS = SCAN_RANGE.unit_ids
LIKELY_UNIT_IDS = SCAN_RANGE.likely_unit_ids


def test_everything_is_probed_on_the_network_in_the_end() -> None:
    """The likely unit ids come first, with either framing."""
    plan = list(network_passes(["tcp", "rtu"], [FACTORY]))
    assert [(each.stage, each.settings, len(each.unit_ids)) for each in plan] == [
        (ScanStage.SETTINGS, "tcp", 1),
        (ScanStage.SETTINGS, "rtu", 1),
        (ScanStage.UNIT_IDS, "tcp", len(SCAN_RANGE.network_unit_ids)),
        (ScanStage.UNIT_IDS, "rtu", len(SCAN_RANGE.network_unit_ids)),
        (ScanStage.UNIT_IDS, "tcp", len(LIKELY_UNIT_IDS)),
        (ScanStage.UNIT_IDS, "rtu", len(LIKELY_UNIT_IDS)),
        (ScanStage.EVERYTHING, "tcp", len(UNIT_IDS)),
        (ScanStage.EVERYTHING, "rtu", len(UNIT_IDS)),
    ]
    assert [each.if_alive for each in plan] == [*(4 * [False]), True, True, False, False]
    assert set(SCAN_RANGE.network_unit_ids) < set(LIKELY_UNIT_IDS) < set(UNIT_IDS)


def test_the_entered_unit_id_has_the_most_time_on_the_network() -> None:
    """The default is probed among the others then."""
    plan = list(network_passes(["tcp"], [17, FACTORY]))
    assert list(plan[0].unit_ids) == [17]
    assert list(plan[1].unit_ids) == [FACTORY, 1, 2]


def test_a_serial_port_is_scanned_at_all_settings_first() -> None:
    plan = list(serial_passes(["a", "b", "c"], [FACTORY]))
    assert [(each.stage, each.settings, each.unit_ids) for each in plan] == [
        (ScanStage.SETTINGS, "a", [FACTORY]),
        (ScanStage.SETTINGS, "b", [FACTORY]),
        (ScanStage.SETTINGS, "c", [FACTORY]),
        (ScanStage.UNIT_IDS, "a", SCAN_RANGE.serial_unit_ids),
        *((ScanStage.EVERYTHING, each, LIKELY_UNIT_IDS) for each in "abc"),
        *((ScanStage.EVERYTHING, each, UNIT_IDS) for each in "abc"),
    ]
    assert set(LIKELY_UNIT_IDS) < set(SCAN_RANGE.serial_unit_ids) < set(UNIT_IDS)


@pytest.mark.parametrize(
    ("passes", "first"),
    [(serial_passes, SCAN_TIMING.first), (network_passes, SCAN_TIMING.first_network)],
)
def test_the_usual_unit_ids_have_more_time(passes: Any, first: float) -> None:
    for each in passes("abc", [FACTORY]):
        expected = first if each.stage is ScanStage.SETTINGS else SCAN_TIMING.following
        assert each.timeout == expected
