"""The counter filter against wrong reads of any kind, judged by the true register.

The only assumption is that of two reads in a row, one is right. The filter knows nothing of the
truth, and the judge nothing of the filter but what it publishes.
"""

from dataclasses import dataclass

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.validation import CounterFilter, Read
from custom_components.dts307.meter.validation.limits import Limits

_MARGIN = 1.25
"""What is shown at once may be a quarter above what the power accounts for."""

RATED, UNRATED = 332_400.0, 8_310_000.0
"""W; 200 A on three phases, and no CT rating."""


@dataclass(frozen=True)
class Poll:
    """One poll: what flowed since the one before, and what was read."""

    seconds: float
    power: float
    wrong: float | None
    """Wh that the read is wrong by, or None"""


def polls() -> st.SearchStrategy[list[Poll]]:
    """Return polls of a house, of which no two in a row are wrong."""
    wrong = st.none() | st.one_of(
        st.floats(-20, 20), st.floats(-2000, 2000), st.sampled_from([-1e6, 1e6, 65_536.0, 1.0])
    )
    poll = st.builds(
        Poll,
        seconds=st.sampled_from([5.0, 5.0, 5.0, 1.0, 30.0, 60.0, 600.0, 10_800.0]),
        power=st.sampled_from([0.0, 300.0, 300.0, 2_000.0, 7_000.0, 20_000.0]),
        wrong=wrong,
    )
    return st.lists(poll, min_size=4, max_size=60).map(_without_two_wrong_in_a_row)


def _without_two_wrong_in_a_row(drawn: list[Poll]) -> list[Poll]:
    """Return the polls with the second of two wrong ones made right; the first two are right."""
    result: list[Poll] = []
    for number, poll in enumerate(drawn):
        right = number < 2 or result[-1].wrong is not None
        result.append(Poll(poll.seconds, poll.power, None) if right else poll)
    return result


@pytest.mark.parametrize("possible", [RATED, UNRATED])
@settings(max_examples=600, deadline=None)
@given(drawn=polls(), resolution=st.sampled_from([0.01, 1.0, 10.0]))
def test_what_is_published_is_true(drawn: list[Poll], possible: float, resolution: float) -> None:
    """It never falls, and is above the register by no more than the measured power allows.

    Two right reads in a row lift it to the first of them.
    """
    limits = Limits(possible_power=possible, resolution=resolution, modulus=resolution * 2**32)
    counter, now, true = CounterFilter(), 0.0, 6_000_000.0
    published, unconfirmed, rights = 0.0, 0.0, [0.0, 0.0]
    for poll in drawn:
        energy = poll.power * poll.seconds / 3600
        now += poll.seconds
        true += energy
        register = true // resolution * resolution
        raw = register if poll.wrong is None else max(0.0, register + poll.wrong)
        counter = counter.after(Read(value=raw, at=now, power=poll.power), limits)
        shown = counter.published or published
        assert shown >= published, "it fell"

        rights = [rights[1], register if poll.wrong is None else -1.0]
        unconfirmed = energy if min(rights) >= 0 else unconfirmed + energy
        assert shown <= max(published, true + (_MARGIN - 1) * unconfirmed + 2 * resolution)
        if min(rights) > 0 and poll.seconds <= 60:
            assert shown >= rights[0], "two right reads were held"
        published = shown


@pytest.mark.parametrize("possible", [RATED, UNRATED])
@pytest.mark.parametrize("step", [0.5, 1.0, 5.0, 50.0, 400.0, 1000.0])
def test_wrong_reads_that_climb_lead_nowhere(possible: float, step: float) -> None:
    """Every other read is wrong, each a little above the last wrong one."""
    limits = Limits(possible_power=possible, resolution=1.0, modulus=2.0**32)
    counter, now, true, wrong = CounterFilter(), 0.0, 6_000_000.0, 0.0
    for number in range(400):
        now += 5.0
        true += 300.0 * 5 / 3600
        if number > 2:
            wrong = max(wrong, true) + step
        raw = int(true) if number % 2 or number < 3 else int(wrong)
        counter = counter.after(Read(value=raw, at=now, power=300.0), limits)
    assert counter.published is not None
    assert abs(counter.published - true) <= 3
    assert counter.question is None


@pytest.mark.parametrize("minutes", [5, 15, 60])
@pytest.mark.parametrize("steady_power", [True, False])
def test_a_register_that_is_refreshed_rarely_is_shown_with_each_refresh(
    minutes: int, *, steady_power: bool
) -> None:
    """Whether the meter's power is refreshed as rarely as its counters, or not."""
    limits = Limits(possible_power=RATED, resolution=1.0, modulus=2.0**32)
    counter, true = CounterFilter(), 6_000_000.0
    register, stated, shown_late = true, 2_000.0, 0
    for number in range(minutes * 60 // 5 * 6):
        power = 2_000.0 if number // 100 % 3 else 3_000.0
        true += power * 5 / 3600
        if number % (minutes * 60 // 5) == 0:
            register, stated = float(int(true)), power
            shown_late = 0
        reported = stated if steady_power else power
        counter = counter.after(Read(value=register, at=5.0 * number, power=reported), limits)
        shown_late += counter.published != register
        assert shown_late <= 1
        assert counter.question is None
