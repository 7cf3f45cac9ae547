"""Counters that need the sun move only while it is up at the home."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.helpers.sun import get_astral_event_date
import pytest

from custom_components.dts307.meter.intervals import EXPORTED, IMPORTED, Gap, MayFlow, shaped
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.options import CONF_PRODUCTION, CONF_ROLE, MeterOptions
from custom_components.dts307.solar.daylight import async_may_flow, needs_sun

HOUR = 3600.0
DAY = 24 * HOUR
QUARTER = 900.0

GRID = MeterOptions.parse({CONF_ROLE: "grid"})

BERLIN = (52.52, 13.40)
SYDNEY = (-33.87, 151.21)
HONOLULU = (21.31, -157.86)
SUVA = (-18.14, 178.44)
TROMSO = (69.65, 18.96)
NORTH_POLE = (90.0, 0.0)
SOUTH_POLE = (-90.0, 0.0)


async def move_to(hass: HomeAssistant, place: tuple[float, float]) -> None:
    latitude, longitude = place
    await hass.config.async_update(
        latitude=latitude, longitude=longitude, elevation=0, time_zone="UTC"
    )


def midnight(day: str) -> float:
    return datetime.fromisoformat(f"2026-{day}").replace(tzinfo=UTC).timestamp()


def lit_hours(may_flow: MayFlow, start: float, end: float, length: float = QUARTER) -> float:
    """Return how long the sun is up, summed over intervals."""
    times = (start + length * number for number in range(int((end - start) / length)))
    return sum(may_flow(at, at + length) * length for at in times) / HOUR


@pytest.mark.parametrize(
    ("role", "production", "channels"),
    [
        ("grid", None, {EXPORTED}),
        ("solar", None, {EXPORTED}),
        ("solar", "energy_exported", {EXPORTED}),
        ("solar", "energy_imported", {IMPORTED}),
        ("battery", None, set()),
        ("home", None, set()),
        ("load", None, set()),
        (None, None, set()),
    ],
)
def test_which_counters_need_the_sun(
    role: str | None, production: str | None, channels: set[str]
) -> None:
    chosen: dict[str, Any] = {CONF_ROLE: role, CONF_PRODUCTION: production}
    options = MeterOptions.parse(chosen)
    assert {each for each in (IMPORTED, EXPORTED) if needs_sun(each, options)} == channels


@pytest.mark.parametrize("place", [BERLIN, SYDNEY, HONOLULU, SUVA], ids=str)
@pytest.mark.parametrize("day", ["03-20", "06-21", "11-29", "12-21"])
async def test_the_sun_is_up_from_sunrise_to_sunset(
    hass: HomeAssistant, place: tuple[float, float], day: str
) -> None:
    await move_to(hass, place)
    may_flow = async_may_flow(hass, EXPORTED, GRID)
    noon = datetime.fromtimestamp(midnight(day), UTC) + timedelta(hours=12 - place[1] / 15)
    events = [
        get_astral_event_date(hass, event, noon.date() + timedelta(days=days))
        for event in ("sunrise", "sunset")
        for days in (-1, 0, 1)
    ]
    rise, set_ = (
        min(
            (each.timestamp() for each in some if each is not None),
            key=lambda at: abs(at - noon.timestamp()),
        )
        for some in (events[:3], events[3:])
    )
    assert rise < noon.timestamp() < set_
    assert may_flow(rise - HOUR, rise - 120) == 0
    assert may_flow(rise - HOUR, rise + HOUR) == pytest.approx(0.5, abs=0.02)
    assert may_flow(rise + 120, set_ - 120) == 1
    assert may_flow(set_ - HOUR, set_ + HOUR) == pytest.approx(0.5, abs=0.02)
    assert may_flow(set_ + 120, set_ + 4 * HOUR) == 0
    hours = (set_ - rise) / HOUR
    for length in (300.0, QUARTER, HOUR):
        found = lit_hours(
            may_flow, noon.timestamp() - 12 * HOUR, noon.timestamp() + 12 * HOUR, length
        )
        assert found == pytest.approx(hours, abs=0.05)


@pytest.mark.parametrize(
    ("place", "day", "share"),
    [
        (TROMSO, "06-21", 1),
        (TROMSO, "12-21", 0),
        (NORTH_POLE, "06-21", 1),
        (NORTH_POLE, "12-21", 0),
        (SOUTH_POLE, "06-21", 0),
        (SOUTH_POLE, "12-21", 1),
    ],
)
async def test_polar_day_and_night(
    hass: HomeAssistant, place: tuple[float, float], day: str, share: int
) -> None:
    await move_to(hass, place)
    may_flow = async_may_flow(hass, EXPORTED, GRID)
    start = midnight(day)
    assert may_flow(start, start + DAY) == share
    assert may_flow(start, start) == share


async def test_the_first_sun_after_a_polar_night(hass: HomeAssistant) -> None:
    """Days begin with some minutes around noon, and each is longer than the one before."""
    await move_to(hass, TROMSO)
    may_flow = async_may_flow(hass, EXPORTED, GRID)
    days = [midnight("01-10") + DAY * number for number in range(20)]
    hours = [lit_hours(may_flow, day, day + DAY) for day in days]
    assert hours[0] == 0
    assert hours == sorted(hours)
    assert 2 < hours[-1] < 5


async def test_the_home_moves(hass: HomeAssistant) -> None:
    await move_to(hass, BERLIN)
    before = async_may_flow(hass, EXPORTED, GRID)
    await move_to(hass, HONOLULU)
    after = async_may_flow(hass, EXPORTED, GRID)
    noon = midnight("06-21") + 12 * HOUR
    assert (before(noon, noon + HOUR), after(noon, noon + HOUR)) == (1, 0)


@pytest.mark.parametrize(
    ("role", "channel", "late"),
    [
        ("grid", EXPORTED, 0),
        ("grid", IMPORTED, 1000),
        ("solar", EXPORTED, 0),
        ("solar", IMPORTED, 1000),
        ("battery", EXPORTED, 1000),
    ],
)
async def test_what_is_estimated_at_night(
    hass: HomeAssistant, role: str, channel: str, late: float
) -> None:
    """A gap of a summer's day in Berlin without any reference: at 23:00 UTC it is dark."""
    await move_to(hass, BERLIN)
    start = midnight("06-21")
    before, after = Sample(value=0, at=start), Sample(value=24_000, at=start + DAY)
    options = MeterOptions.parse({CONF_ROLE: role})
    progress = shaped(
        Gap(channel=channel, before=before, after=after),
        (),
        zone=ZoneInfo("Europe/Berlin"),
        may_flow=async_may_flow(hass, channel, options),
    )
    share = progress(start + DAY) - progress(start + 23 * HOUR)
    assert 24_000 * share == pytest.approx(late)
