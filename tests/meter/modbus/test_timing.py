"""The default timings, ranges and settings, and what follows from them."""

from dataclasses import FrozenInstanceError

from modbus_connection import ModbusSerialParams
import pytest

from custom_components.dts307.meter.modbus import (
    LINK_TIMING,
    SCAN_RANGE,
    SCAN_TIMING,
    LinkTiming,
    ScanRange,
    settings_text,
    usual_settings,
)

DEFAULT = ModbusSerialParams(device="port", baudrate=9600, parity="N", stopbits=1)


def test_a_byte_has_eleven_bits() -> None:
    assert LINK_TIMING.byte_time(1100) == 0.01
    assert LINK_TIMING.byte_time(9600) == pytest.approx(0.001146, abs=1e-6)


@pytest.mark.parametrize("baudrate", [1200, 9600, 115200])
def test_the_longest_response_arrives_within_its_timeout(baudrate: int) -> None:
    """256 bytes of 11 bits, after what a device may take to begin."""
    assert LinkTiming(response=0.5).response_timeout(baudrate) == pytest.approx(
        0.5 + 256 * 11 / baudrate
    )
    assert LINK_TIMING.response_timeout(baudrate) > 256 * 11 / baudrate + 0.5


def test_the_defaults_cannot_be_changed() -> None:
    """They are shared by all."""
    with pytest.raises(FrozenInstanceError):
        LINK_TIMING.response = 0.1  # type: ignore[misc]


def test_a_scan_waits_less_than_a_poll_except_where_it_must_not() -> None:
    assert SCAN_TIMING.following < SCAN_TIMING.first < LINK_TIMING.response
    assert SCAN_TIMING.first_network >= LINK_TIMING.response


def test_the_default_range() -> None:
    """Unit IDs 1 to 247; the factory unit ID and settings are among the likely ones."""
    assert list(SCAN_RANGE.unit_ids) == list(range(1, 248))
    assert set(SCAN_RANGE.likely_unit_ids) == {*range(1, 33), *range(100, 111), 247}
    assert len(SCAN_RANGE.likely_unit_ids) == len(set(SCAN_RANGE.likely_unit_ids))
    assert not set(SCAN_RANGE.serial_unit_ids) & set(SCAN_RANGE.unlikely_unit_ids)
    assert set(SCAN_RANGE.unlikely_unit_ids) < set(SCAN_RANGE.unit_ids)
    assert SCAN_RANGE.meters_in_a_panel == 8
    assert SCAN_RANGE.baud_rates[0] == 9600
    assert set(SCAN_RANGE.baud_rates) == {4800, 9600, 19200, 38400, 57600, 115200}


def test_the_usual_settings() -> None:
    """The given ones first, then every usual baud rate without and with even parity, once each."""
    tried = [(each.baudrate, each.parity, each.stopbits) for each in usual_settings(DEFAULT)]
    assert tried[:3] == [(9600, "N", 1), (9600, "E", 1), (19200, "N", 1)]
    assert len(tried) == len(set(tried)) == 2 * len(SCAN_RANGE.baud_rates)
    assert {each.device for each in usual_settings(DEFAULT)} == {"port"}


def test_unusual_settings_come_first_and_the_usual_ones_have_one_stop_bit() -> None:
    odd = ModbusSerialParams(device="port", baudrate=1200, parity="O", stopbits=2)
    tried = list(usual_settings(odd, scan_range=ScanRange(baud_rates=(9600,))))
    assert [settings_text(each) for each in tried] == ["1200 8O2", "9600 8N1", "9600 8E1"]
