"""When a value has begun to hold for long enough, as far as anyone knows."""

from hypothesis import given, strategies as st

from custom_components.dts307.automation.debounce import Debounce

HOLD = 10


def test_what_held_from_the_start_is_not_news() -> None:
    onset = Debounce({"on"}, HOLD)
    onset.see("on", 0)
    assert onset.due is None


def test_it_is_due_after_the_hold_time() -> None:
    onset = Debounce({"on"}, HOLD)
    onset.see("off", 0)
    onset.see("on", 5)
    assert onset.due == 15
    onset.see("on", 8)
    assert onset.due == 15
    onset.reach()
    onset.see("on", 30)
    assert onset.due is None


def test_it_does_not_hold_if_it_goes_back() -> None:
    onset = Debounce({"on"}, HOLD)
    onset.see("off", 0)
    onset.see("on", 5)
    onset.see("off", 6)
    assert onset.due is None
    onset.see("on", 7)
    assert onset.due == 17


def test_silence_does_not_count() -> None:
    onset = Debounce({"on"}, HOLD)
    onset.see("off", 0)
    onset.see("on", 5)
    onset.see(None, 8)
    assert onset.due is None
    onset.see(None, 20)
    onset.see("on", 100)
    assert onset.due == 107


def test_a_change_during_silence_is_seen_afterwards() -> None:
    onset = Debounce({"on"}, 0)
    onset.see(None, 0)
    onset.see("off", 1)
    onset.see(None, 2)
    onset.see("on", 3)
    assert onset.due == 3


def test_a_change_back_during_silence_ends_the_wait() -> None:
    onset = Debounce({"on"}, HOLD)
    onset.see("off", 0)
    onset.see("on", 1)
    onset.see(None, 2)
    onset.see("off", 3)
    onset.see("on", 4)
    assert onset.due == 14


def test_another_of_the_values_wanted_goes_on_with_the_wait() -> None:
    """They may alternate for ever, and each of them is worth being told."""
    onset = Debounce({"high", "over"}, HOLD)
    onset.see("low", 0)
    onset.see("high", 1)
    assert onset.pending == "high"
    onset.see("over", 5)
    assert onset.pending == "over"
    assert onset.due == 11
    onset.reach()
    assert onset.pending is None
    onset.see("high", 20)
    assert onset.due == 30


VALUES = st.sampled_from(["low", "high", "over", None])
HISTORIES = st.lists(st.tuples(VALUES, st.integers(1, 8)), max_size=60)


def reached(history: list[tuple[str | None, int]]) -> list[tuple[str, float]]:
    """Go through a history second by second; return what was reached, and when."""
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
    """Watch a history change by change; return what was reached, and when."""
    onset, found, now = Debounce[str]({"high", "over"}, HOLD), [], 0
    for value, seconds in history:
        onset.see(value, now)
        now += seconds
        if value is not None and onset.due is not None and onset.due < now:
            found.append((value, onset.due))
            onset.reach()
    return found


@given(HISTORIES)
def test_it_agrees_with_counting_the_seconds(history: list[tuple[str | None, int]]) -> None:
    assert watched(history) == reached(history)
