"""What is true of each spread of a gap's energy, whatever is known of the time before it."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import isclose
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import EXPORTED, IMPORTED
from custom_components.dts307.meter.intervals.estimation import (
    REFERENCE_PERIOD,
    MayFlow,
    always,
    shaped,
)
from custom_components.dts307.meter.intervals.interval import Gap, Interval, Progress, Quality
from tests.meter.flow import ZONES, starts
from tests.meter.intervals.gaps import (
    DAY,
    HOUR,
    Sun,
    energy_between,
    gap_of,
    interval,
    lived,
    parts_of,
)

zones = st.sampled_from([*ZONES, "Europe/Berlin", "America/Los_Angeles"]).map(ZoneInfo)
channels = st.sampled_from([IMPORTED, EXPORTED])

unhurried = settings(deadline=None)

powers = st.floats(0, 20_000)


long_ones = st.floats(2.01 * HOUR, 4 * DAY)
all_lengths = long_ones | st.floats(0, 3 * HOUR) | st.floats(0, 10)


@st.composite
def gaps(draw: st.DrawFn, lengths: st.SearchStrategy[float]) -> Gap:
    start = draw(starts) + draw(st.floats(0, 1))
    length = draw(lengths)
    energy = draw(
        st.just(0.0) | st.floats(1e-3, 1e6) | powers.map(lambda power: power * length / HOUR)
    )
    return gap_of(start, start + length, energy, draw(channels))


@st.composite
def references(draw: st.DrawFn, gap: Gap) -> list[Interval]:
    """Return some of the intervals of the weeks before a gap, of whatever length and quality."""
    length = draw(st.sampled_from([300.0, 900.0, 1800.0, 3600.0]))
    last = int(gap.before.at // length)
    ages = draw(st.lists(st.integers(1, int(14 * DAY / length)), max_size=40, unique=True))
    return [
        interval(
            (last - age) * length,
            draw(st.just(0.0) | powers) * length / HOUR,
            length=length,
            channel=draw(channels),
            quality=draw(st.sampled_from(Quality)),
        )
        for age in ages
    ]


suns = st.builds(Sun, rises=st.floats(0, 24), hours=st.just(0.0) | st.floats(0, 23))
limits = st.none() | st.floats(1, 50_000)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A gap and all that is known when it is spread."""

    gap: Gap
    reference: list[Interval]
    zone: ZoneInfo
    sun: Sun | None
    most_power: float | None

    def progress(self, reference: list[Interval] | None = None) -> Progress:
        """Spread the gap's energy, perhaps with another reference."""
        return shaped(
            self.gap,
            self.reference if reference is None else reference,
            zone=self.zone,
            may_flow=self.may_flow,
            most_power=self.most_power,
        )

    def with_energy(self, energy: float) -> Situation:
        """Return the situation with another energy in Wh in the gap."""
        before, after = self.gap.before, self.gap.after
        gap = gap_of(before.at, after.at, energy, self.gap.channel)
        return replace(self, gap=gap)

    @property
    def may_flow(self) -> MayFlow:
        """When energy may flow."""
        return self.sun or always

    @property
    def hours(self) -> float:
        """How long the gap is."""
        return (self.gap.after.at - self.gap.before.at) / HOUR

    @property
    def usable_hours(self) -> float:
        """For how much of it energy may flow."""
        return self.hours if self.sun is None else self.sun.hours_in(self.gap)

    @property
    def counted(self) -> list[float]:
        """The powers in W that count in the reference."""
        return [
            counted.value * HOUR / (each.end - each.start)
            for each in self.reference
            if each.quality is Quality.ACTUAL
            and (counted := getattr(each, self.gap.channel)) is not None
        ]


@st.composite
def situations(
    draw: st.DrawFn,
    lengths: st.SearchStrategy[float] = all_lengths,
) -> Situation:
    gap = draw(gaps(lengths))
    return Situation(
        gap=gap,
        reference=draw(references(gap)),
        zone=draw(zones),
        sun=draw(st.none() | suns),
        most_power=draw(limits),
    )


@unhurried
@given(situation=situations(), shares=st.lists(st.floats(-0.1, 1.1), min_size=1, max_size=20))
def test_energy_flows_forwards_from_the_start_to_the_end(
    situation: Situation, shares: list[float]
) -> None:
    gap, progress = situation.gap, situation.progress()
    start, end = gap.before.at, gap.after.at
    assert progress(start) == 0
    assert start == end or progress(end) == 1
    borders = [border for part in parts_of(gap) for border in part]
    times = sorted([*borders, *(start + share * (end - start) for share in shares)])
    flowed = [progress(at) for at in times]
    assert flowed == sorted(flowed)
    assert all(0 <= each <= 1 for each in flowed)
    assert progress(start - 1) == 0
    assert progress(end + 1) == 1


@unhurried
@given(situation=situations(), length=st.sampled_from([300.0, 900.0, 1800.0, 3600.0]))
def test_no_energy_is_invented_or_lost(situation: Situation, length: float) -> None:
    gap, progress = situation.gap, situation.progress()
    assume(gap.before.at < gap.after.at)
    energies = [energy_between(gap, progress, *part) for part in parts_of(gap, length)]
    assert isclose(sum(energies), gap.energy, rel_tol=1e-12, abs_tol=1e-12)


@unhurried
@given(situation=situations(long_ones), share=st.floats(0, 0.999))
def test_nothing_flows_in_the_dark_if_there_is_light_enough(
    situation: Situation, share: float
) -> None:
    usable = situation.usable_hours
    assume(usable > 0)
    lit = [each for each in situation.reference if situation.may_flow(each.start, each.end) > 0]
    fits = replace(situation, reference=lit).with_energy(
        share * (situation.most_power or 20_000) * usable
    )
    progress = fits.progress()
    for start, end in parts_of(fits.gap):
        if situation.may_flow(start, end) == 0 and fits.gap.energy > 0:
            assert progress(end) - progress(start) <= 1e-12


def assert_none_higher(situation: Situation, power: float, length: float) -> None:
    """No part of an interval has more than a power in W, but for rounding."""
    gap, progress = situation.gap, situation.progress()
    for start, end in parts_of(gap, length):
        energy = energy_between(gap, progress, start, end)
        # The energy of the gap is the difference of large counters.
        assert energy <= power * (end - start) / HOUR * (1 + 1e-6) + gap.energy * 1e-9 + 1e-8


@unhurried
@given(
    situation=situations(),
    share=st.floats(0, 1),
    most=st.floats(1, 50_000),
    length=st.sampled_from([300.0, 900.0, 3600.0]),
)
def test_no_interval_exceeds_the_highest_plausible_power(
    situation: Situation, share: float, most: float, length: float
) -> None:
    limited = replace(situation, most_power=most)
    assert_none_higher(limited.with_energy(share * most * limited.hours), most, length)


@unhurried
@given(situation=situations(long_ones), share=st.floats(0, 0.999))
def test_no_interval_exceeds_those_known_if_the_energy_fits(
    situation: Situation, share: float
) -> None:
    highest = max(situation.counted, default=0.0)
    fits = situation.with_energy(share * highest * situation.usable_hours)
    assert_none_higher(fits, highest, 900.0)


@unhurried
@given(situation=situations(), data=st.data())
def test_the_order_of_the_reference_does_not_matter(
    situation: Situation, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(situation.reference))
    one, other = situation.progress(), situation.progress(shuffled)
    for _, border in parts_of(situation.gap):
        assert one(border) == other(border)


@unhurried
@given(situation=situations())
def test_only_actual_intervals_of_the_channel_count(situation: Situation) -> None:
    counting = [
        each
        for each in situation.reference
        if each.quality is Quality.ACTUAL and getattr(each, situation.gap.channel) is not None
    ]
    one, other = situation.progress(), situation.progress(counting)
    for _, border in parts_of(situation.gap):
        assert one(border) == other(border)


habits = st.lists(powers, min_size=96, max_size=96)


@settings(unhurried, max_examples=30)
@given(
    time=st.tuples(starts, st.floats(2.1, 7 * 24)),
    zone=zones,
    channel=channels,
    length=st.sampled_from([300.0, 900.0]),
    days=st.tuples(habits, habits),
)
def test_a_household_of_regular_habits_is_reconstructed(
    *,
    time: tuple[int, float],
    zone: ZoneInfo,
    channel: str,
    length: float,
    days: tuple[list[float], list[float]],
) -> None:
    """It lives by the local clock, on every weekday as on the last, and so at weekends."""
    start, hours = time

    def power(local: datetime) -> float:
        return days[local.weekday() >= 5][local.hour * 4 + local.minute // 15]

    before = (start - REFERENCE_PERIOD, start)
    reference = lived(power, before, zone, length=length, channel=channel)
    end = start + hours * HOUR
    truth = [
        (begun, ended, power(datetime.fromtimestamp(begun, zone)) * (ended - begun) / HOUR)
        for begun, ended in parts_of(gap_of(start, end, 1.0))
    ]
    energy = sum(flowed for *_, flowed in truth)
    gap = gap_of(start, end, energy, channel)
    progress = shaped(gap, reference, zone=zone)
    for begun, ended, flowed in truth:
        assert energy_between(gap, progress, begun, ended) == pytest.approx(flowed, abs=1e-3)
