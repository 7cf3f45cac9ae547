"""Keep the counter filters of a meter across restarts, and ask what they cannot decide."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..identification import serial_number_of
from ..issues import async_raise_issue, async_withdraw_issue
from ..meter import Reading
from ..meter.intervals import EXPORTED, IMPORTED, Ledger
from ..meter.reading_gaps import StoredTotals
from ..meter.sample import CONSECUTIVE_WITHIN, Sample
from ..meter.validation import (
    ANSWERS,
    CounterAnswer,
    CounterFilter,
    CounterFilters,
    CounterQuestion,
    FirstSight,
    QuestionedCounter,
    RegisterReads,
    answered,
    answered_counters,
    awaiting_reconfirmation,
    can_have_rolled_over,
    questioned_counters,
    questions,
    register_reads,
    rejudged,
    rollovers,
    validated,
    without_counters,
)
from ..meter_events import Answered, RolledOver, Span, async_report
from ..options import MeterOptions
from .clock import ClockKeeper
from .kept_state import KeptState
from .question_texts import counter_list
from .refresh import RefreshKeeper
from .state_saver import AT_ONCE, SOON, WHILE_COUNTING, StateSaver
from .stored_counters import filters_from_ledger, last_read, parse_counters

FILE_COUNTERS: Final = "counters"
_INTERVAL_ENERGIES: Final = (f"energy_{IMPORTED}", f"energy_{EXPORTED}")


class CounterKeeper:
    """The counter filters of one meter in Home Assistant."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        options: MeterOptions,
        saver: StateSaver,
        clock: ClockKeeper,
    ) -> None:
        """Begin without any history; ``async_load`` brings it."""
        self._hass = hass
        self._entry = entry
        self._saver = saver
        self._clock = clock
        self._file = KeptState(
            hass,
            entry,
            FILE_COUNTERS,
            parse=parse_counters,
            content="the validation state of its energy counters; "
            "its totals continue from the billing data",
        )
        saver.add(self._file, self.as_dict)
        self._filters: CounterFilters = {}
        self._asked: dict[CounterQuestion, list[QuestionedCounter]] = {}
        self._awaiting_reconfirmation: CounterFilters = {}
        """filters as they were loaded, while more may have been shown before a kill"""
        self._service_current = options.service_current
        self._refresh = RefreshKeeper(hass, entry)
        self.first_sight: FirstSight | None = None
        """another meter in this place, about which the owner is asked"""
        self.last_read: StoredTotals | None = None
        """the last reading before this start; None before the first"""
        self._checked_at = 0.0
        self._stepped = 0.0
        self._follows_gap = True
        """whether nothing was read shortly before the latest reading"""

    async def async_load(self, ledger: Ledger) -> None:
        """Restore the filters; without them, restore the totals from the ledger.

        If Home Assistant was killed, more may have been shown than is stored. So that nothing that
        was shown falls, such a counter shows nothing until two readings of it are believed.
        """
        stored = await self._file.async_load()
        if stored:
            self._filters, self.first_sight = stored.filters, stored.first_sight
            self.last_read = last_read(stored)
            self._refresh.async_restore(stored.refresh_period, stored.held_values)
        else:
            self._refresh.async_restore(0.0, None)
            self._filters = filters_from_ledger(ledger, serial_number_of(self._entry))
        if stored and stored.is_complete:
            # From now on more may be shown than is stored, and the next write is far off.
            await self._saver.async_write(self._file)
        else:
            self._awaiting_reconfirmation = self._filters
        for question in frozenset(CounterQuestion) - questions(self._filters):
            # It may have been asked before, perhaps about another meter in this place.
            async_withdraw_issue(self._hass, self._entry, f"counter_{question}")

    async def async_keep_first_sight(self, sight: FirstSight | None) -> None:
        """Store how another meter was first seen in this place; None if it is gone again."""
        if sight != self.first_sight:
            self.first_sight = sight
            await self._saver.async_write(self._file)

    @property
    def can_have_begun_at_zero(self) -> bool:
        """Whether the other meter in this place can have counted from 0 here."""
        sight = self.first_sight
        return sight is not None and sight.can_have_begun_at_zero(self._filters)

    def carry_to_new_meter(self, sight: FirstSight, *, from_zero: bool) -> CounterFilters:
        """Let another meter continue what is published; return the filters."""
        self._filters = sight.continued(self._filters, from_zero=from_zero)
        self.first_sight = None
        return self._filters

    @callback
    def async_check(self, reading: Reading) -> Reading:
        """Return a reading with the counters that are believed; ask about the others."""
        clock = self._clock.current
        now = clock.now
        stepped, self._stepped = self._stepped, clock.stepped
        if clock.stepped > stepped:
            # What seemed impossible in the time since the last run may have been possible.
            self._filters = rejudged(self._filters, clock.begun)
        rated = self._service_current
        self._refresh.async_check(reading, now)
        before = self._filters
        self._follows_gap = now - self._checked_at > CONSECUTIVE_WITHIN
        self._checked_at = now
        self._filters, checked = validated(before, reading, now, rated, self._refresh.held)
        asks = self._async_ask()
        if _offsets(before) != _offsets(self._filters):
            # After a kill, the register alone would lead to a lower value.
            within = AT_ONCE
            if changes := rollovers(before, self._filters):
                async_report(self._hass, self._entry, RolledOver(changes))
        else:
            within = SOON if asks else WHILE_COUNTING
        self._saver.async_changed(self._file, within)
        awaiting = awaiting_reconfirmation(self._awaiting_reconfirmation, self._filters)
        self._awaiting_reconfirmation = awaiting
        return without_counters(checked, awaiting)

    @property
    def registers(self) -> RegisterReads:
        """What the meter's own display shows, as far as it is believed."""
        filters, awaiting = self._filters, self._awaiting_reconfirmation
        if awaiting:
            filters = {key: each for key, each in filters.items() if key not in awaiting}
        return register_reads(filters)

    @property
    def needs_second_reading(self) -> bool:
        """Whether a second reading at once may decide what is shown.

        So it may while nothing is shown, and after a start or an outage. At any other time the next
        poll is near, and a wrong count that lasts for a moment is over by then.
        """
        awaiting = self._awaiting_reconfirmation
        return any(
            counter.awaits_confirmation
            for key, counter in self._filters.items()
            if self._follows_gap or counter.trusted is None or key in awaiting
        ) or any(
            _believed(self._filters[key]) != _believed(loaded) for key, loaded in awaiting.items()
        )

    def possible_answers(
        self, question: CounterQuestion, reading: Reading
    ) -> tuple[CounterAnswer, ...]:
        """Return the answers to a question that fit the latest reading."""
        unlikely = set[CounterAnswer]()
        if not can_have_rolled_over(self._filters, reading, self._service_current):
            unlikely.add(CounterAnswer.ROLLED_OVER)
        return tuple(answer for answer in ANSWERS[question] if answer not in unlikely)

    def asked_parts(self, question: CounterQuestion) -> frozenset[str]:
        """Return the parts of the meter about whose imported or exported energy a question is."""
        return frozenset(
            part
            for counter in questioned_counters(self._filters)
            for energy, _, part in [counter.key.partition(".")]
            if counter.question is question and energy in _INTERVAL_ENERGIES
        )

    async def async_answer(self, answer: CounterAnswer, reading: Reading, edited: Span) -> None:
        """Apply the owner's answer to all counters that it is about, and report what it edits."""
        before = self._filters
        self._filters = answered(before, answer, reading, self._service_current)
        if changes := answered_counters(before, self._filters):
            async_report(self._hass, self._entry, Answered(answer, changes, edited))
        self._async_ask()
        await self._saver.async_write(self._file)

    def as_dict(self) -> dict[str, Any]:
        """Return the filters as JSON holds them, and whether nothing later was or will be shown."""
        values = self._refresh.held_values
        return {
            "latest": self._saver.finished and not self._awaiting_reconfirmation,
            "refresh_period": self._refresh.period,
            "held_values": values and asdict(values),
            "counters": {key: counter.as_dict() for key, counter in self._filters.items()},
            "first_sight": self.first_sight and self.first_sight.as_dict(),
        }

    @callback
    def _async_ask(self) -> bool:
        """Raise a repair for each question, and withdraw those that have settled.

        A question lists the counters that it is about. Returns whether any has changed.
        """
        clock = self._clock.current
        # Until the clock has settled, the time that passed before this run is unknown.
        unsettled_since = None if clock.is_settled else clock.begun
        before, asked = self._asked, dict[CounterQuestion, list[QuestionedCounter]]()
        for counter in questioned_counters(self._filters, unsettled_since):
            since = counter.since - clock.now + clock.wall
            asked.setdefault(counter.question, []).append(replace(counter, since=since))
        changed = _keys(asked) != _keys(before)
        for question, counters in asked.items() if changed else ():
            async_raise_issue(
                self._hass,
                self._entry,
                f"counter_{question}",
                question={"question": question.value},
                placeholders={"counters": counter_list(self._hass, counters)},
            )
        for question in before.keys() - asked.keys():
            async_withdraw_issue(self._hass, self._entry, f"counter_{question}")
        self._asked = asked
        return changed


def _believed(counter: CounterFilter) -> Sample | None:
    return None if counter.trusted is None else counter.trusted.latest


def _keys(
    asked: Mapping[CounterQuestion, list[QuestionedCounter]],
) -> Mapping[CounterQuestion, list[str]]:
    return {question: [counter.key for counter in asked[question]] for question in asked}


def _offsets(filters: CounterFilters) -> Mapping[str, float | None]:
    return {
        key: None if counter.trusted is None else counter.trusted.offset
        for key, counter in filters.items()
    }
