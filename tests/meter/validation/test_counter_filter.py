"""The guard over the counters, case by case; test_counters_model.py holds it against the truth."""

from dataclasses import replace
from typing import Any

import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import (
    CounterAnswer,
    CounterFilter,
    CounterFilters,
    CounterQuestion,
    RegisterReads,
    answered,
    carried_to_new_meter,
    counter_limits,
    questions,
    register_reads,
    validated,
)
from custom_components.dts307.meter.validation.limits import DEFAULT_SERVICE_CURRENT, Limits
from tests.meter.device import reading_of
from tests.meter.published import encode

LIMITS = Limits(possible_power=72_000.0, likely_power=72_000.0, resolution=1.0, modulus=2.0**32)
"""20 Wh a second."""


def read(
    counter: CounterFilter, *registers: float, begin: float = 0.0, every: float = 5.0
) -> CounterFilter:
    """Return a counter after readings at an interval."""
    for number, raw in enumerate(registers):
        counter = counter.after(raw, begin + every * number, LIMITS)
    return counter


def trusted(raw: float) -> CounterFilter:
    """Return a counter that is believed to stand at ``raw`` at the time 0."""
    return read(CounterFilter(), raw, raw, begin=-5.0)


def test_the_first_reading_has_to_be_confirmed() -> None:
    assert read(CounterFilter(), 5000).published is None
    assert read(CounterFilter(), 5000, 5010).published == 5010
    assert read(CounterFilter(), 0, 5000).published is None
    assert read(CounterFilter(), 0, 5000, 5010).published == 5010


def test_readings_far_apart_do_not_confirm_each_other() -> None:
    """Within hours, a wrong one could hide among all that is possible."""
    assert read(CounterFilter(), 5000, 9000, every=3600).published is None


def test_a_meter_that_has_never_exported_shows_zero() -> None:
    assert read(CounterFilter(), 0, 0).published == 0


def test_what_is_possible_is_believed_at_once() -> None:
    """Reckoned from the last but one reading, in case that the last was too low."""
    assert trusted(5000).after(5201, 5.0, LIMITS).published == 5201


def test_what_the_power_does_not_explain_needs_a_second_reading() -> None:
    """A word of a register that is torn apart is off by 65,536 counts, within many a reach."""
    idle = replace(LIMITS, likely_power=3600.0)
    counter = trusted(5000)
    assert counter.after(5011, 5.0, idle).published == 5011
    held = counter.after(5012, 5.0, idle)
    assert held.published == 5000
    assert held.after(5013, 10.0, idle).published == 5013
    assert held.after(5006, 10.0, idle).published == 5006


@pytest.mark.parametrize("wrong", [0.0, 5202.0, 2.0**32 - 2, 4999.0])
def test_a_wrong_reading_shows_nowhere(wrong: float) -> None:
    counter = trusted(5000).after(wrong, 5.0, LIMITS)
    assert counter.published == 5000
    counter = counter.after(5020, 10.0, LIMITS)
    assert counter.candidate is None
    assert counter.published == 5020


def test_after_an_outage_a_second_reading_has_to_agree() -> None:
    outage = 86_400.0
    counter = trusted(5000).after(900_000, outage, LIMITS)
    assert counter.published == 5000
    assert counter.after(900_010, outage + 5, LIMITS).published == 900_010
    assert counter.after(300_000, outage + 5, LIMITS).published == 5000


def test_a_step_back_of_one_count_shows_nowhere() -> None:
    counter = read(trusted(5000), 4999, 4999, 4999, begin=5.0)
    assert counter.published == 5000
    assert counter.question is None
    assert read(counter, 5001, begin=20.0).published == 5001


def test_a_register_that_starts_over_goes_on() -> None:
    counter = trusted(2.0**32 - 50)
    counter = read(counter, 10, 20, begin=5.0)
    assert counter.published == 2**32 + 20
    assert read(counter, 30, begin=15.0).published == 2**32 + 30


def lasting(counter: CounterFilter, register: float) -> CounterFilter:
    """Return a counter after its register has stood elsewhere for over a minute."""
    return read(counter, *[register] * 13, begin=5.0)


def test_what_lasts_is_asked() -> None:
    counter = trusted(500_000)
    back, leap = lasting(counter, 7.0), lasting(counter, 900_000.0)
    assert back.question is CounterQuestion.SET_BACK
    assert leap.question is CounterQuestion.LEAP
    assert read(back, *[7.0] * 1).published == 500_000
    assert read(counter, *[7.0] * 12, begin=5.0).question is None
    assert read(counter, *[7.0] * 5, begin=5.0, every=60.0).question is None
    assert CounterFilter().question is None


def test_a_question_goes_when_the_register_is_right_again() -> None:
    counter = read(lasting(trusted(500_000), 7.0), 500_100, 500_100, begin=70.0)
    assert counter.question is None
    assert counter.published == 500_100


def test_a_counter_that_was_set_back_to_zero() -> None:
    """What it has counted since is counted."""
    counter = lasting(trusted(500_000), 7.0).answered(CounterAnswer.ZERO, LIMITS)
    assert counter.published == 500_007
    assert counter.question is None
    assert read(counter, 17.0, begin=70.0).published == 500_017


def test_a_counter_that_was_set_to_something_else() -> None:
    """Where it began nobody knows, but for where it was first seen."""
    counter = lasting(trusted(500_000), 250_000.0).answered(CounterAnswer.ELSEWHERE, LIMITS)
    assert counter.published == 500_000
    assert read(counter, 250_010.0, begin=70.0).published == 500_010


def test_a_counter_that_was_wrong_before() -> None:
    """It waits until the register has caught up."""
    counter = lasting(trusted(500_000), 490_000.0).answered(CounterAnswer.NOT_SET_BACK, LIMITS)
    assert counter.published == 500_000
    assert read(counter, 490_100, begin=70.0).published == 500_000
    later = read(counter, 500_050, 500_060, begin=10_000.0)
    assert later.published == 500_060


def test_a_leap_is_counted_or_not() -> None:
    counter = lasting(trusted(500_000), 900_000.0)
    assert counter.answered(CounterAnswer.REAL, LIMITS).published == 900_000
    left_out = counter.answered(CounterAnswer.NOT_REAL, LIMITS)
    assert left_out.published == 500_000
    assert read(left_out, 900_010.0, begin=70.0).published == 500_010


def test_an_answer_that_nobody_asked_for_changes_nothing() -> None:
    for counter in (CounterFilter(), trusted(5000), trusted(5000).after(0.0, 5.0, LIMITS)):
        assert counter.answered(CounterAnswer.ZERO, LIMITS) is counter
    back = lasting(trusted(500_000), 7.0)
    assert back.answered(CounterAnswer.REAL, LIMITS) is back


def test_zero_is_not_believed_where_it_cannot_be() -> None:
    """Not even 250 kWh have gone through in five seconds, whatever was clicked on."""
    counter = lasting(trusted(500_000), 250_000.0).answered(CounterAnswer.ZERO, LIMITS)
    assert counter.published == 500_000


UNRATED = Limits(
    possible_power=8_310_000.0, likely_power=415_500.0, resolution=1.0, modulus=2.0**32
)
FINE = Limits(
    possible_power=332_400.0, likely_power=20_000.0, resolution=0.01, modulus=2.0**32 / 100
)
DAY = 86_400.0


@pytest.mark.parametrize(
    ("limits", "stood", "outage", "stands"),
    [
        (UNRATED, 10e6, 22 * DAY, 500.0),
        (FINE, 10e6, 5 * DAY, 500.0),
        (replace(FINE, possible_power=8_310_000.0), 10e6, DAY / 4, 500.0),
        (UNRATED, 10e6, -3600.0, 500.0),
    ],
)
def test_a_set_back_in_a_long_outage_is_no_turn(
    limits: Limits, stood: float, outage: float, stands: float
) -> None:
    """Though the rest of the way to the end could have been gone meanwhile, at full power."""
    counter = trusted(stood)
    for number in range(20):
        counter = counter.after(stands, outage + 5 * number, limits)
    assert counter.published == stood
    assert counter.question is CounterQuestion.SET_BACK


def test_a_turn_during_an_outage_is_one() -> None:
    counter = trusted(2.0**32 - 20_000)
    counter = read(counter, 5_000, 5_010, begin=DAY / 4)
    assert counter.published == 2.0**32 + 5_010


@pytest.mark.parametrize("leap", [100e6, 3e6])
@pytest.mark.parametrize("disturbance", ["misread", "gap"])
def test_a_question_does_not_answer_itself(leap: float, disturbance: str) -> None:
    """What was impossible at first is no likelier after months, whatever happens in between."""
    counter = trusted(10e6)
    for number in range(14):
        counter = counter.after(leap, 5.0 + 5 * number, UNRATED)
    asked = counter.question
    assert asked is (CounterQuestion.LEAP if leap > 10e6 else CounterQuestion.SET_BACK)
    later = 30 * DAY
    if disturbance == "misread":
        counter = counter.after(leap, later - 10, UNRATED)
        counter = counter.after(0.0, later - 5, UNRATED)
        assert counter.question is asked
    for number in range(20):
        counter = counter.after(leap + 1000, later + 5 * number, UNRATED)
        assert counter.question is asked
        assert counter.published == 10e6
    # What has gone through since it was first seen there is not lost.
    answer = CounterAnswer.NOT_REAL if asked is CounterQuestion.LEAP else CounterAnswer.ELSEWHERE
    assert counter.answered(answer, UNRATED).published == 10e6 + 1000


def test_a_question_gives_way_to_another_number_that_lasts() -> None:
    """The register has been set once more; only where it is now counts."""
    counter = lasting(trusted(500_000), 7.0)
    counter = read(counter, *[900_000.0] * 6, begin=75.0)
    assert counter.question is CounterQuestion.SET_BACK
    counter = read(counter, *[900_000.0] * 8, begin=105.0)
    assert counter.question is CounterQuestion.LEAP


def test_while_asked_a_single_reading_is_no_return() -> None:
    counter = lasting(trusted(500_000), 7.0).after(500_100.0, 70.0, LIMITS)
    assert counter.published == 500_000
    assert counter.awaits_confirmation
    assert counter.after(7.0, 75.0, LIMITS).question is CounterQuestion.SET_BACK
    assert counter.after(500_110.0, 75.0, LIMITS).published == 500_110


def test_a_small_counter_that_was_set_back_is_asked_about_too() -> None:
    """However much the wires could carry in a minute and a half."""
    counter = trusted(8_000)
    for number in range(20):
        counter = counter.after(0.0, 5.0 + 5 * number, UNRATED)
    assert counter.question is CounterQuestion.SET_BACK


def test_a_meter_that_shows_zero_while_it_starts_asks_nothing() -> None:
    counter = read(trusted(150_000), *[0.0] * 4, begin=5.0)
    assert counter.published == 150_000
    counter = read(counter, 150_000, 150_001, begin=25.0)
    assert counter.question is None
    assert counter.candidate is None
    assert counter.published == 150_001


def test_wrong_readings_by_turns_leave_nothing_behind() -> None:
    """Each a little high, with a true one between any two: what is ahead is waited for."""
    counter = read(trusted(5000), 5050, 5001, 5060, 5002, 5003, 5004, begin=5.0)
    assert counter.published == 5060
    assert counter.question is None
    assert counter.candidate is None
    assert read(counter, 5100, begin=35.0).published == 5100


def test_a_counter_is_reconfirmed_since_after_two_readings() -> None:
    """Until then, one that was kept may be older than what was shown."""
    kept = trusted(5000)
    once = kept.after(5001.0, 5.0, LIMITS)
    assert not kept.is_reconfirmed_since(kept)
    assert not once.is_reconfirmed_since(kept)
    assert once.after(5002.0, 10.0, LIMITS).is_reconfirmed_since(kept)
    another = kept.for_new_meter()
    assert not another.after(7.0, 5.0, LIMITS).is_reconfirmed_since(another)
    assert read(another, 7.0, 8.0, begin=5.0).is_reconfirmed_since(another)


def test_a_register_that_runs_backwards_is_asked_about() -> None:
    """It is not waited for without end, though each step is but one count."""
    counter, register = trusted(500_000), 500_000.0
    for number in range(4000):
        register -= 1
        counter = counter.after(register, 5.0 + 5 * number, LIMITS)
        assert counter.published == 500_000
    assert counter.question is CounterQuestion.SET_BACK


def test_a_clock_that_was_set_back_does_not_stop_the_counter() -> None:
    counter = read(trusted(5000), 6000, 6010, begin=-7200.0)
    assert counter.published == 6010


@pytest.mark.parametrize("counter", [CounterFilter(), trusted(5000), lasting(trusted(5000), 1e6)])
def test_a_state_can_be_kept(counter: CounterFilter) -> None:
    assert CounterFilter.from_dict(counter.as_dict()) == counter


async def a_reading(model_id: int = 203, **points: float) -> Reading:
    """Return the reading of a meter whose scale factors are all 10^0."""
    scales: dict[str, Any] = {} if model_id > 210 else {"totwh_sf": 0, "v_sf": 0}
    return await reading_of(encode(model_id, **scales | points))


async def test_all_energies_of_a_meter_are_guarded() -> None:
    """Each by itself; what is left out of a reading stands where it was."""
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


async def test_a_question_is_answered_for_all_that_it_is_about() -> None:
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


async def test_another_meter_goes_on_where_the_old_one_was() -> None:
    """A counter that it tells late, and one that was never confirmed, included."""
    old = await a_reading(totwhimp=5000, totwhexp=70, totwhimppha=2000)
    counters: CounterFilters = {}
    for now in (0.0, 5.0):
        counters, _ = validated(counters, old, now, 200.0)
    counters = carried_to_new_meter({**counters, "energy_imported.b": CounterFilter()})
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
    _, checked = validated(counters, later, 120.0, 200.0)
    assert checked.energy_exported.total == 80


async def test_one_answer_is_for_those_that_would_ask_later_too() -> None:
    """Apparent energy is read once a minute, and would ask the same minutes later."""
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
    assert counters["apparent_energy_imported.total"].candidate is None
    assert counters["apparent_energy_imported.total"].published == 6_000_000


async def test_understated_transformers_do_not_stop_the_counter() -> None:
    """The power that flows is possible, whatever the owner has entered."""
    counters: CounterFilters = {}
    for number in range(100):
        energy = 5_000_000 + 12.5 * number
        reading = await a_reading(totwhimp=int(energy), w=9000, w_sf=0)
        counters, checked = validated(counters, reading, 5.0 * number, 5.0)
    assert checked.energy_imported.total == 5_001_237


async def test_the_registers_are_what_the_meter_itself_shows() -> None:
    """What is published goes on after a wrap or with another meter; the display does not."""
    reading = await a_reading(totwhimp=2**32 - 10, totwhexp=70)
    counters: CounterFilters = {}
    assert register_reads(counters) == RegisterReads()
    counters, _ = validated(counters, reading, 0.0, 200.0)
    assert register_reads(counters) == RegisterReads()
    counters, _ = validated(counters, reading, 5.0, 200.0)
    assert register_reads(counters) == RegisterReads(
        imported=Sample(value=2**32 - 10, at=5.0), exported=Sample(value=70, at=5.0)
    )

    wrapped = replace(reading, energy_imported=PerPhase(total=3.0))
    for now in (10.0, 15.0):
        counters, checked = validated(counters, wrapped, now, 200.0)
    assert checked.energy_imported.total == 2**32 + 3
    assert register_reads(counters) == RegisterReads(
        imported=Sample(value=3, at=15.0), exported=Sample(value=70, at=15.0)
    )

    new = replace(reading, energy_imported=PerPhase(total=123.4))
    counters, _ = validated(carried_to_new_meter(counters), new, 20.0, 200.0)
    assert register_reads(counters).imported is None
    counters, _ = validated(counters, new, 25.0, 200.0)
    assert register_reads(counters).imported == Sample(value=123.4, at=25.0)


async def test_limits_are_physics() -> None:
    """Service current times voltage times phases, with a margin of two; and one count."""
    reading = await a_reading(totwhimp=5000, totwh_sf=1, phv=480)
    total = counter_limits(reading, "energy_imported.total", 50_000.0, 200.0)
    assert total.possible_power == 2 * 200 * 480 * 3
    assert total.resolution == 10
    assert total.modulus == 10 * 2**32
    assert total.reach(3600) == total.possible_power + 10
    assert total.likely_power == total.possible_power
    assert total.for_single_read.reach(3600) == total.reach(3600)
    told = replace(reading, power=PerPhase(total=-5_000.0))
    likely = counter_limits(told, "energy_imported.total", 50_000.0, 200.0)
    assert likely == replace(total, likely_power=4 * 5_000 + 0.05 * total.possible_power)
    assert likely.for_single_read.reach(3600) == likely.likely_power + 10
    overloaded = replace(reading, power=PerPhase(total=500_000.0))
    seen = counter_limits(overloaded, "energy_imported.total", 50_000.0, 200.0)
    assert seen.possible_power == seen.likely_power == 2 * 500_000
    phase = counter_limits(reading, "energy_imported.a", 50_000.0, None)
    assert phase.possible_power == 2 * DEFAULT_SERVICE_CURRENT * 480

    single = await a_reading(211, totwhimp=5000.0)
    limits = counter_limits(single, "energy_imported.total", 4_000_000.0, 200.0)
    assert limits.possible_power == 2 * 200 * 277
    assert limits.modulus is None
    assert 0.9 < limits.resolution < 1


async def test_apparent_and_reactive_energies_are_guarded_too() -> None:
    """Each in its own counts; a value that is merely repeated is no second reading."""
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
    assert vah.likely_power == 4 * 1000 + 0.05 * vah.possible_power
    varh = counter_limits(first, "reactive_energy_q1.total", 70.0, 200.0)
    assert (varh.resolution, varh.modulus) == (1, 2**32)
    assert varh.likely_power == 4 * 300 + 0.05 * varh.possible_power
