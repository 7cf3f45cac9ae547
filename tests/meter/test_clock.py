"""The clocks of a run."""

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter.clock import RunClock

BOOT = 1_780_000_000.0


def after(clock: RunClock, seconds: float, step: float = 0.0) -> RunClock:
    """Return the clocks some seconds later; wall time has stepped meanwhile."""
    return clock.after(clock.wall + seconds + step, clock.elapsed + seconds)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 90), st.floats(-1e9, 1e9).filter(lambda step: not 1.5 < abs(step) < 2.5)
        )
    )
)
def test_time_never_goes_back_and_never_stands_still(moves: list[tuple[float, float]]) -> None:
    """So much time counts as may have passed: a step ahead, but no step back."""
    clock = RunClock.starting(BOOT, 100.0)
    for seconds, step in moves:
        before, clock = clock, after(clock, seconds, step)
        assert clock.now - before.now == pytest.approx(max(seconds, seconds + step), abs=1e-3)
        assert clock.begun == BOOT
        if abs(step) > 2:
            assert clock.stepped - before.stepped == pytest.approx(step, abs=1e-3)
            assert clock.steady_since == clock.elapsed
        else:
            assert (clock.stepped, clock.steady_since) == (before.stepped, before.steady_since)
        assert RunClock.from_dict(clock.as_dict()) == clock


def test_wall_time_is_trusted_after_half_an_hour_without_a_step() -> None:
    clock = RunClock.starting(BOOT, 100.0)
    assert not after(clock, 1799.0).is_settled
    assert after(clock, 1800.0).is_settled
    stepped = after(after(clock, 1800.0), 5.0, step=-7200.0)
    assert not stepped.is_settled
    assert after(stepped, 1800.0).is_settled


def test_small_corrections_are_no_steps() -> None:
    clock = RunClock.starting(BOOT, 100.0)
    for _ in range(30):
        clock = after(clock, 60.0, step=1.9)
    assert clock.is_settled


def test_a_time_before_there_was_this_software_is_never_trusted() -> None:
    clock = after(RunClock.starting(0.0, 100.0), 86_400.0)
    assert clock.is_impossible
    assert not clock.is_settled


def test_a_monotonic_clock_that_goes_back_is_no_time_that_passes() -> None:
    """No real one does."""
    clock = RunClock.starting(BOOT, 100.0).after(BOOT + 5, 90.0)
    assert clock.now == BOOT + 5
