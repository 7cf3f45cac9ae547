"""A number that rounds to zero shows no minus."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.descriptions import (
    CONNECTION_SENSORS,
    PRODUCTION_SENSOR,
    MeterSensorDescription,
)
from custom_components.dts307.sensor import SENSORS
from tests.device import Device
from tests.integration.bills import begin_at_home, count, instant, kwh, poll, sensor
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

DESCRIPTIONS: list[MeterSensorDescription[Any]] = [
    *SENSORS,
    *CONNECTION_SENSORS,
    PRODUCTION_SENSOR,
]
DIGITS = {
    each.suggested_display_precision
    for each in DESCRIPTIONS
    if each.suggested_display_precision is not None
}


def published(value: float | str | None, digits: int | None) -> object:
    """Return what a sensor with so many decimals publishes of a value."""
    description = MeterSensorDescription[None](
        key="any", suggested_display_precision=digits, value_fn=lambda _: value
    )
    return description.published(None)


@given(
    value=st.floats(allow_nan=False, allow_infinity=False) | st.floats(-1, 1) | st.just(-0.0),
    digits=st.sampled_from(sorted(DIGITS)),
)
def test_no_rounded_zero_has_a_minus(value: float, digits: int) -> None:
    shown = published(value, digits)
    assert isinstance(shown, float)
    text = f"{shown:.{digits}f}"
    assert float(text) != 0 or not text.startswith("-")
    assert shown == value or (value < 0 == shown and -value <= 0.5 / 10**digits)


@pytest.mark.parametrize("value", [None, "importing", 7, -7])
@pytest.mark.parametrize("digits", [None, 0, 2])
def test_other_values_stay(value: float | str | None, digits: int | None) -> None:
    assert published(value, digits) == value


def test_precision_is_not_needed_for_a_true_zero() -> None:
    assert str(published(-0.0, None)) == "0.0"
    assert str(published(-0.004, None)) == "-0.004"


async def test_net_energy_at_the_start_of_a_period(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A few Wh of export are 0.00 kWh; what is more counts from the first Wh."""
    await begin_at_home(hass)
    meter = Device()
    count(meter, 5_000_000, 70_000)
    freezer.move_to(instant("06-30 23:59:00"))
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        count(meter, 5_000_000, 70_003)
        await poll(hass, freezer, "06-30 23:59:05")
        assert kwh(hass, meter, "exported_this_period") == 0.003
        assert sensor(hass, meter, "net_this_period").state == "0.0"
        count(meter, 5_000_000, 70_006)
        await poll(hass, freezer, "06-30 23:59:10")
        assert kwh(hass, meter, "net_this_period") == -0.006
