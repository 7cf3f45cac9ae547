"""The LEDs follow section 5 of the installation guide."""

from hypothesis import given, strategies as st
import pytest

from simulator.leds import (
    PERIOD,
    Colour,
    SignalTimes,
    StatusLight,
    colour_at,
    level_colour,
    remote_colour,
    status_light,
)


def light(level: float, power: float = 1.0) -> StatusLight:
    return status_light(power=power, current=level * 600, full_current=600)


@pytest.mark.parametrize(
    ("power", "colour"),
    [(1, Colour.GREEN), (0, Colour.GREEN), (-1, Colour.ORANGE)],
)
def test_the_heartbeat_tells_the_direction(power: float, colour: Colour | None) -> None:
    assert light(0, power)[0].colour is colour


@pytest.mark.parametrize(
    ("level", "colour"),
    [
        (0, None),
        (0.0499, None),
        (0.05, Colour.GREEN),
        (0.7999, Colour.GREEN),
        (0.8, Colour.ORANGE),
        (1.0, Colour.ORANGE),
        (1.0001, Colour.RED),
        (9, Colour.RED),
    ],
)
def test_the_second_flash_tells_the_current_level(level: float, colour: Colour | None) -> None:
    assert level_colour(level) is colour
    flashes = light(level)
    assert [flash.colour for flash in flashes[1:]] == ([] if colour is None else [colour])


@pytest.mark.parametrize(
    ("current", "full_current", "colours"),
    [
        (2.55, 51.0, [Colour.GREEN]),
        (2.549, 51.0, []),
        (40.8, 51.0, [Colour.ORANGE]),
        (40.799, 51.0, [Colour.GREEN]),
        (99.9, 3 * 33.3, [Colour.ORANGE]),
        (99.901, 99.9, [Colour.RED]),
    ],
)
def test_a_boundary_is_where_the_decimals_say(
    current: float, full_current: float, colours: list[Colour]
) -> None:
    _, *level = status_light(power=1, current=current, full_current=full_current)
    assert [flash.colour for flash in level] == colours


@given(st.floats(0.05, 1.4), st.floats(0.01, 0.1))
def test_more_current_is_a_longer_flash(level: float, more: float) -> None:
    assert light(level + more)[1].duration > light(level)[1].duration


@given(st.floats(0, 100), st.floats(-1e6, 1e6))
def test_flashes_are_apart_and_fit_the_period(level: float, power: float) -> None:
    end = 0.0
    for flash in light(level, power):
        assert flash.start >= end
        end = flash.start + flash.duration
        # Dark in between, also before the next heartbeat: otherwise two flashes look like one.
        assert colour_at(light(level, power), end + 0.01) is None
    assert end < PERIOD - 0.1


@pytest.mark.parametrize("cycle", [0, 1, 1000])
def test_the_light_in_time(cycle: int) -> None:
    flashes = light(0.9, power=-5)
    at = cycle * PERIOD
    assert PERIOD == 2
    assert colour_at(flashes, at + 0.01) is Colour.ORANGE
    assert colour_at(flashes, at + flashes[0].duration + 0.01) is None
    assert colour_at(flashes, at + flashes[1].start + 0.01) is Colour.ORANGE
    assert colour_at(flashes, at + PERIOD - 0.01) is None


def test_the_remote_led_flickers() -> None:
    signals = SignalTimes()
    assert remote_colour(signals, 10) is None
    signals.receive(10)
    assert remote_colour(signals, 10.01) is Colour.GREEN
    signals.transmit(10.02)
    assert remote_colour(signals, 10.03) is Colour.AMBER
    assert remote_colour(signals, 10.5) is None
    assert (signals.received, signals.transmitted) == (1, 1)
