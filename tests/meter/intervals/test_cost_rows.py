"""The hourly rows of a cost: what outages left wrong, also where the total falls."""

from decimal import Decimal

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    HOUR,
    HourEnd,
    Refill,
    Row,
    cost_hours,
    cost_refills,
)

OFFSET = 40.0


def hour(number: int, total: float, *, measured: bool = True) -> HourEnd:
    """Return an hour with the total of cost at its end."""
    end = (number + 1) * HOUR
    (found,) = cost_hours(
        [HourEnd(end=end, counter=5e6, lowest=4e6, highest=6e6, measured=measured)],
        {end: Decimal(str(total))},
    )
    return found


def row(number: int, state: float, *, adjusted: float = 0.0) -> Row:
    """Return the row of an hour."""
    return Row(start=number * HOUR, state=state, sum=state - OFFSET + adjusted)


def rows(*found: Row) -> dict[float, Row]:
    """Return rows by their start."""
    return {each.start: each for each in found}


def test_an_outage_in_which_prices_were_negative() -> None:
    """The rows of it repeat the total from before, and all of it is in the hour after it."""
    hours = [
        hour(0, 50.0),
        hour(1, 49.0, measured=False),
        hour(2, 47.5, measured=False),
        hour(3, 48.5),
    ]
    booked = rows(row(0, 49.99), row(1, 49.99), row(3, 48.49))
    found, checked = cost_refills(hours, booked)
    assert found == [
        Refill(
            rows=(row(1, 49.0), row(2, 47.5)),
            replaced=(row(1, 49.99), row(2, 49.99)),
        )
    ]
    assert checked == 4 * HOUR
    right = {**booked, **rows(*found[0].rows)}
    assert cost_refills(hours, right) == ([], 4 * HOUR)


def test_a_meter_that_is_back_in_the_last_seconds() -> None:
    """The row of that hour still shows the total from before. The next one is right."""
    hours = [hour(0, 50.0), hour(1, 52.0, measured=False), hour(2, 54.0), hour(3, 55.0)]
    booked = rows(*(row(number, 50.0) for number in range(3)), row(3, 54.99))
    (found,), _ = cost_refills(hours, booked)
    assert found.rows == (row(1, 52.0), row(2, 54.0))


def test_a_sum_that_was_adjusted_stays() -> None:
    hours = [hour(0, 50.0), hour(1, 52.0, measured=False), hour(2, 54.0)]
    booked = rows(row(0, 50.0), row(1, 50.0), row(2, 54.0, adjusted=3.0))
    assert cost_refills(hours, booked) == ([], 3 * HOUR)


def test_nothing_is_changed_across_an_unknown_total() -> None:
    hours = [hour(0, 50.0), hour(2, 54.0, measured=False), hour(3, 55.0)]
    booked = rows(*(row(number, 50.0) for number in range(3)), row(3, 55.0))
    assert cost_refills(hours, booked) == ([], 4 * HOUR)


def test_an_outage_that_is_not_over() -> None:
    assert cost_refills([hour(0, 50.0), hour(1, 52.0, measured=False)], rows(row(0, 50.0))) == (
        [],
        HOUR,
    )
    assert cost_refills([], {}) == ([], None)


@given(
    changes=st.lists(
        st.tuples(st.integers(-500, 500), st.booleans(), st.booleans()), min_size=1, max_size=30
    )
)
def test_only_hours_that_nobody_read_are_touched(
    changes: list[tuple[int, bool, bool]],
) -> None:
    """Afterwards, every hour between two measured ones shows its own cost, and no other moved."""
    total, hours, booked, shown = 50.0, [hour(0, 50.0)], rows(row(0, 50.0)), 50.0
    for number, (change, measured, has_row) in enumerate(changes, 1):
        total = round(total + change / 100, 2)
        hours.append(hour(number, total, measured=measured))
        shown = total if measured else shown
        if measured or has_row:
            booked |= rows(row(number, shown))
    found, checked = cost_refills(hours, booked)
    after = dict(booked)
    for refill in found:
        after |= rows(*refill.rows)
    measured_ends = [each for each in hours if each.measured]
    for each in hours:
        if each.end > measured_ends[-1].end:
            # A row that happens to show the total ends an outage, too.
            assert booked.get(each.start) in {None, after.get(each.start)}
            continue
        assert after[each.start].state == pytest.approx(each.counter)
        assert after[each.start].offset == pytest.approx(OFFSET)
        if each.measured:
            assert after[each.start] == booked[each.start]
    assert checked is not None
    assert checked >= measured_ends[-1].end
    assert cost_refills(hours, after)[0] == []
