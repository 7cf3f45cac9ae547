"""Which serial numbers distinguish a meter from others."""

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter import Identity


@pytest.mark.parametrize("serial_number", ["", "0", "000000", "N/A", "none", "-", "FFFF", "x0x"])
def test_a_placeholder_distinguishes_nothing(serial_number: str) -> None:
    assert not Identity(serial_number=serial_number).has_serial_number


@pytest.mark.parametrize("serial_number", ["1", "S1", "DSKT201505001", "0000042"])
def test_a_serial_number_distinguishes_a_meter(serial_number: str) -> None:
    assert Identity(serial_number=serial_number).has_serial_number


@given(st.text(st.characters(exclude_characters="123456789")), st.sampled_from("123456789"))
def test_any_digit_but_zero_makes_the_difference(placeholder: str, digit: str) -> None:
    assert not Identity(serial_number=placeholder).has_serial_number
    middle = len(placeholder) // 2
    serial_number = placeholder[:middle] + digit + placeholder[middle:]
    assert Identity(serial_number=serial_number).has_serial_number
