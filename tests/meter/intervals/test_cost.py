"""Cost: energy at the price of its time, exact, once, and whatever the clock did."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
import json
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    CostAccount,
    IntervalGrid,
    Ledger,
    Prices,
    as_decimal,
    as_price,
    counter_at_borders,
    with_tracks,
)
from custom_components.dts307.meter.sample import Sample
from tests.meter.ledgers import NEW_YORK, SERIAL, at, read

BEGIN = at("06-10", "12:00:00")
QUARTER = 900.0
GRID = IntervalGrid(zone=NEW_YORK, seconds=QUARTER)
ROUNDING = Decimal("1e-12")
"""What one booking may be off, as it is rounded."""

PRICES = st.decimals(-2, 5, places=5)
INSTANTS = st.floats(BEGIN, BEGIN + 86400.0)
CHANGES = st.lists(st.tuples(INSTANTS, PRICES), max_size=8)


def prices(*changes: tuple[float, str]) -> Prices:
    """Return prices that change at these instants."""
    return Prices(tuple((when, Decimal(price)) for when, price in changes))


def stepped(first: Decimal, changes: list[tuple[float, Decimal]]) -> Prices:
    """Return prices that become known one after the other."""
    found = Prices(((0.0, first),))
    for when, price in sorted(changes, key=lambda change: change[0]):
        found = found.after(when, price)
    return found


def account(of: Prices, counter: float | None = 1000.0) -> CostAccount:
    """Return an account that is booked up to noon."""
    return CostAccount(prices=of, until=BEGIN, counter=counter)


def counts(*wh: float, step: float = QUARTER) -> list[Sample]:
    """Return a counter after each interval."""
    return [Sample(value=value, at=BEGIN + step * (n + 1)) for n, value in enumerate(wh)]


def flow(power: float) -> Callable[[float], Sample]:
    """Return the counter at any instant while a constant power in W flows."""
    return lambda when: Sample(value=1000.0 + power * (when - BEGIN) / 3600, at=when)


def test_energy_that_nobody_saw_costs_the_price_of_its_time() -> None:
    """1 kWh, then 10 kWh in an outage, and the price changes as the meter is back."""
    booked = account(prices((0, "0.10"), (BEGIN + 8 * QUARTER, "0.50"))).booked(
        counts(2000, *(2000 + 10_000 * n / 7 for n in range(1, 8))), BEGIN + 8 * QUARTER
    )
    assert booked.total == pytest.approx(Decimal("1.10"), abs=ROUNDING * 8)
    assert booked.until == BEGIN + 8 * QUARTER
    assert booked.prices == prices((BEGIN + 8 * QUARTER, "0.50"))


@settings(deadline=None, max_examples=40)
@given(price=PRICES, energies=st.lists(st.integers(0, 40_000), min_size=1, max_size=30))
def test_at_a_constant_price_cost_is_price_times_energy(
    price: Decimal, energies: list[int]
) -> None:
    counter, values = 1000, []
    for energy in energies:
        counter += energy
        values.append(float(counter))
    total = account(Prices(((0.0, price),))).after(counts(*values)).total
    assert total == price * sum(energies) / 1000


@settings(deadline=None, max_examples=40)
@given(
    first=PRICES,
    changes=CHANGES,
    instants=st.lists(INSTANTS, min_size=1, max_size=30, unique=True).map(sorted),
    power=st.integers(0, 20_000),
)
def test_the_mean_price_is_the_integral_of_the_steps(
    first: Decimal, changes: list[tuple[float, Decimal]], instants: list[float], power: int
) -> None:
    """However a time is divided: each piece at its own price, weighted by time."""
    known = stepped(first, changes)
    whole = (BEGIN, *(each for each in instants if each > BEGIN), BEGIN + 90_000.0)

    def integral(start: float, end: float) -> Fraction:
        return known.mean(start, end) * (Fraction(end) - Fraction(start))

    parts = sum((integral(*pair) for pair in pairwise(whole)), Fraction())
    assert parts == integral(whole[0], whole[-1])
    # Energy that flows evenly costs the same, into however many intervals its time is divided.
    total = account(known).after(list(map(flow(power), whole[1:]))).total
    exact = Fraction(power) * integral(whole[0], whole[-1]) / 3_600_000
    assert total == pytest.approx(as_decimal(exact), abs=Decimal("1e-9"))


@settings(deadline=None, max_examples=40)
@given(first=PRICES, changes=CHANGES, pauses=st.sets(st.integers(1, 96)))
def test_whenever_it_is_booked_the_total_is_the_same(
    first: Decimal, changes: list[tuple[float, Decimal]], pauses: set[int]
) -> None:
    """At each border, all at once, and again after a kill."""
    known = stepped(first, changes)
    borders = [Sample(value=1000.0 + 37 * n, at=BEGIN + QUARTER * n) for n in range(97)]
    at_once = account(known).booked(borders, borders[-1].at)
    step_by_step, done = account(known), 0
    for pause in sorted(pauses | {96}):
        part = borders[done : pause + 1]
        killed = step_by_step
        step_by_step = step_by_step.booked(part, part[-1].at)
        assert killed.booked(part, part[-1].at) == step_by_step
        done = pause
    assert step_by_step == at_once
    # What was booked changes nothing when it is booked again.
    assert step_by_step.after(borders).total == at_once.total


@settings(deadline=None, max_examples=40)
@given(
    first=PRICES,
    changes=st.lists(st.tuples(st.sampled_from(range(0, 86400, 600)), PRICES), max_size=12),
)
def test_a_change_takes_back_what_was_to_follow(
    first: Decimal, changes: list[tuple[int, Decimal]]
) -> None:
    """A clock that was ahead gave them their time."""
    found, model = Prices(((0.0, first),)), [(0.0, first)]
    for when, price in changes:
        found = found.after(BEGIN + when, price)
        model = [*(each for each in model if each[0] < BEGIN + when), (BEGIN + when, price)]
    for second in range(0, 86400, 1800):
        start, end = BEGIN + second, BEGIN + second + 1
        holds = [price for when, price in model if when <= start][-1]
        assert found.mean(start, end) == Fraction(holds)
    assert all(one[0] < two[0] and one[1] != two[1] for one, two in pairwise(found.changes))


def test_a_price_that_never_rests_is_thinned() -> None:
    found = prices((0, "0.1"))
    for second in range(30_000):
        found = found.after(BEGIN + second, Decimal(second) / 1000)
    assert len(found.changes) <= 10_000
    whole = float(found.mean(BEGIN, BEGIN + 30_000))
    assert whole == pytest.approx(15, rel=0.01)


def test_before_the_first_price_it_is_the_first() -> None:
    assert prices((BEGIN + 900, "0.3")).mean(BEGIN, BEGIN + 450) == Fraction(3, 10)


def test_a_negative_price_pays() -> None:
    assert account(prices((0, "-0.05"))).after(counts(5000)).total == Decimal("-0.20")


def test_a_counter_that_is_known_late_begins_then() -> None:
    late = account(prices((0, "0.1")), None).after(counts(5000, 6000))
    assert (late.counter, late.total) == (6000, Decimal("0.1"))


def test_what_was_booked_too_high_is_not_booked_again() -> None:
    """A clock that was ahead made the counter seem higher at a border than it was."""
    ahead = account(prices((0, "0.1"))).booked(counts(3000), BEGIN + QUARTER)
    assert ahead.after([Sample(value=2000.0, at=BEGIN)]) == ahead
    back = ahead.booked([], BEGIN)
    assert (back.until, back.counter, back.total) == (BEGIN, 3000, Decimal("0.2"))
    assert back.after(counts(2000, 2999, 3500)).total == Decimal("0.25")
    # The border itself may have been before what is booked.
    lower = [Sample(value=1000.0, at=BEGIN), *counts(3500)]
    assert back.after(lower).total == Decimal("0.25")


@settings(deadline=None, max_examples=60)
@given(
    price=PRICES,
    bookings=st.lists(
        st.tuples(
            st.integers(0, 5000),
            st.integers(0, 96),
            st.lists(st.tuples(st.integers(1, 96), st.integers(0, 9000)), max_size=6),
        ),
        max_size=8,
    ),
)
def test_whatever_the_clock_did_all_energy_is_booked_once(
    price: Decimal, bookings: list[tuple[int, int, list[tuple[int, int]]]]
) -> None:
    """Counts at past borders may change, and the latest border may be earlier than before."""
    booked, newest = account(Prices(((0.0, price),))), 1000
    for energy, border, earlier in bookings:
        newest += energy
        known = {BEGIN + QUARTER * n: float(min(newest, 1000 + wh)) for n, wh in earlier}
        latest = max(booked.until + QUARTER, BEGIN + QUARTER * 97)
        at_borders = [Sample(value=wh, at=when) for when, wh in sorted(known.items())]
        at_borders.append(Sample(value=float(newest), at=latest))
        booked = booked.booked(at_borders, BEGIN + QUARTER * border)
        assert booked.counter == newest
        assert booked.total == price * (newest - 1000) / 1000


def test_a_counter_that_begins_anew_costs_nothing() -> None:
    """Its stored state was lost, and so is where it was."""
    lost = account(prices((0, "0.1"))).after(counts(3000, 500, 1500))
    assert (lost.counter, lost.total) == (3000, Decimal("0.2"))
    later = [Sample(value=1500.0 + n, at=BEGIN + QUARTER * (3 + n)) for n in (0, 500)]
    assert lost.after(later).total == Decimal("0.25")


@settings(deadline=None, max_examples=40)
@given(account_=st.builds(CostAccount, prices=st.builds(stepped, PRICES, CHANGES), until=INSTANTS))
def test_an_account_survives_a_restart(account_: CostAccount) -> None:
    after = account_.booked(counts(1000, 5321), BEGIN + 2 * QUARTER)
    for each in (account_, after):
        assert CostAccount.from_dict(json.loads(json.dumps(each.as_dict()))) == each


@pytest.mark.parametrize(
    ("price", "known"),
    [("NaN", None), ("-inf", None), ("1e10", None), ("1e-999999", "0"), ("-0.123", "-0.123")],
)
def test_what_can_be_a_price(price: str, known: str | None) -> None:
    assert as_price(Decimal(price)) == (None if known is None else Decimal(known))


@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [
        (ZoneInfo("Europe/Berlin"), at("03-29", zone=ZoneInfo("Europe/Berlin")), 23),
        (ZoneInfo("Europe/Berlin"), at("10-25", zone=ZoneInfo("Europe/Berlin")), 25),
        (ZoneInfo("Australia/Lord_Howe"), at("04-05", zone=ZoneInfo("Australia/Lord_Howe")), 24.5),
    ],
)
def test_a_day_on_which_the_clock_is_changed(zone: ZoneInfo, start: float, hours: float) -> None:
    """The price of each hour, and the energy of a gap over it; 1 kW flows."""
    grid = IntervalGrid(zone=zone, seconds=QUARTER)
    ledger = read(read(Ledger(), start, 1000), start + hours * 3600, 1000 + hours * 1000)
    of = prices((0, "0"))
    for hour in range(25):
        of = of.after(start + hour * 3600, Decimal(hour) / 100)
    reads = counter_at_borders(
        with_tracks(ledger, ledger.recent), "imported", start, start + 86400 * 2, grid=grid
    )
    total = CostAccount(prices=of, until=start).after(reads).total
    assert reads[-1].at == start + hours * 3600
    whole, half = divmod(hours, 1)
    expected = sum(Decimal(hour) for hour in range(int(whole))) + Decimal(half) * int(whole)
    assert total == pytest.approx(expected / 100, abs=Decimal("1e-9"))


def test_borders_at_which_a_counter_is_not_known_are_left_out() -> None:
    ledger = read(read(Ledger(), BEGIN + 10, 1000), BEGIN + 2000, 1199)
    known = counter_at_borders(
        with_tracks(ledger, ledger.recent), "imported", BEGIN, BEGIN + 9000, grid=GRID
    )
    assert [count.at for count in known] == [BEGIN + 900, BEGIN + 1800]
    assert known[0].value == pytest.approx(1089)


def test_a_counter_that_was_last_believed_exactly_at_a_border() -> None:
    """It is known there, for however long it is in question after that."""
    ledger = read(read(Ledger(), BEGIN - 5, 1000), BEGIN, 1020)
    seen = Sample(value=0, at=BEGIN + 3600)
    ledger = ledger.after({"seen": seen}, SERIAL, NEW_YORK)
    known = counter_at_borders(
        with_tracks(ledger, ledger.recent), "imported", BEGIN - 900, BEGIN + 9000, grid=GRID
    )
    assert known == [Sample(value=1020, at=BEGIN)]
