"""A change counts once the new value has held for long enough."""

from hypothesis import given, strategies as st

from custom_components.dts307.automation.sustained_change import SustainedChange

HOLD = 10


def test_the_value_at_the_start_is_not_a_change() -> None:
    change = SustainedChange({"on"}, HOLD)
    change.see("on", 0)
    assert change.due is None


def test_it_is_due_after_the_hold_time() -> None:
    change = SustainedChange({"on"}, HOLD)
    change.see("off", 0)
    change.see("on", 5)
    assert change.due == 15
    change.see("on", 8)
    assert change.due == 15
    change.reach()
    change.see("on", 30)
    assert change.due is None


def test_a_change_back_ends_the_wait() -> None:
    change = SustainedChange({"on"}, HOLD)
    change.see("off", 0)
    change.see("on", 5)
    change.see("off", 6)
    assert change.due is None
    change.see("on", 7)
    assert change.due == 17


def test_silence_does_not_count() -> None:
    change = SustainedChange({"on"}, HOLD)
    change.see("off", 0)
    change.see("on", 5)
    change.see(None, 8)
    assert change.due is None
    change.see(None, 20)
    change.see("on", 100)
    assert change.due == 107


def test_a_change_during_silence_is_seen_afterwards() -> None:
    change = SustainedChange({"on"}, 0)
    change.see(None, 0)
    change.see("off", 1)
    change.see(None, 2)
    change.see("on", 3)
    assert change.due == 3


def test_a_change_back_during_silence_ends_the_wait() -> None:
    change = SustainedChange({"on"}, HOLD)
    change.see("off", 0)
    change.see("on", 1)
    change.see(None, 2)
    change.see("off", 3)
    change.see("on", 4)
    assert change.due == 14


def test_another_of_the_values_wanted_goes_on_with_the_wait() -> None:
    """Two wanted values may alternate without an end."""
    change = SustainedChange({"high", "over"}, HOLD)
    change.see("low", 0)
    change.see("high", 1)
    assert change.pending == "high"
    change.see("over", 5)
    assert change.pending == "over"
    assert change.due == 11
    change.reach()
    assert change.pending is None
    change.see("high", 20)
    assert change.due == 30


VALUES = st.sampled_from(["low", "high", "over", None])
HISTORIES = st.lists(st.tuples(VALUES, st.integers(1, 8)), max_size=60)


def reached(history: list[tuple[str | None, int]]) -> list[tuple[str, float]]:
    """Go through a history second by second; return each change that lasted, and when."""
    found: list[tuple[str, float]] = []
    settled = None
    run = 0
    seconds = [value for value, count in history for _ in range(count)]
    for now, value in enumerate(seconds):
        if value is None:
            continue
        if settled is None or value == "low":
            settled = value
        run = 0 if value == settled else run + 1
        # In its first second, a value has held for none.
        if run == HOLD + 1:
            found.append((value, now))
            settled, run = value, 0
    return found


def watched(history: list[tuple[str | None, int]]) -> list[tuple[str, float]]:
    """Go through a history change by change; return each change that lasted, and when."""
    change, found, now = SustainedChange[str]({"high", "over"}, HOLD), [], 0
    for value, seconds in history:
        change.see(value, now)
        now += seconds
        if value is not None and change.due is not None and change.due < now:
            found.append((value, change.due))
            change.reach()
    return found


@given(HISTORIES)
def test_it_agrees_with_counting_the_seconds(history: list[tuple[str | None, int]]) -> None:
    assert watched(history) == reached(history)
