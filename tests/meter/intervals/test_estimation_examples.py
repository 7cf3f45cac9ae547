"""Examples of how the energy of a gap is spread over its time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.dts307.meter.intervals import EXPORTED
from custom_components.dts307.meter.intervals.estimation import REFERENCE_PERIOD, shaped
from tests.meter.intervals.gaps import (
    BERLIN,
    DAY,
    HOUR,
    QUARTER,
    Sun,
    energy_between,
    gap_of,
    instant,
    lived,
    parts_of,
)


def test_a_gap_of_two_hours_is_spread_evenly() -> None:
    """The evening of all days before would put all into the second hour."""
    start = instant("06-17 17:00")
    reference = lived(lambda local: 2000.0 * (local.hour == 18), (start - REFERENCE_PERIOD, start))
    gap = gap_of(start, start + 2 * HOUR, 3000)
    progress = shaped(gap, reference, zone=BERLIN)
    shares = (0.1, 0.5, 0.9)
    assert [progress(start + share * 2 * HOUR) for share in shares] == pytest.approx(shares)
    longer = gap_of(start, start + 2 * HOUR + 60, 1500)
    assert shaped(longer, reference, zone=BERLIN)(start + HOUR) == 0


def test_even_a_short_gap_has_no_export_after_sunset() -> None:
    start = instant("06-17 20:00", ZoneInfo("UTC"))
    gap = gap_of(start, start + HOUR, 500, EXPORTED)
    progress = shaped(gap, (), zone=BERLIN, may_flow=Sun(rises=4, hours=16.3))
    assert progress(start + QUARTER) == pytest.approx(15 / 18)
    assert progress(start + 2 * QUARTER) == pytest.approx(1)


@pytest.mark.parametrize("hours", [1.5, 12])
def test_a_battery_that_exports_each_night_does_so_in_a_gap(hours: float) -> None:
    """The gap begins ten minutes before sunset, and all would be put there."""
    start = instant("06-17 20:10")
    sun = Sun(rises=4, hours=14 + 20 / 60)
    reference = lived(
        lambda local: 5000.0 * (local.hour >= 20),
        (start - REFERENCE_PERIOD, start),
        channel=EXPORTED,
    )
    gap = gap_of(start, start + hours * HOUR, min(hours, 3.8) * 5000, EXPORTED)
    progress = shaped(gap, reference, zone=BERLIN, may_flow=sun)
    highest = max(energy_between(gap, progress, *part) for part in parts_of(gap))
    assert highest == pytest.approx(5000 / 4, rel=0.01)


def weekends_at_noon(local: datetime) -> float:
    """Cook at 18:00 on weekdays, and at 12:00 at weekends."""
    hour = 12 if local.weekday() >= 5 else 18
    return 2400.0 if local.hour == hour else 100.0


@pytest.mark.parametrize(
    ("day", "noon", "evening"),
    [("06-17", 100, 2400), ("06-20", 2400, 100), ("06-21", 2400, 100), ("06-22", 100, 2400)],
)
def test_weekdays_and_weekends(day: str, noon: float, evening: float) -> None:
    start = instant(f"{day} 08:00")
    reference = lived(weekends_at_noon, (start - REFERENCE_PERIOD, start))
    gap = gap_of(start, start + 12 * HOUR, 2400 + 11 * 100)
    progress = shaped(gap, reference, zone=BERLIN)
    for hour, energy in ((12, noon), (18, evening), (9, 100)):
        begun = instant(f"{day} {hour:02}:00")
        assert energy_between(gap, progress, begun, begun + HOUR) == pytest.approx(energy)


def test_a_weekend_before_two_of_its_days_are_known_is_shaped_by_all_days() -> None:
    """Five weekdays with 2400 W at 18:00, and one Saturday with 2400 W at 12:00."""
    start = instant("06-21 08:00")
    reference = lived(weekends_at_noon, (instant("06-15 00:00"), instant("06-21 00:00")))
    gap = gap_of(start, start + 12 * HOUR, 1200)
    progress = shaped(gap, reference, zone=BERLIN)
    noon, evening = instant("06-21 12:00"), instant("06-21 18:00")
    ratio = energy_between(gap, progress, evening, evening + HOUR) / energy_between(
        gap, progress, noon, noon + HOUR
    )
    assert ratio == pytest.approx((5 * 2400 + 100) / (2400 + 5 * 100))


def test_two_days_of_a_weekend_are_enough() -> None:
    start = instant("06-27 08:00")
    reference = lived(weekends_at_noon, (instant("06-15 00:00"), instant("06-27 00:00")))
    gap = gap_of(start, start + 12 * HOUR, 2400 + 11 * 100)
    progress = shaped(gap, reference, zone=BERLIN)
    noon = instant("06-27 12:00")
    assert energy_between(gap, progress, noon, noon + HOUR) == pytest.approx(2400)


def test_one_reference_day() -> None:
    start = instant("06-17 08:00")
    reference = lived(weekends_at_noon, (start - DAY, start))
    gap = gap_of(start, start + 12 * HOUR, 3500)
    progress = shaped(gap, reference, zone=BERLIN)
    evening = instant("06-17 18:00")
    assert energy_between(gap, progress, evening, evening + HOUR) == pytest.approx(2400)


def test_a_peak_of_one_day_is_averaged() -> None:
    """20 weekdays of 200 W, on one of which 10 kW flowed from 10:00 to 10:15."""
    start = instant("06-17 08:00")

    def power(local: datetime) -> float:
        peak = (local.month, local.day, local.hour, local.minute) == (6, 16, 10, 0)
        return 10_000.0 if peak else 200.0

    reference = lived(power, (start - REFERENCE_PERIOD, start))
    gap = gap_of(start, start + 12 * HOUR, 2400 + (10_000 - 200) / 4 / 20)
    progress = shaped(gap, reference, zone=BERLIN)
    peak = instant("06-17 10:00")
    energy = energy_between(gap, progress, peak, peak + QUARTER)
    assert energy == pytest.approx((10_000 + 19 * 200) / 20 / 4)


def test_an_unknown_time_of_day_gets_the_average() -> None:
    """Mornings are known: 1 h of 700 W and 3 h of 100 W."""
    start = instant("06-17 08:00")
    reference = [
        each
        for each in lived(
            lambda local: 700.0 if local.hour == 9 else 100.0, (start - 9 * DAY, start)
        )
        if 8 <= datetime.fromtimestamp(each.start, BERLIN).hour < 12
    ]
    gap = gap_of(start, start + 8 * HOUR, 2000)
    progress = shaped(gap, reference, zone=BERLIN)
    hours = [
        energy_between(gap, progress, at, at + HOUR)
        for at in (start + number * HOUR for number in range(8))
    ]
    assert hours == pytest.approx([100, 700, 100, 100, 250, 250, 250, 250])


@pytest.mark.parametrize(
    ("zone", "day", "hour", "hours"),
    [
        ("Europe/Berlin", "03-29", 2, 0),
        ("Europe/Berlin", "10-25", 2, 2),
        ("America/Los_Angeles", "03-08", 2, 0),
        ("America/Los_Angeles", "11-01", 1, 2),
        ("Australia/Lord_Howe", "10-04", 2, 0.5),
        ("Australia/Lord_Howe", "04-05", 1, 1.5),
        ("Europe/Berlin", "06-21", 2, 1),
    ],
)
def test_days_on_which_the_clock_is_changed(zone: str, day: str, hour: int, hours: float) -> None:
    """A night tariff heats in an hour that is missing or repeated, and 19:00 stays 19:00."""
    place = ZoneInfo(zone)
    start = instant(f"{day} 00:00", place)
    end = (datetime.fromtimestamp(start, place) + timedelta(days=1)).timestamp()
    reference = lived(
        lambda local: 1000.0 * (local.hour in (hour, 19)), (start - REFERENCE_PERIOD, start), place
    )
    gap = gap_of(start, end, 1000 * (hours + 1))
    progress = shaped(gap, reference, zone=place)
    night, evening = instant(f"{day} 12:00", place), instant(f"{day} 19:00", place)
    assert energy_between(gap, progress, start, night) == pytest.approx(1000 * hours)
    assert energy_between(gap, progress, evening, evening + HOUR) == pytest.approx(1000)


def test_intervals_at_the_ends_count_by_their_share() -> None:
    start = instant("06-17 17:10")
    reference = lived(
        lambda local: 900.0 if local.hour == 17 else 300.0, (start - REFERENCE_PERIOD, start)
    )
    gap = gap_of(start, start + 3 * HOUR, 900 * 5 / 6 + 300 * 13 / 6)
    progress = shaped(gap, reference, zone=BERLIN)
    first = energy_between(gap, progress, start, instant("06-17 17:15"))
    last = energy_between(gap, progress, instant("06-17 20:00"), gap.after.at)
    assert (first, last) == pytest.approx((900 / 12, 300 / 6))


NOON_TO_SIX = Sun(rises=12, hours=6)


def test_without_reference_it_is_even_as_far_as_it_may_flow() -> None:
    start = instant("06-17 00:00", ZoneInfo("UTC"))
    gap = gap_of(start, start + DAY, 600, EXPORTED)
    progress = shaped(gap, (), zone=BERLIN, may_flow=NOON_TO_SIX)
    for hour, share in ((12, 0), (13, 1 / 6), (17.9, 5.9 / 6), (18, 1)):
        assert progress(start + hour * HOUR) == pytest.approx(share, abs=1e-9)


def test_what_never_flowed_before_is_spread_over_the_time_in_which_it_may() -> None:
    start = instant("06-17 00:00", ZoneInfo("UTC"))
    reference = lived(lambda _: 0.0, (start - REFERENCE_PERIOD, start), channel=EXPORTED)
    gap = gap_of(start, start + DAY, 600, EXPORTED)
    progress = shaped(gap, reference, zone=BERLIN, may_flow=NOON_TO_SIX)
    assert progress(start + 15 * HOUR) == pytest.approx(0.5)


def test_what_flowed_in_the_dark_is_spread_evenly() -> None:
    start = instant("06-17 19:00", ZoneInfo("UTC"))
    reference = lived(lambda _: 500.0, (start - REFERENCE_PERIOD, start), channel=EXPORTED)
    gap = gap_of(start, start + 4 * HOUR, 20, EXPORTED)
    progress = shaped(gap, reference, zone=BERLIN, may_flow=NOON_TO_SIX)
    assert progress(start + HOUR) == pytest.approx(0.25)


def test_one_quarter_hour_of_export_does_not_get_all() -> None:
    """Exported was 400 W once at noon. The gap holds more than that, which flows while it may."""
    start = instant("06-17 00:00", ZoneInfo("UTC"))
    reference = lived(
        lambda local: 400.0 * (local.hour == 14 and local.minute == 0),
        (start - REFERENCE_PERIOD, start),
        ZoneInfo("UTC"),
        channel=EXPORTED,
    )
    gap = gap_of(start, start + DAY, 1250, EXPORTED)
    progress = shaped(gap, reference, zone=ZoneInfo("UTC"), may_flow=NOON_TO_SIX)
    energies = [energy_between(gap, progress, *part) for part in parts_of(gap)]
    lit, dark = energies[48:72], energies[:48] + energies[72:]
    assert lit[8] == pytest.approx(100)
    assert lit[:8] + lit[9:] == pytest.approx([50] * 23)
    assert max(dark) == 0


def test_what_exceeds_the_known_powers_stays_in_the_light() -> None:
    """Only a cloudy day is known."""
    start = instant("06-17 00:00", ZoneInfo("UTC"))
    zone = ZoneInfo("UTC")
    reference = lived(
        lambda local: 100.0 * (12 <= local.hour < 18), (start - DAY, start), zone, channel=EXPORTED
    )
    gap = gap_of(start, start + DAY, 12_000, EXPORTED)
    progress = shaped(gap, reference, zone=zone, may_flow=NOON_TO_SIX)
    assert progress(start + 12 * HOUR) == 0
    assert progress(start + 13 * HOUR) == pytest.approx(1 / 6)


def test_surplus_over_the_highest_power_goes_to_the_others_in_proportion() -> None:
    """3 h of 6000, 2000 and 1000 W would get 5400, 1800 and 900 Wh; at most 4500 is plausible."""
    start = instant("06-17 12:00")
    reference = lived(
        lambda local: {12: 6000.0, 13: 2000.0, 14: 1000.0}.get(local.hour, 0.0),
        (start - REFERENCE_PERIOD, start),
    )
    gap = gap_of(start, start + 3 * HOUR, 8100)
    progress = shaped(gap, reference, zone=BERLIN, most_power=4500)
    hours = [
        energy_between(gap, progress, at, at + HOUR)
        for at in (start, start + HOUR, start + 2 * HOUR)
    ]
    assert hours == pytest.approx([4500, 2400, 1200])


def test_light_gives_way_to_the_highest_power() -> None:
    """6 h of light hold 12 kWh at 2 kW; the rest must have flowed in the dark."""
    start = instant("06-17 00:00", ZoneInfo("UTC"))
    gap = gap_of(start, start + DAY, 30_000, EXPORTED)
    progress = shaped(gap, (), zone=BERLIN, may_flow=NOON_TO_SIX, most_power=2000)
    assert energy_between(gap, progress, start, start + 12 * HOUR) == pytest.approx(12_000)
    noon = start + 12 * HOUR
    assert energy_between(gap, progress, noon, noon + 6 * HOUR) == pytest.approx(12_000)


def test_a_gap_above_the_highest_power_is_spread_evenly() -> None:
    start = instant("06-17 00:00")
    reference = lived(weekends_at_noon, (start - REFERENCE_PERIOD, start))
    gap = gap_of(start, start + 10 * HOUR, 10_000)
    progress = shaped(gap, reference, zone=BERLIN, most_power=900)
    assert progress(start + HOUR) == pytest.approx(0.1)


@pytest.mark.parametrize("energy", [0.0, 1000.0, -5.0])
def test_a_gap_without_time_or_energy(energy: float) -> None:
    """A counter that fell counted nothing that is known."""
    at = datetime(2026, 6, 17, tzinfo=UTC).timestamp()
    reference = lived(weekends_at_noon, (at - REFERENCE_PERIOD, at))
    moment = shaped(
        gap_of(at, at, energy),
        reference,
        zone=BERLIN,
        may_flow=lambda start, end: (end - start) / (end - start),
    )
    assert (moment(at - 1), moment(at), moment(at + 1)) == (0, 0, 1)
    day = shaped(gap_of(at, at + DAY, min(energy, 0)), reference, zone=BERLIN)
    assert (day(at), day(at + DAY / 2), day(at + DAY)) == (0, 0.5, 1)
