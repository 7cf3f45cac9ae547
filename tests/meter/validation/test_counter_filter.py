"""The counter filter, case by case; test_counter_model.py compares it with the truth."""

from dataclasses import replace
from typing import Any

from hypothesis import assume, example, given, settings, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import (
    CounterAnswer,
    CounterFilter,
    CounterFilters,
    CounterQuestion,
    FirstSight,
    Read,
    RegisterReads,
    answered,
    awaiting_reconfirmation,
    questions,
    register_reads,
    validated,
    without_counters,
)
from custom_components.dts307.meter.validation.limits import (
    DEFAULT_SERVICE_CURRENT,
    Limits,
    counter_limits,
    measured_power,
)
from custom_components.dts307.meter.validation.read import Measured
from tests.meter.device import reading_of
from tests.meter.published import encode

LIMITS = Limits(possible_power=72_000.0, resolution=1.0, modulus=2.0**32)
"""20 Wh a second."""
UNSEEN = FirstSight(serial_number="NEW", at=0.0, registers={}, possible_power=0.0)
"""A meter that showed none of its counters when it was first seen."""
POWER = 57_600.0
"""W that the meter measures; with the margin for what is not measured, 20 Wh a second."""


FINE_RANGE = 2.0**32 / 100
FINE = Limits(possible_power=332_400.0, resolution=0.01, modulus=FINE_RANGE)


def after(
    counter: CounterFilter, raw: float, now: float, limits: Limits, power: float = POWER
) -> CounterFilter:
    """Return a counter filter after a read."""
    return counter.after(Read(value=raw, at=now, power=power), limits)


def read(
    counter: CounterFilter,
    *registers: float,
    begin: float = 0.0,
    every: float = 5.0,
    power: float = POWER,
) -> CounterFilter:
    """Return a counter filter after reads at an interval in s."""
    for number, raw in enumerate(registers):
        counter = after(counter, raw, begin + every * number, LIMITS, power)
    return counter


def trusted(raw: float, power: float = POWER) -> CounterFilter:
    """Return a counter filter that trusts ``raw`` Wh at the time 0."""
    return read(CounterFilter(), raw, raw, begin=-5.0, power=power)


def test_the_first_read_needs_a_second_one() -> None:
    assert read(CounterFilter(), 5000).published is None
    assert read(CounterFilter(), 5000, 5010).published == 5010
    assert read(CounterFilter(), 0, 5000).published is None
    assert read(CounterFilter(), 0, 5000, 5010).published == 5010


def test_reads_far_apart_do_not_confirm_each_other() -> None:
    """Within hours a counter can move so far that a misread would agree as well."""
    assert read(CounterFilter(), 5000, 9000, every=3600).published is None


def test_a_meter_that_has_never_exported_shows_zero() -> None:
    assert read(CounterFilter(), 0, 0).published == 0


def test_a_read_within_the_likely_reach_is_believed_at_once() -> None:
    """The reach is that of the last two reads, as the last may have been too low."""
    assert after(trusted(5000), 5201, 5.0, LIMITS).published == 5201


def test_a_read_beyond_the_likely_reach_needs_a_second_one() -> None:
    """A register that is read in two halves may be off by 65,536 counts, which can be possible."""
    counter = trusted(5000, power=0.0)
    counter = read(counter, 5008, 5016, begin=5.0, power=5760.0)
    assert after(counter, 5027, 15.0, LIMITS, 5760.0).published == 5027
    held = after(counter, 5028, 15.0, LIMITS, 5760.0)
    assert held.published == 5016
    assert after(held, 5034, 20.0, LIMITS, 5760.0).published == 5034
    assert after(held, 5024, 20.0, LIMITS, 5760.0).published == 5024


def test_a_wrong_reading_cannot_account_for_its_own_wrong_count() -> None:
    """The lower of two powers counts. A load that was switched on shows with the next read."""
    idle = after(trusted(5000, power=0.0), 5000, 5.0, LIMITS, 0.0)
    switched_on = after(idle, 5010, 10.0, LIMITS, 7200.0)
    assert switched_on.published == 5000
    assert after(switched_on, 5020, 15.0, LIMITS, 7200.0).published == 5020


@pytest.mark.parametrize("wrong", [0.0, 5202.0, 2.0**32 - 2, 4999.0])
def test_a_single_misread_is_never_published(wrong: float) -> None:
    counter = after(trusted(5000), wrong, 5.0, LIMITS)
    assert counter.published == 5000
    counter = after(counter, 5020, 10.0, LIMITS)
    assert counter.contender is None
    assert counter.published == 5020


def test_after_an_outage_a_second_read_has_to_agree() -> None:
    outage = 86_400.0
    counter = after(trusted(5000), 900_000, outage, LIMITS)
    assert counter.published == 5000
    assert after(counter, 900_010, outage + 5, LIMITS).published == 900_010
    assert after(counter, 300_000, outage + 5, LIMITS).published == 5000


def test_a_step_back_of_one_count_is_never_published() -> None:
    counter = read(trusted(5000), 4999, 4999, 4999, begin=5.0)
    assert counter.published == 5000
    assert counter.question is None
    assert read(counter, 5001, begin=20.0).published == 5001


def test_a_rollover_goes_on() -> None:
    counter = trusted(2.0**32 - 50)
    counter = read(counter, 10, 20, begin=5.0)
    assert counter.published == 2**32 + 20
    assert read(counter, 30, begin=15.0).published == 2**32 + 30


def quarantined(counter: CounterFilter, register: float) -> CounterFilter:
    """Return a counter filter after its register has shown another number for over a minute."""
    return read(counter, *[register] * 13, begin=5.0)


def test_a_candidate_that_lasts_becomes_a_question() -> None:
    counter = trusted(500_000)
    back, leap = quarantined(counter, 7.0), quarantined(counter, 900_000.0)
    assert back.question is CounterQuestion.SET_BACK
    assert leap.question is CounterQuestion.LEAP
    assert read(back, *[7.0] * 1).published == 500_000
    assert read(counter, *[7.0] * 12, begin=5.0).question is None
    assert read(counter, *[7.0] * 5, begin=5.0, every=60.0).question is None
    assert CounterFilter().question is None


def test_the_question_goes_when_the_register_is_right_again() -> None:
    counter = read(quarantined(trusted(500_000), 7.0), 500_100, 500_101, begin=70.0)
    assert counter.question is None
    assert counter.published == 500_101


def test_the_answer_that_it_was_set_back_to_zero() -> None:
    """What the register shows has been counted since."""
    counter = quarantined(trusted(500_000), 7.0).answered(CounterAnswer.ZERO, LIMITS)
    assert counter.published == 500_007
    assert counter.question is None
    assert read(counter, 17.0, begin=70.0).published == 500_017


def test_an_answer_does_not_count_again_what_the_register_fell_by() -> None:
    """It was published already when the register fell by one count."""
    counter = read(trusted(500_000), 499_999, 499_999, begin=5.0)
    assert counter.published == 500_000
    counter = read(counter, *[7.0] * 13, begin=15.0).answered(CounterAnswer.ZERO, LIMITS)
    assert counter.published == 500_006


@pytest.mark.parametrize("answer", [CounterAnswer.ZERO, CounterAnswer.ELSEWHERE])
@pytest.mark.parametrize("back_after", [70.0, 600.0, 7200.0])
def test_a_meter_that_only_started_doubles_nothing(
    answer: CounterAnswer, back_after: float
) -> None:
    """It showed zeros for a while, and the owner took that for a reset."""
    counter = quarantined(trusted(500_000, power=2000.0), 0.0).answered(answer, LIMITS)
    assert counter.published == 500_000
    counter = read(counter, 0, 0, begin=70.0, power=0.0)
    counter = read(counter, 500_030, 500_033, begin=70.0 + back_after, power=2000.0)
    assert counter.published == 500_033
    counter = read(counter, *[500_036] * 20, begin=80.0 + back_after, power=2000.0)
    assert counter.published == 500_036
    assert counter.question is None


def test_a_counter_that_was_set_back_passes_its_old_value_as_any_other() -> None:
    """It does not return to where it was before, though it gets to that number."""
    counter = quarantined(trusted(500), 0.0).answered(CounterAnswer.ZERO, LIMITS)
    now = 70.0
    for register in range(0, 1500, 7):
        counter = after(counter, register, now, LIMITS, 5_000.0)
        now += 5.0
    assert counter.published == 500 + 1498


@pytest.mark.parametrize("before", [450.0, 500.0, 525.0, 550.0, 570.0])
def test_a_counter_that_passes_its_old_value_at_the_answer_is_not_back_there(before: float) -> None:
    """The power shows that it is on its way."""
    counter = read(trusted(before), *range(58, 550, 29), begin=5.0, power=21_000.0)
    assert counter.question is CounterQuestion.SET_BACK
    counter = counter.answered(CounterAnswer.ZERO, LIMITS)
    counter = read(counter, *range(551, 700, 29), begin=90.0, power=21_000.0)
    assert counter.published == before + 696


def test_the_answer_that_it_was_set_back_to_another_number() -> None:
    """Where it started is unknown, so it counts from where it was first seen."""
    counter = quarantined(trusted(500_000), 250_000.0).answered(CounterAnswer.ELSEWHERE, LIMITS)
    assert counter.published == 500_000
    assert read(counter, 250_010.0, begin=70.0).published == 500_010


@pytest.mark.parametrize("hours", [1, 48])
def test_the_answer_that_it_rolled_over(hours: int) -> None:
    """More flowed in an outage than the power before and after it shows."""
    left, flowed = 20_000.0, 10_000.0 * hours + 20_000.0
    counter = read(CounterFilter(), *[FINE_RANGE - left] * 3, begin=-10.0, power=100.0)
    for number in range(14):
        now = 3600.0 * hours + 5 * number
        counter = after(counter, flowed - left, now, FINE, 100.0)
    assert counter.question is CounterQuestion.SET_BACK
    assert counter.can_have_rolled_over(FINE)
    counter = counter.answered(CounterAnswer.ROLLED_OVER, FINE)
    assert counter.published == pytest.approx(FINE_RANGE - left + flowed)
    counter = after(counter, flowed - left + 1, now + 5, FINE, 1000.0)
    assert counter.published == pytest.approx(FINE_RANGE - left + flowed + 1)


@pytest.mark.parametrize(
    ("before", "limits"),
    [
        (FINE_RANGE - 200_000.0, FINE),
        (FINE_RANGE * 15 / 16 - 1, replace(FINE, possible_power=1e12)),
        (500_000.0, replace(FINE, modulus=None)),
    ],
)
def test_a_register_that_cannot_have_rolled_over_counts_from_where_it_was_seen(
    before: float, limits: Limits
) -> None:
    """So much cannot have flowed, or it has no end."""
    counter = CounterFilter()
    for number, raw in enumerate([before] * 3 + [7.0] * 13):
        counter = after(counter, raw, 5.0 * number, limits, 100.0)
    assert counter.question is CounterQuestion.SET_BACK
    assert not counter.can_have_rolled_over(limits)
    counter = counter.answered(CounterAnswer.ROLLED_OVER, limits)
    assert counter.published == before


@pytest.mark.parametrize("hours", [0, 5])
def test_a_leap_that_is_not_real_stays_left_out_after_an_outage(hours: int) -> None:
    """In so many hours as much could have flowed, and then no poll shows the power in between."""
    counter, last = CounterFilter(), 18_000_014
    for number, raw in enumerate((5_000_000, 5_000_000, *range(18_000_000, last))):
        counter = after(counter, raw, 5.0 * number, UNRATED, 100.0)
    assert counter.question is CounterQuestion.LEAP
    now = 100.0 + 3600 * hours
    counter = after(counter, last + 100, now, UNRATED, 100.0)
    counter = counter.answered(CounterAnswer.NOT_REAL, UNRATED)
    for number in range(3):
        counter = after(counter, last + 100 + number, now + 5 * number + 5, UNRATED, 100.0)
    assert counter.published is not None
    assert 5_000_100 <= counter.published <= 5_000_120


def test_a_counter_without_a_contender_has_not_rolled_over() -> None:
    assert not trusted(5000).can_have_rolled_over(LIMITS)


def test_the_answer_that_the_old_value_was_wrong() -> None:
    """The published value waits until the register has caught up."""
    counter = quarantined(trusted(500_000), 490_000.0).answered(CounterAnswer.NOT_SET_BACK, LIMITS)
    assert counter.published == 500_000
    assert read(counter, 490_100, begin=70.0).published == 500_000
    later = read(counter, 500_050, 500_060, begin=10_000.0)
    assert later.published == 500_060


def test_the_answers_about_a_leap() -> None:
    counter = quarantined(trusted(500_000), 900_000.0)
    assert counter.answered(CounterAnswer.REAL, LIMITS).published == 900_000
    left_out = counter.answered(CounterAnswer.NOT_REAL, LIMITS)
    assert left_out.published == 500_000
    assert read(left_out, 900_010.0, begin=70.0).published == 500_010


def test_an_answer_to_no_question_changes_nothing() -> None:
    for counter in (CounterFilter(), trusted(5000), after(trusted(5000), 0.0, 5.0, LIMITS)):
        assert counter.answered(CounterAnswer.ZERO, LIMITS) is counter
    back = quarantined(trusted(500_000), 7.0)
    assert back.answered(CounterAnswer.REAL, LIMITS) is back


def test_the_answer_zero_is_not_believed_where_it_is_impossible() -> None:
    """No 250 kWh flow in five seconds, whatever the owner clicked."""
    counter = quarantined(trusted(500_000), 250_000.0).answered(CounterAnswer.ZERO, LIMITS)
    assert counter.published == 500_000


UNRATED = Limits(possible_power=8_310_000.0, resolution=1.0, modulus=2.0**32)
DAY = 86_400.0


@pytest.mark.parametrize(
    ("limits", "before", "outage", "raw"),
    [
        (UNRATED, 10e6, 22 * DAY, 500.0),
        (FINE, 10e6, 5 * DAY, 500.0),
        (replace(FINE, possible_power=8_310_000.0), 10e6, DAY / 4, 500.0),
        (UNRATED, 10e6, -3600.0, 500.0),
    ],
)
def test_a_set_back_in_a_long_outage_is_no_rollover(
    limits: Limits, before: float, outage: float, raw: float
) -> None:
    """Though at full power the register could have reached its end in that time."""
    counter = trusted(before)
    for number in range(20):
        counter = after(counter, raw, outage + 5 * number, limits)
    assert counter.published == before
    assert counter.question is CounterQuestion.SET_BACK


def test_a_rollover_during_an_outage_is_one() -> None:
    counter = trusted(2.0**32 - 20_000)
    counter = read(counter, 5_000, 5_010, begin=DAY / 4)
    assert counter.published == 2.0**32 + 5_010


@pytest.mark.parametrize("leap", [100e6, 3e6])
@pytest.mark.parametrize("disturbance", ["misread", "gap"])
def test_a_question_does_not_answer_itself(leap: float, disturbance: str) -> None:
    """What was impossible at first stays so for months, whatever happens in between."""
    counter = trusted(10e6)
    for number in range(14):
        counter = after(counter, leap, 5.0 + 5 * number, UNRATED)
    asked = counter.question
    assert asked is (CounterQuestion.LEAP if leap > 10e6 else CounterQuestion.SET_BACK)
    later = 30 * DAY
    if disturbance == "misread":
        counter = after(counter, leap, later - 10, UNRATED)
        counter = after(counter, 0.0, later - 5, UNRATED)
        assert counter.question is asked
    for number in range(20):
        counter = after(counter, leap + 1000, later + 5 * number, UNRATED)
        assert counter.question is asked
        assert counter.published == 10e6
    # What was counted since it was first seen there is not lost.
    answer = CounterAnswer.NOT_REAL if asked is CounterQuestion.LEAP else CounterAnswer.ELSEWHERE
    assert counter.answered(answer, UNRATED).published == 10e6 + 1000


def test_a_question_gives_way_to_another_number_that_lasts() -> None:
    """The register was set once more; only its value now matters."""
    counter = quarantined(trusted(500_000), 7.0)
    counter = read(counter, *[900_000.0] * 6, begin=75.0)
    assert counter.question is CounterQuestion.SET_BACK
    counter = read(counter, *[900_000.0] * 8, begin=105.0)
    assert counter.question is CounterQuestion.LEAP


def test_a_register_that_is_elsewhere_again_for_long_is_judged_anew() -> None:
    """It is a little below the contender, and by now it may have got there."""
    counter = quarantined(trusted(500_000, power=0.0), 900_000.0)
    counter = read(counter, *[899_000.0] * 12, begin=20_000.0, power=0.0)
    assert counter.question is CounterQuestion.LEAP
    counter = read(counter, *[899_000.0] * 3, begin=20_060.0, power=0.0)
    assert counter.question is None
    assert counter.published == 899_000


def test_a_single_read_does_not_withdraw_a_question() -> None:
    counter = after(quarantined(trusted(500_000), 7.0), 500_100.0, 70.0, LIMITS)
    assert counter.published == 500_000
    assert after(counter, 7.0, 75.0, LIMITS).question is CounterQuestion.SET_BACK
    assert after(counter, 500_110.0, 75.0, LIMITS).published == 500_110


def test_a_small_counter_that_was_set_back_becomes_a_question_too() -> None:
    """Though the wires could carry more than it had counted between two polls."""
    counter = trusted(8_000)
    for number in range(20):
        counter = after(counter, 0.0, 5.0 + 5 * number, UNRATED)
    assert counter.question is CounterQuestion.SET_BACK


def test_zeros_while_the_meter_starts_become_no_question() -> None:
    counter = read(trusted(150_000), *[0.0] * 4, begin=5.0)
    assert counter.published == 150_000
    counter = read(counter, 150_000, 150_001, begin=25.0)
    assert counter.question is None
    assert counter.contender is None
    assert counter.published == 150_001


def test_alternating_misreads_are_waited_for() -> None:
    """Each is a little high, with a correct read between any two; the register catches up."""
    counter = read(trusted(5000), 5050, 5001, 5060, 5002, 5003, 5004, begin=5.0)
    assert counter.published == 5060
    assert counter.question is None
    assert counter.contender is None
    assert read(counter, 5100, begin=35.0).published == 5100


def test_two_reads_reconfirm_a_restored_counter() -> None:
    """Until then, what was stored may be older than what was published."""
    restored = trusted(5000)
    once = after(restored, 5001.0, 5.0, LIMITS)
    assert not restored.is_reconfirmed_since(restored)
    assert not once.is_reconfirmed_since(restored)
    assert after(once, 5002.0, 10.0, LIMITS).is_reconfirmed_since(restored)
    another = restored.for_new_meter()
    assert not after(another, 7.0, 5.0, LIMITS).is_reconfirmed_since(another)
    assert read(another, 7.0, 8.0, begin=5.0).is_reconfirmed_since(another)


def test_a_low_read_after_a_kill_reconfirms_nothing() -> None:
    """The next read confirms it, but more was published before than it shows."""
    restored = as_restored(trusted(5000, power=0.0))
    low = read(restored, 5018, 5020, begin=60.0, power=0.0)
    assert low.published == 5018
    assert not low.is_reconfirmed_since(restored)
    right = read(low, 5020, begin=70.0, power=0.0)
    assert right.published == 5020
    assert right.is_reconfirmed_since(restored)


def test_a_register_that_runs_backwards_becomes_a_question() -> None:
    """Each step is only one count, but they are not ignored without end."""
    counter, register = trusted(500_000), 500_000.0
    for number in range(4000):
        register -= 1
        counter = after(counter, register, 5.0 + 5 * number, LIMITS)
        assert counter.published == 500_000
    assert counter.question is CounterQuestion.SET_BACK


def test_a_clock_that_was_set_back_does_not_stop_the_counter() -> None:
    counter = read(trusted(5000), 6000, 6010, begin=-7200.0)
    assert counter.published == 6010


def test_misreads_between_correct_reads_prevent_confirmation() -> None:
    """No two reads in a row agree. So nothing says which of them is right."""
    counter = read(trusted(500_000), 900_000, 7, 700_000, 8, begin=5.0)
    assert counter.pending_question is None
    assert counter.published == 500_000
    assert counter.awaits_confirmation


def test_a_misread_before_a_contender_does_not_count() -> None:
    counter = read(trusted(500_000), 900_000, 7, 8, begin=5.0)
    assert counter.pending_question is CounterQuestion.SET_BACK
    assert not counter.awaits_confirmation
    counter = read(counter, 500_100, begin=20.0)
    assert counter.published == 500_000, "a single read does not outweigh two"


def test_a_counter_that_does_not_move_needs_no_confirmation() -> None:
    assert not read(trusted(5000), 5000, begin=5.0).awaits_confirmation


def test_two_high_misreads_in_a_row_lose_nothing_in_quarantine() -> None:
    """The register may return to where it was before both of them."""
    counter = read(quarantined(trusted(500_000), 7.0), 50, 100, 150, 200, begin=70.0)
    counter = read(counter, 260, 250, 201, 202, begin=90.0)
    counter = counter.answered(CounterAnswer.ELSEWHERE, LIMITS)
    assert counter.published == 500_000 + 201 - 7
    assert read(counter, 203, begin=110.0).published == 500_000 + 203 - 7


def test_a_low_misread_after_a_gap_does_not_continue_the_candidate() -> None:
    counter = quarantined(trusted(500_000), 7.0)
    counter = read(counter, 1000, 1001, begin=7200.0)
    published = 500_000 + 1000 - 7
    assert counter.answered(CounterAnswer.ELSEWHERE, LIMITS).published == published
    counter = read(counter, 500, begin=7210.0)
    assert counter.answered(CounterAnswer.ELSEWHERE, LIMITS).published == published


def test_a_candidate_that_lasts_for_minutes_needs_no_further_confirmation() -> None:
    """Only the time between two polls matters, not the time since the first."""
    counter = trusted(500_000)
    assert read(counter, 7, begin=60.0, every=60.0).awaits_confirmation
    for reads in range(2, 6):
        assert not read(counter, *[7] * reads, begin=60.0, every=60.0).awaits_confirmation


def test_a_register_that_passes_its_old_value_withdraws_no_question() -> None:
    """It got there steadily from where it was set back to, so what it counted is not lost."""
    counter = read(trusted(5000), *range(3500, 5300, 100), begin=5.0)
    assert counter.question is CounterQuestion.SET_BACK
    assert counter.published == 5000
    counter = counter.answered(CounterAnswer.ELSEWHERE, LIMITS)
    assert counter.published == 5000 + 5100 - 3500


def test_a_wrong_read_now_and_then_does_not_put_off_a_question() -> None:
    """The right read can follow the wrong one, but it also continues the contender."""
    counter, now = trusted(500_000, power=300.0), 5.0
    for number in range(40):
        wrong = number % 10 == 9
        counter = after(counter, 99_950 if wrong else 100_000, now, LIMITS, 300.0)
        now += 5.0
    assert counter.question is CounterQuestion.SET_BACK


def test_a_contender_counts_from_behind_a_jump() -> None:
    """Its first read was wrong, as no power explains how it went on."""
    counter = read(trusted(500_000, power=300.0), 0, *[80] * 20, begin=5.0, power=300.0)
    assert counter.question is CounterQuestion.SET_BACK
    assert counter.answered(CounterAnswer.ELSEWHERE, LIMITS).published == 500_000


def test_loads_between_polls_do_not_put_off_a_question() -> None:
    """Each jump is more than the power shows, but only the first read of all can be wrong."""
    counter, register = trusted(500_000, power=100.0), 0.0
    for number in range(14):
        register += 15.0 if number % 2 else 0.0
        counter = after(counter, register, 5.0 + 5 * number, LIMITS, 100.0)
    assert counter.question is CounterQuestion.SET_BACK
    assert counter.answered(CounterAnswer.ELSEWHERE, LIMITS).published == 500_000 + 75


@pytest.mark.parametrize("count", [0.01, 0.1, 1.0])
def test_a_count_too_many_is_waited_for_whatever_its_floats_are(count: float) -> None:
    """0.3 is less than a count of 0.1 below 0.4, in binary."""
    limits = Limits(possible_power=72_000.0, resolution=count, modulus=count * 2**32)
    for number in range(500):
        right = (1_000_000 + 7919 * number) * count
        counter = CounterFilter()
        for second, raw in enumerate((right, right + count, *[right] * 20)):
            counter = after(counter, raw, 5.0 * second, limits, 100.0)
        assert counter.contender is None


def test_power_that_another_register_counts_explains_nothing() -> None:
    """However long it has flowed while this one stood still."""
    counter = read(trusted(1000, power=2000.0), *[1000] * 1000, begin=5.0, power=2000.0)
    counter = read(counter, 1010, 1000, begin=5005.0, power=2000.0)
    assert counter.published == 1000


def test_the_very_first_read_is_wrong_and_a_little_low() -> None:
    assert read(CounterFilter(), 0, 90, 90, power=300.0).published == 90


def test_first_reads_that_agree_are_shown_whatever_the_load_does_between_the_polls() -> None:
    """A welding machine is off at each poll, and draws ten times the power in between."""
    counter = CounterFilter()
    shown = []
    for number in range(4):
        counter = read(counter, 5000 + 50 * number, begin=60.0 * number, power=300.0)
        shown.append(counter.published)
    assert shown == [None, None, 5050, 5100]


@pytest.mark.parametrize("wrong", range(4))
@pytest.mark.parametrize("by", [-90, -20, 20, 90])
def test_a_wrong_read_among_the_first_is_not_shown(wrong: int, by: int) -> None:
    """It is off by no more than can flow between two polls."""
    counter = CounterFilter()
    for number in range(6):
        right = 5000 + 50 * number
        raw = right + by if number == wrong else right
        counter = read(counter, raw, begin=60.0 * number, power=300.0)
        assert counter.published is None or counter.published <= right
    assert counter.published == 5200


def test_a_new_meter_that_steps_back_by_one_count_publishes_no_less() -> None:
    counter = read(trusted(5000).for_new_meter(), 7, 6)
    assert counter.published == 5000
    assert read(counter, 9, begin=10.0).published == 5002


def test_a_register_that_cannot_have_reached_its_end_did_not_roll_over() -> None:
    counter = quarantined(trusted(2.0**32 - 1_000_000), 10.0)
    assert counter.published == 2**32 - 1_000_000
    assert counter.question is CounterQuestion.SET_BACK


@pytest.mark.parametrize(("left", "rolled_over"), [(1 / 16 - 1e-6, True), (1 / 16 + 1e-6, False)])
def test_a_rollover_leaves_at_most_a_sixteenth_of_the_range(
    left: float, *, rolled_over: bool
) -> None:
    """However much power was measured."""
    before = 2.0**32 * (1 - left)
    counter = trusted(before, power=5e6)
    for number in range(2):
        counter = after(counter, 10.0, 2 * DAY + 5 * number, UNRATED, 5e6)
    assert counter.published == (2**32 + 10 if rolled_over else before)


UNRATED_FINE = replace(FINE, possible_power=8_310_000.0)
"""0.01 Wh a count and no CT rating: within 18 minutes a sixteenth of the range can flow."""


@settings(max_examples=200, deadline=None)
@given(
    left=st.floats(20, 1 / 16 * 2.0**32 / 100),
    outage=st.floats(120, 5 * DAY),
    power=st.floats(0, 20_000),
    possible=st.sampled_from([FINE, UNRATED_FINE]),
)
def test_zeros_after_an_outage_are_no_rollover_unless_the_power_accounts_for_it(
    left: float, outage: float, power: float, possible: Limits
) -> None:
    """A meter that restarts may have lost its counters, or not read them yet."""
    before = FINE_RANGE - left
    usual = FINE_RANGE * 3600 / (20 * 365 * DAY)
    assume(left > 4 * max(power, usual) * (outage + 10) / 3600 + FINE_RANGE / 65_536 + 1)
    counter = CounterFilter()
    for now in (-10.0, -5.0, 0.0, *(outage + 5 * number for number in range(20))):
        raw = before if now <= 0 else 0.0
        counter = after(counter, raw, now, possible, power)
        assert counter.published in (None, before)
    assert counter.question is CounterQuestion.SET_BACK
    back = after(
        after(counter, before, outage + 100, possible, power), before, outage + 105, possible
    )
    assert back.question is None
    assert back.published == before


@settings(max_examples=100, deadline=None)
@given(
    share=st.floats(0, 1),
    seconds=st.sampled_from([5.0, 60.0, 300.0, 7200.0, 2 * DAY]) | st.floats(1, 5 * DAY),
    powers=st.tuples(st.floats(0, 20_000), st.floats(0, 20_000)),
    flowed=st.floats(0, 3),
)
@example(share=0.0, seconds=60.0, powers=(16_516.0, 0.0), flowed=3.0)
@pytest.mark.parametrize("possible", [FINE, UNRATED_FINE])
def test_a_rollover_that_the_power_accounts_for_continues(
    share: float,
    seconds: float,
    powers: tuple[float, float],
    flowed: float,
    *,
    possible: Limits,
) -> None:
    """From poll to poll, and over an outage in which up to three times as much flowed.

    A meter whose register gets to its end draws 200 W on average, whatever it draws just now.
    """
    energy = flowed * max(*powers, 200.0) * seconds / 3600
    left = max(0.01, min(share * energy, FINE_RANGE / 17))
    landed = max(0.0, energy - left)
    assume(left + landed < FINE_RANGE / 16)
    counter = CounterFilter()
    reads = [(FINE_RANGE - left, now, powers[0]) for now in (-10.0, -5.0, 0.0)]
    reads += [(landed, seconds + 5 * number, powers[1]) for number in range(3)]
    for raw, now, power in reads:
        counter = after(counter, int(raw * 100) / 100, now, possible, power)
        assert counter.pending_question is None
    assert counter.published == pytest.approx(FINE_RANGE + landed, abs=0.02)


def test_a_load_between_two_polls_does_not_hide_a_rollover() -> None:
    """No power shows how the register got to its end."""
    counter = CounterFilter()
    for number, raw in enumerate((-30.0, -30.0, 100.0, 100.0)):
        counter = after(counter, raw % FINE_RANGE, 5.0 * number, FINE, 0.0)
    assert counter.published == FINE_RANGE + 100.0


def test_a_register_whose_range_has_shrunk_did_not_roll_over() -> None:
    """Another scale factor may put the trusted value beyond the end of the register."""
    counter = quarantined(trusted(5e9), 10.0)
    assert counter.published == 5e9
    assert counter.question is CounterQuestion.SET_BACK


STORED: dict[str, Any] = {
    "trusted": {
        "last": {"value": 500_000, "at": 0.0},
        "before": {"value": 500_000, "at": -5.0},
        "offset": 0.0,
        "held": 0.0,
        "floor": 500_000,
        "former": None,
    },
    "row": {
        "first": {"value": 7, "at": 5.0},
        "before": {"value": 7, "at": 10.0},
        "last": {"value": 7, "at": 5.0},
        "held": 0.0,
        "reads": 2,
    },
    "rival": None,
    "base": None,
}


def test_the_stored_format_stays() -> None:
    """So an update reads what an earlier version stored."""
    counter = read(trusted(500_000), 7, 8, 0, begin=5.0)
    assert counter.as_dict() == STORED
    assert CounterFilter.from_dict(STORED) == as_restored(counter)
    replaced = {"trusted": None, "row": None, "rival": None, "base": 500_000}
    assert counter.for_new_meter().as_dict() == replaced


def test_reads_that_none_has_confirmed_are_left_out_of_a_stored_state() -> None:
    """Version 0.1.0 stored them, too."""
    once: dict[str, Any] = {**STORED["row"], "reads": 1}
    assert CounterFilter.from_dict({**STORED, "row": once}).contender is None


def as_restored(counter: CounterFilter) -> CounterFilter:
    """Return a state as it is after a restart: two new reads have to agree."""
    trusted = counter.trusted and replace(
        counter.trusted, measured=Measured(), unconfirmed=Measured()
    )
    return replace(counter, trusted=trusted, latest=None)


@pytest.mark.parametrize(
    "counter", [CounterFilter(), trusted(5000), quarantined(trusted(5000), 1e6)]
)
def test_a_state_survives_as_json(counter: CounterFilter) -> None:
    assert CounterFilter.from_dict(counter.as_dict()) == as_restored(counter)


async def a_reading(model_id: int = 203, **points: float) -> Reading:
    """Return the reading of a meter whose scale factors are all 10^0."""
    scales: dict[str, Any] = {} if model_id > 210 else {"totwh_sf": 0, "v_sf": 0}
    return await reading_of(encode(model_id, **scales | points))


async def test_every_counter_of_a_reading_is_validated() -> None:
    """Each by itself; a counter that a reading lacks keeps its value."""
    first = await a_reading(totwhimp=5000, totwhexp=0, totwhimppha=2000)
    counters: CounterFilters = {}
    for now in (0.0, 5.0):
        counters, checked = validated(counters, first, now, 200.0)
    assert checked.energy_imported == first.energy_imported
    assert checked.energy_exported.total == 0

    wrong = replace(first, energy_imported=PerPhase(total=10.0, a=2001.0))
    counters, checked = validated(counters, wrong, 10.0, 200.0)
    assert checked.energy_imported.total == 5000
    assert checked.energy_imported.a == 2001
    assert checked.energy_imported.b == first.energy_imported.b

    nothing = replace(first, energy_imported=PerPhase(), energy_exported=PerPhase())
    _, checked = validated(counters, nothing, 15.0, 200.0)
    assert checked.energy_imported.total == 5000
    assert checked.power == first.power


async def test_an_answer_concerns_all_counters_with_that_question() -> None:
    reading = await a_reading(totwhimp=5_000_000, totwhexp=3_000_000, totwhimppha=2_000_000)
    counters: CounterFilters = {}
    for now in (0.0, 5.0):
        counters, _ = validated(counters, reading, now, 200.0)
    assert questions(counters) == frozenset()
    zero = replace(
        reading,
        energy_imported=PerPhase(total=0.0, a=0.0),
        energy_exported=PerPhase(total=9_000_000.0),
    )
    for number in range(13):
        counters, checked = validated(counters, zero, 10.0 + 5 * number, 200.0)
    assert checked.energy_imported.total == 5_000_000
    assert questions(counters) == {CounterQuestion.SET_BACK, CounterQuestion.LEAP}
    counters = answered(counters, CounterAnswer.ZERO, zero, 200.0)
    assert questions(counters) == {CounterQuestion.LEAP}
    counters = answered(counters, CounterAnswer.NOT_REAL, zero, 200.0)
    assert questions(counters) == frozenset()
    assert counters["energy_exported.total"].published == 3_000_000


async def test_a_new_meter_goes_on_where_the_old_one_was() -> None:
    """Also a counter that it reports late, and one that was never confirmed."""
    old = await a_reading(totwhimp=5000, totwhexp=70, totwhimppha=2000)
    counters: CounterFilters = {}
    for now in (0.0, 5.0):
        counters, _ = validated(counters, old, now, 200.0)
    counters = UNSEEN.continued({**counters, "energy_imported.b": CounterFilter()}, from_zero=True)
    new = replace(old, energy_imported=PerPhase(total=123.0, b=1.0), energy_exported=PerPhase())
    counters, checked = validated(counters, new, 100.0, 200.0)
    assert checked.energy_imported.total == 5000
    assert checked.energy_imported.b is None
    counters, checked = validated(counters, new, 105.0, 200.0)
    assert checked.energy_imported == PerPhase(total=5000, a=2000, b=1.0, c=old.energy_imported.c)
    assert checked.energy_exported.total == 70
    more = replace(
        new,
        energy_imported=PerPhase(total=133.0),
        energy_exported=PerPhase(total=900_000.0),
    )
    for now in (110.0, 115.0):
        counters, checked = validated(counters, more, now, 200.0)
    assert checked.energy_imported.total == 5010
    assert checked.energy_exported.total == 70
    later = replace(more, energy_exported=PerPhase(total=900_010.0))
    for now in (120.0, 125.0):
        counters, checked = validated(counters, later, now, 200.0)
    assert checked.energy_exported.total == 80


async def test_an_answer_concerns_counters_at_the_slower_cadence() -> None:
    """Apparent energy is read once a minute. Its question would come minutes later."""
    reading = await a_reading(totwhimp=5_000_000, totvahimp=6_000_000)
    counters: CounterFilters = {}
    for now in (0.0, 5.0):
        counters, _ = validated(counters, reading, now, 200.0)
    zero = replace(
        reading,
        energy_imported=PerPhase(total=0.0),
        apparent_energy_imported=PerPhase(total=0.0),
    )
    for number in range(14):
        whole = number % 12 == 0
        counters, _ = validated(counters, replace(zero, whole=whole), 10.0 + 5 * number, 200.0)
    assert counters["energy_imported.total"].question is CounterQuestion.SET_BACK
    assert counters["apparent_energy_imported.total"].question is None
    counters = answered(counters, CounterAnswer.ZERO, zero, 200.0)
    assert counters["apparent_energy_imported.total"].contender is None
    assert counters["apparent_energy_imported.total"].published == 6_000_000


async def test_a_ct_rating_that_is_too_low_does_not_stop_the_counter() -> None:
    """A power that the meter reports is possible, whatever the owner entered."""
    counters: CounterFilters = {}
    for number in range(100):
        energy = 5_000_000 + 12.5 * number
        reading = await a_reading(totwhimp=int(energy), w=9000, w_sf=0)
        counters, checked = validated(counters, reading, 5.0 * number, 5.0)
    assert checked.energy_imported.total == 5_001_237


async def test_register_reads_are_what_the_meter_itself_shows() -> None:
    """The published counter goes on after a rollover or with a new meter; the display does not."""
    reading = await a_reading(totwhimp=2**32 - 10, totwhexp=70)
    counters: CounterFilters = {}
    assert register_reads(counters).with_phases(()) == RegisterReads()
    counters, _ = validated(counters, reading, 0.0, 200.0)
    assert register_reads(counters).with_phases(()) == RegisterReads()
    counters, _ = validated(counters, reading, 5.0, 200.0)
    assert register_reads(counters).with_phases(()) == RegisterReads(
        imported=Sample(value=2**32 - 10, at=5.0), exported=Sample(value=70, at=5.0)
    )

    rolled_over = replace(reading, energy_imported=PerPhase(total=3.0))
    for now in (10.0, 15.0):
        counters, checked = validated(counters, rolled_over, now, 200.0)
    assert checked.energy_imported.total == 2**32 + 3
    assert register_reads(counters).with_phases(()) == RegisterReads(
        imported=Sample(value=3, at=15.0), exported=Sample(value=70, at=15.0)
    )

    new = replace(reading, energy_imported=PerPhase(total=123.4))
    counters, _ = validated(UNSEEN.continued(counters, from_zero=False), new, 20.0, 200.0)
    assert register_reads(counters).imported is None
    counters, _ = validated(counters, new, 25.0, 200.0)
    assert register_reads(counters).imported == Sample(value=123.4, at=25.0)


async def test_limits_follow_from_current_and_voltage() -> None:
    """Service current times voltage times phases, with a margin of two, plus one count."""
    reading = await a_reading(totwhimp=5000, totwh_sf=1, phv=480)
    total = counter_limits(reading, "energy_imported.total", 50_000.0, 200.0)
    assert total.possible_power == 2 * 200 * 480 * 3
    assert total.resolution == 10
    assert total.modulus == 10 * 2**32
    assert total.reach(3600) == total.possible_power + 10
    negative = replace(reading, voltage_line_to_neutral=PerPhase(total=-480.0))
    assert counter_limits(negative, "energy_imported.total", 50_000.0, 200.0) == total
    overloaded = replace(reading, power=PerPhase(total=500_000.0))
    seen = counter_limits(overloaded, "energy_imported.total", 50_000.0, 200.0)
    assert seen.possible_power == 2 * 500_000
    phase = counter_limits(reading, "energy_imported.a", 50_000.0, None)
    assert phase.possible_power == 2 * DEFAULT_SERVICE_CURRENT * 480

    single = await a_reading(211, totwhimp=5000.0)
    limits = counter_limits(single, "energy_imported.total", 4_000_000.0, 200.0)
    assert limits.possible_power == 2 * 200 * 277
    assert limits.modulus is None
    assert 0.9 < limits.resolution < 1


async def test_apparent_and_reactive_energies_are_validated_too() -> None:
    """Each has its own resolution, and a repeated value is no second read."""
    first = await a_reading(totvahimp=5000, totvah_sf=2, totvarhimpq1=70, va=1000, var=300)
    wrong = replace(first, apparent_energy_imported=PerPhase(total=0.0))
    counters: CounterFilters = {}
    counters, checked = validated(counters, first, 0.0, 200.0)
    assert checked.apparent_energy_imported.total is None
    counters, checked = validated(counters, replace(first, whole=False), 5.0, 200.0)
    assert checked.apparent_energy_imported.total is None
    counters, checked = validated(counters, first, 60.0, 200.0)
    assert checked.apparent_energy_imported.total == 500_000
    assert checked.reactive_energy_q1.total == 70
    counters, checked = validated(counters, wrong, 120.0, 200.0)
    for now in (125.0, 130.0, 135.0):
        counters, checked = validated(counters, replace(wrong, whole=False), now, 200.0)
    assert checked.apparent_energy_imported.total == 500_000
    assert questions(counters) == frozenset()

    vah = counter_limits(first, "apparent_energy_imported.total", 500_000.0, 200.0)
    assert (vah.resolution, vah.modulus) == (100, 100 * 2**32)
    varh = counter_limits(first, "reactive_energy_q1.total", 70.0, 200.0)
    assert (varh.resolution, varh.modulus) == (1, 2**32)


async def test_restored_counters_are_left_out_until_they_are_reconfirmed() -> None:
    """After a kill more may have been published than was stored; each counter waits by itself."""
    reading = await a_reading(totwhimp=5000, totwhexp=70)
    restored: CounterFilters = {}
    for now in (0.0, 5.0):
        restored, _ = validated(restored, reading, now, 200.0)
    filters, awaiting = restored, restored
    importing = replace(reading, energy_exported=PerPhase())
    for number, left_out in enumerate((True, False)):
        filters, checked = validated(filters, importing, 10.0 + 5 * number, 200.0)
        awaiting = awaiting_reconfirmation(awaiting, filters)
        assert ("energy_imported.total" in awaiting) is left_out
        shown = without_counters(checked, awaiting)
        assert shown.energy_imported.total == (None if left_out else 5000)
    assert "energy_exported.total" in awaiting
    assert shown.energy_exported.total is None
    assert shown.power == reading.power
    assert without_counters(checked, ["energy_imported.total"]) == replace(
        checked, energy_imported=replace(checked.energy_imported, total=None)
    )


@pytest.mark.parametrize(
    ("key", "power", "measured"),
    [
        ("energy_imported.total", PerPhase(total=700.0, a=1000.0, b=-300.0), 1000.0),
        ("energy_exported.total", PerPhase(total=700.0, a=1000.0, b=-300.0), 300.0),
        ("energy_exported.total", PerPhase(total=-700.0), 700.0),
        ("energy_exported.b", PerPhase(total=700.0, a=1000.0, b=-300.0), 300.0),
        ("energy_imported.c", PerPhase(total=700.0), 0.0),
        ("energy_imported.total", PerPhase(), 0.0),
    ],
)
async def test_a_counter_adds_up_the_power_in_its_own_direction(
    key: str, power: PerPhase, measured: float
) -> None:
    assert measured_power(replace(await a_reading(), power=power), key) == measured


async def test_apparent_and_reactive_energies_add_up_whatever_flows() -> None:
    reading = await a_reading(va=1000, var=-300)
    assert measured_power(reading, "apparent_energy_exported.total") == 1000
    assert measured_power(reading, "reactive_energy_q3.total") == 300
