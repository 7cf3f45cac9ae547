"""What a house consumes, by counters that are read at different instants."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
import json
from math import floor

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter.house_balance import (
    KEPT_FOR,
    LARGEST_FLOW,
    House,
    HouseBalance,
    HousePoint,
)

SIGNS = {"grid": 1, "solar": -1, "battery": -1}
SECONDS = 240
ROUNDING = 1e-6

powers = st.integers(0, 20_000)
"""W"""


class Meter:
    """A meter whose two registers count in steps, and which is polled when it suits the bus."""

    def __init__(self, nets: Sequence[float], step: float, polls: Sequence[float]) -> None:
        """Measure so many W in each second, positive while importing."""
        self.nets = nets
        self.step = step
        self.polls = polls
        self.imported = [0.0, *accumulate(max(0.0, net) / 3600 for net in nets)]
        self.exported = [0.0, *accumulate(max(0.0, -net) / 3600 for net in nets)]

    def true(self, at: float) -> float:
        """Return what has been imported less what has been exported, without steps."""
        return _between(self.imported, at) - _between(self.exported, at)

    def point(self, at: float) -> HousePoint:
        """Return a reading."""
        steps = [
            floor(_between(register, at) / self.step + ROUNDING)
            for register in (self.imported, self.exported)
        ]
        imported, exported = (count * self.step for count in steps)
        return HousePoint(
            at=at,
            energy=imported - exported,
            gross=imported + exported,
            resolution=self.step,
            power=self.nets[min(int(at), SECONDS - 1)],
        )

    def off(self, at: float) -> float:
        """Return how far interpolation may be off: what flows between two readings, and a step.

        Both registers have a step.
        """
        after = bisect_right(self.polls, at)
        before, end = self.polls[max(0, after - 1)], self.polls[min(after, len(self.polls) - 1)]
        flowed = sum(
            _between(register, end) - _between(register, before)
            for register in (self.imported, self.exported)
        )
        return flowed + 2 * self.step


def _between(register: Sequence[float], at: float) -> float:
    second = min(int(at), SECONDS - 1)
    return register[second] + (at - second) * (register[second + 1] - register[second])


@st.composite
def houses(draw: st.DrawFn) -> dict[str, Meter]:
    """Return the meters of a house with any loads, steps and polls."""
    slices = draw(st.lists(st.tuples(powers, powers, st.integers(-9000, 9000)), min_size=1))
    slices = (slices * SECONDS)[:SECONDS]
    load, solar, battery = ([float(each) for each in power] for power in zip(*slices, strict=True))
    nets = {
        # The house consumes what all bring; what the grid brings is the rest.
        "grid": [c - s - b for c, s, b in zip(load, solar, battery, strict=True)],
        "solar": [-each for each in solar],
        "battery": [-each for each in battery],
    }
    meters = {}
    for name, net in nets.items():
        interval = draw(st.sampled_from([1, 5, 7, 30, 60]))
        skew = draw(st.floats(0, interval - 0.01))
        polls = [skew + count * interval for count in range(int((SECONDS - skew) / interval) + 1)]
        meters[name] = Meter(net, draw(st.sampled_from([0.001, 0.1, 1.0, 10.0, 100.0])), polls)
    return meters


def sweep(meters: dict[str, Meter]) -> list[tuple[float, str]]:
    """Return all polls of a house in turn."""
    return sorted((at, name) for name, meter in meters.items() for at in meter.polls)


def consumed(meters: dict[str, Meter], at: float) -> float:
    """Return the truth."""
    return sum(sign * meters[name].true(at) for name, sign in SIGNS.items())


@given(houses())
def test_it_is_the_truth_within_steps_and_interpolation(meters: dict[str, Meter]) -> None:
    """And never falls, whatever flows and however the polls are skewed."""
    balance, shown, began, most = HouseBalance().with_members(SIGNS), 0.0, None, 0.0
    read: dict[str, float] = {}
    for now, name in sweep(meters):
        read[name] = now
        balance, house = balance.with_point(name, meters[name].point(now))
        if house is None:
            continue
        # The latest instant that all have readings around.
        at = min(read.values())
        off = sum(meter.off(at) for meter in meters.values())
        if began is None:
            began, most = at, off
            assert house.energy == 0
        assert house.energy >= shown
        shown, most = house.energy, max(most, off)
        true = consumed(meters, at) - consumed(meters, began)
        first = sum(meter.off(began) for meter in meters.values())
        # What is published is the highest sum, which was at most as far off as any before.
        assert true - off - first - ROUNDING <= shown <= true + most + first + ROUNDING
        assert house.power is not None
        assert house.power >= 0


@given(houses(), st.data())
def test_nothing_falls_or_is_lost_in_restarts_and_kills(
    meters: dict[str, Meter], data: st.DataObject
) -> None:
    """A kill leaves an older file, with the offset and the margin of the end."""
    polls = sweep(meters)
    end = data.draw(st.integers(1, len(polls) - 1))
    old = data.draw(st.integers(0, end))
    kept = balance = HouseBalance().with_members(SIGNS)
    shown: list[float] = []
    for count, (now, name) in enumerate(polls):
        if count == end:
            latest = data.draw(st.booleans())
            stored = balance if latest else kept
            file = {**stored.as_dict(), "offset": balance.offset, "margin": balance.margin}
            balance = HouseBalance.from_dict(json.loads(json.dumps(file)), latest=latest)
            assert balance.with_members(dict(SIGNS)) is balance
        balance, house = balance.with_point(name, meters[name].point(now))
        if count == old:
            kept = balance
        shown += [house.energy] if house else []
    assert shown == sorted(shown)


def at(seconds: float, energy: float, power: float | None = 0.0) -> HousePoint:
    """Return a reading."""
    return HousePoint(at=seconds, energy=energy, gross=abs(energy), resolution=1, power=power)


def after(
    balance: HouseBalance, *read: tuple[str, HousePoint]
) -> tuple[HouseBalance, House | None]:
    """Return what follows from some readings."""
    house = None
    for name, point in read:
        balance, house = balance.with_point(name, point)
    return balance, house


TWO = HouseBalance().with_members({"grid": 1, "solar": -1})


def test_readings_are_brought_to_one_instant() -> None:
    """Energy and power; the sum of the latest readings would be wrong."""
    _, house = after(
        TWO,
        ("grid", at(0, 0, 1000)),
        ("solar", at(0, 0, -600)),
        ("grid", at(10, 100, 3000)),
        ("solar", at(5, -50, -800)),
    )
    assert house == House(energy=100, power=2800)


def test_nothing_is_known_before_all_have_an_instant_in_common() -> None:
    assert after(TWO, ("grid", at(0, 5)))[1] is None
    assert after(TWO, ("grid", at(0, 5)), ("solar", at(1, 5)))[1] is None
    assert after(TWO, ("grid", at(0, 5)), ("solar", at(1, 5)), ("grid", at(2, 7)))[1] == House(
        energy=0, power=0
    )


@pytest.mark.parametrize("unknown", ["grid", "solar"])
def test_an_unknown_power_makes_that_of_the_house_unknown(unknown: str) -> None:
    power = dict.fromkeys(("grid", "solar"), 5.0) | {unknown: None}
    read = [(name, at(0, 0, power[name])) for name in power]
    house = after(TWO, *read, ("grid", at(2, 1, 5.0)), ("solar", at(1, 0, power["solar"])))[1]
    assert house == House(energy=0.5, power=None)


def test_after_an_outage_the_counters_make_up_for_it() -> None:
    balance, _ = after(TWO, ("grid", at(0, 0)), ("solar", at(0, 0)))
    for second in range(5, 4000, 5):
        balance, _ = balance.with_point("grid", at(second, second))
    balance, house = after(balance, ("solar", at(4000, -500)))
    assert house is None
    _, house = after(balance, ("grid", at(4005, 4005)))
    assert house == House(energy=4500, power=0)


def test_few_readings_are_kept() -> None:
    balance = TWO
    for second in range(10_000):
        balance, _ = balance.with_point("grid", at(second, second))
    assert len(balance.tracks["grid"]) <= KEPT_FOR + 2


@given(st.lists(st.sampled_from([{"grid": 1, "solar": -1}, {"grid": 1, "solar": 1}, SIGNS])))
def test_other_members_continue_without_a_jump(changes: list[dict[str, int]]) -> None:
    """Whatever their counters are."""
    balance = HouseBalance(published=1234.0)
    for second, signs in enumerate([*changes, SIGNS]):
        balance = balance.with_members(signs)
        for place, name in enumerate(signs):
            balance, house = balance.with_point(name, at(second, 7e6 * (place + 1)))
        assert house == House(energy=1234.0, power=0)


@pytest.mark.parametrize(("flowed", "padding"), [(LARGEST_FLOW, LARGEST_FLOW), (9e6, 0)])
def test_a_counter_that_was_corrected_is_not_believed_to_be_off(
    flowed: float, padding: float
) -> None:
    """After a kill, that would be shown too much until it has flowed."""
    balance, _ = after(TWO, ("grid", at(0, 0)), ("solar", at(0, 0)))
    balance, _ = after(balance, ("grid", at(2, flowed)), ("solar", at(1, 0)), ("solar", at(2, 0)))
    steps = 4
    assert balance.published == flowed
    assert balance.margin == padding + steps
    killed = HouseBalance.from_dict(balance.as_dict(), latest=False)
    _, house = after(killed, ("grid", at(3, flowed)), ("solar", at(3, 0)))
    assert house == House(energy=flowed + padding + 2 * steps, power=0)
