"""Repair flows: questions that only the owner can answer."""

from abc import abstractmethod
from typing import Any, ClassVar, override

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .connection import PortChangedError, async_store_persistent_path
from .const import DOMAIN
from .coordinator import Dts307ConfigEntry, Dts307Coordinator
from .energy_dashboard import NOT_IN_DASHBOARD, EnergyDashboardError, async_add_to_dashboard
from .flows import CT_RATING_FORM, CT_RATING_MISSING
from .lifecycle import MAY_BEGIN_AT_ZERO, ReplacementError, async_continue_with_new_meter
from .meter.validation import CounterAnswer, CounterQuestion
from .options import CONF_CT_RATING


class MeterFlow(RepairsFlow):
    """A flow about an entry's meter; the entry may be removed before the answer."""

    def __init__(self, entry_id: str) -> None:
        """Start a flow about the meter of an entry."""
        self._entry_id = entry_id

    def _entry(self) -> Dts307ConfigEntry | None:
        return self.hass.config_entries.async_get_entry(self._entry_id)


class CounterFlow(MeterFlow):
    """Ask whether a counter was set back, or whether a jump is real energy."""

    def __init__(self, entry_id: str, question: CounterQuestion) -> None:
        """Ask about the counters of an entry's meter."""
        super().__init__(entry_id)
        self._question = question

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the answers that are possible."""
        coordinator = self._loaded()
        if coordinator is None:
            return self.async_abort(reason="not_loaded")
        reading = coordinator.data.reading
        answers = coordinator.counters.possible_answers(self._question, reading)
        return self.async_show_menu(step_id="init", menu_options=list(answers))

    async def async_step_zero(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """It was set back to zero."""
        return await self._async_answer(CounterAnswer.ZERO)

    async def async_step_elsewhere(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """It was set back to another value."""
        return await self._async_answer(CounterAnswer.ELSEWHERE)

    async def async_step_rolled_over(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """It got to its end and continued from zero."""
        return await self._async_answer(CounterAnswer.ROLLED_OVER)

    async def async_step_not_set_back(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """It was not set back."""
        return await self._async_answer(CounterAnswer.NOT_SET_BACK)

    async def async_step_real(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """The energy is real."""
        return await self._async_answer(CounterAnswer.REAL)

    async def async_step_not_real(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """The energy is not real."""
        return await self._async_answer(CounterAnswer.NOT_REAL)

    async def _async_answer(self, answer: CounterAnswer) -> RepairsFlowResult:
        coordinator = self._loaded()
        if coordinator is None:
            return self.async_abort(reason="not_loaded")
        edited = coordinator.billing.edited_by_answer()
        parts = coordinator.counters.asked_parts(self._question)
        await coordinator.counters.async_answer(answer, coordinator.data.reading, edited)
        coordinator.billing.async_note_edit(parts)
        await coordinator.async_request_refresh()
        return self.async_create_entry(data={})

    def _loaded(self) -> Dts307Coordinator | None:
        """Return the meter's coordinator, if it has read the meter."""
        entry = self._entry()
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return None if entry.runtime_data.data is None else entry.runtime_data


class ReplacedFlow(MeterFlow):
    """Ask whether the meter that answers replaces the entry's own."""

    def __init__(self, entry_id: str, *, may_begin_at_zero: bool) -> None:
        """Ask, also whether its registers began at 0 if that is possible."""
        super().__init__(entry_id)
        self._may_begin_at_zero = may_begin_at_zero

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the answers."""
        began_at_zero = ["began_at_zero"] if self._may_begin_at_zero else []
        return self.async_show_menu(
            step_id="init", menu_options=["same_place", *began_at_zero, "elsewhere"]
        )

    async def async_step_same_place(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Continue with the new meter, from when it was first seen."""
        return await self._async_continue(from_zero=False)

    async def async_step_began_at_zero(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Continue with the new meter, whose registers began at 0."""
        return await self._async_continue(from_zero=True)

    async def _async_continue(self, *, from_zero: bool) -> RepairsFlowResult:
        entry = self._entry()
        if entry is None:
            return self.async_abort(reason="not_answering")
        try:
            await async_continue_with_new_meter(self.hass, entry, from_zero=from_zero)
        except ReplacementError as err:
            return self.async_abort(reason=err.reason)
        return self.async_create_entry(data={})

    async def async_step_elsewhere(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Refer to reconfiguration, which finds the entry's own meter again."""
        return self.async_abort(reason="reconfigure")


class OptionalFlow(MeterFlow):
    """A flow that its owner may ignore.

    Home Assistant has a button for that only in repairs without a flow.
    """

    fix: ClassVar[str]
    """The menu option that fixes the issue."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the menu."""
        return self.async_show_menu(step_id="init", menu_options=[self.fix, "ignore"])

    async def async_step_ignore(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ignore the issue, unless it was withdrawn meanwhile."""
        if ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id):
            ir.async_ignore_issue(self.hass, DOMAIN, self.issue_id, ignore=True)
        return self.async_abort(reason="ignored")


class CtRatingFlow(OptionalFlow):
    """Ask for the CT rating of an entry's meter."""

    fix = "ct_rating"

    async def async_step_ct_rating(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Store what is entered, and set the entry up with it."""
        entry = self._entry()
        if entry is None:
            return self.async_abort(reason="entry_gone")
        if user_input is None or CONF_CT_RATING not in user_input:
            entered = {**entry.options, **(user_input or {})}
            return self.async_show_form(
                step_id="ct_rating",
                data_schema=self.add_suggested_values_to_schema(CT_RATING_FORM, entered),
                errors=None if user_input is None else {CONF_CT_RATING: "ct_rating_range"},
            )
        manager = self.hass.config_entries
        manager.async_update_entry(entry, options={**entry.options, **user_input})
        manager.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})


class ConfirmFlow(OptionalFlow):
    """Fix something about an entry's meter after the owner confirms it."""

    fix = "confirm"
    gone: ClassVar[str]
    """The translation key of the abort reason if the entry was removed."""

    @abstractmethod
    async def _async_fix(self, entry: Dts307ConfigEntry) -> str | None:
        """Fix it; return the translation key of the reason if that fails."""

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Fix it."""
        entry = self._entry()
        reason = self.gone if entry is None else await self._async_fix(entry)
        if reason is not None:
            return self.async_abort(reason=reason)
        return self.async_create_entry(data={})


class EnergyDashboardFlow(ConfirmFlow):
    """Try again to add an entry's meter to the Energy dashboard."""

    gone = "sensor_missing"

    @override
    async def _async_fix(self, entry: Dts307ConfigEntry) -> str | None:
        try:
            await async_add_to_dashboard(self.hass, entry)
        except EnergyDashboardError as err:
            return err.reason
        return None


class PortFlow(ConfirmFlow):
    """Offer to store the persistent path of an entry's port."""

    gone = "port_changed"

    def __init__(self, entry_id: str, device: str, stable: str) -> None:
        """Start the offer to replace ``device`` with its persistent path ``stable``."""
        super().__init__(entry_id)
        self._device = device
        self._stable = stable

    @override
    async def _async_fix(self, entry: Dts307ConfigEntry) -> str | None:
        try:
            await async_store_persistent_path(self.hass, entry, self._device, self._stable)
        except PortChangedError:
            return self.gone
        return None


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that fixes an issue."""
    if data is None:
        raise ValueError(f"{issue_id} was raised without data")
    entry_id = str(data["entry_id"])
    if "question" in data:
        return CounterFlow(entry_id, CounterQuestion(str(data["question"])))
    if NOT_IN_DASHBOARD in data:
        return EnergyDashboardFlow(entry_id)
    if CT_RATING_MISSING in data:
        return CtRatingFlow(entry_id)
    if "stable" in data:
        return PortFlow(entry_id, str(data["device"]), str(data["stable"]))
    return ReplacedFlow(entry_id, may_begin_at_zero=bool(data[MAY_BEGIN_AT_ZERO]))
