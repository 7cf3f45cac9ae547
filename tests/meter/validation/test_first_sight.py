"""What a meter that replaces another counts, from when it was first seen."""

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.validation import (
    CounterFilter,
    CounterFilters,
    FirstSight,
    questions,
    validated,
)
from tests.meter.readings import reading_with

IMPORTED, EXPORTED = "energy_imported.total", "energy_exported.total"
CURRENT = 200.0
"""A; about 332 kW with the margin of two, so 92 Wh a second."""
HOUR = 3600.0


def showing(imported: float, exported: float | None = None, power: float = 0.0) -> Reading:
    """Return a reading with these registers in Wh and this power in W."""
    return reading_with(
        energy_imported=PerPhase(total=imported),
        energy_exported=PerPhase(total=exported),
        energy_resolution=1.0,
        power=PerPhase(total=power),
        whole=True,
    )


def counted(*reads: tuple[float, Reading], filters: CounterFilters | None = None) -> CounterFilters:
    """Return the filters after readings, each at a time in s."""
    after = filters or {}
    for at, reading in reads:
        after, _ = validated(after, reading, at, CURRENT)
    return after


def seen(at: float, imported: float, exported: float | None = None) -> FirstSight:
    """Return a meter that is seen for the first time."""
    reading = showing(imported, exported)
    sight = FirstSight.of("NEW", (at, reading), (at + 1, reading), CURRENT)
    assert sight is not None
    return sight


def old_meter(imported: float, exported: float | None = None) -> CounterFilters:
    """Return the filters of a meter that was last read at the time 0."""
    reading = showing(imported, exported)
    return counted((-5.0, reading), (0.0, reading))


@pytest.mark.parametrize("wrong", [0, 2**31])
def test_registers_that_do_not_agree_are_no_first_sight(wrong: int) -> None:
    """A single wrong count would be booked, or be missing, for good."""
    right, misread = (1.0, showing(777_000)), (0.0, showing(wrong))
    assert FirstSight.of("NEW", misread, right, CURRENT) is None
    sight = FirstSight.of("NEW", right, (2.0, showing(777_005)), CURRENT)
    assert sight is not None
    assert (sight.at, sight.imported, sight.exported) == (2.0, 777_000, None)


def test_a_meter_counts_from_when_it_was_first_seen() -> None:
    """So what it counts until the owner answers is published."""
    filters = seen(HOUR, 777_000, 20).continued(old_meter(5_000_000, 70_000), from_zero=False)
    assert filters[IMPORTED].published == 5_000_000
    later = showing(784_200, 25)
    filters = counted((7 * HOUR, later), (7 * HOUR + 1, later), filters=filters)
    assert filters[IMPORTED].published == 5_007_200
    assert filters[EXPORTED].published == 70_005


def test_a_meter_that_cannot_have_counted_so_much_since_is_asked_about() -> None:
    """It was exchanged again, or set to another number, before the owner answered."""
    filters = seen(HOUR, 7).continued(old_meter(5_000_000), from_zero=False)
    for number in range(13):
        filters = counted((2 * HOUR + 5 * number, showing(9_000_000)), filters=filters)
    assert filters[IMPORTED].published == 5_000_000
    assert questions(filters)


def test_a_meter_that_began_at_zero_counts_from_there() -> None:
    old, sight = old_meter(5_000_000, 70_000), seen(HOUR, 7_000, 20)
    assert sight.can_have_begun_at_zero(old)
    filters = sight.continued(old, from_zero=True)
    assert filters[IMPORTED].published == 5_007_000
    assert filters[EXPORTED].published == 70_020
    filters = counted((7 * HOUR, showing(7_009)), (7 * HOUR + 5, showing(7_009)), filters=filters)
    assert filters[IMPORTED].published == 5_007_009


def test_a_register_that_is_too_high_did_not_begin_at_zero() -> None:
    """332 kWh can have flowed in this hour, whatever the owner says."""
    old, sight = old_meter(5_000_000, 70_000), seen(HOUR, 400_000, 20)
    assert not sight.can_have_begun_at_zero(old)
    filters = sight.continued(old, from_zero=True)
    assert filters[IMPORTED].published == 5_000_000
    assert filters[EXPORTED].published == 70_020


def test_a_counter_that_was_never_read_since_an_earlier_replacement() -> None:
    """It is unknown since when it stands, so it only counts on."""
    old = {IMPORTED: CounterFilter(base=5_000_000)}
    sight = seen(HOUR, 20)
    assert not sight.can_have_begun_at_zero(old)
    filters = sight.continued(old, from_zero=True)
    assert filters[IMPORTED].published == 5_000_000


def test_only_counters_that_both_meters_have_are_continued() -> None:
    assert seen(HOUR, 20, 30).continued(old_meter(5_000), from_zero=True).keys() == {IMPORTED}
    filters = seen(HOUR, 20).continued(old_meter(5_000, 70), from_zero=True)
    assert filters[EXPORTED] == CounterFilter(base=70)
    assert seen(HOUR, 20, 9e9).can_have_begun_at_zero(old_meter(5_000))


@given(
    st.floats(0, 1e7),
    st.floats(0, 1e7),
    st.lists(st.integers(0, 90), min_size=2, max_size=30),
    st.sampled_from([0, 1, 60, 90]),
)
def test_it_publishes_exactly_what_flowed_since_it_was_seen(
    before: float, shown: float, flows: list[int], unseen: int
) -> None:
    """Each second up to 90 Wh, whatever either register showed, and however late the answer."""
    began_at_zero = unseen > 0
    register = float(unseen if began_at_zero else shown)
    old = counted((-5.0, showing(before)), (0.0, showing(before)))
    filters = seen(unseen, register).continued(old, from_zero=began_at_zero)
    base, now = before + unseen, unseen + 1.0
    for flow in (*flows, 0):
        register, now = register + flow, now + 1
        filters = counted((now, showing(register)), filters=filters)
        published = filters[IMPORTED].published
        assert published is not None
        assert published <= base + sum(flows) + 1e-6
    assert published == pytest.approx(base + sum(flows), abs=1e-6)
