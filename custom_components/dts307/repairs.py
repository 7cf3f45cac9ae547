"""What only the owner can decide, with one button for each answer."""

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .coordinator import Dts307ConfigEntry
from .meter.counters import Question
from .replacement import TakeOverError, async_take_over


class CounterFlow(RepairsFlow):
    """Ask whether a counter was really set back, or whether a leap is real energy."""

    def __init__(self, entry: Dts307ConfigEntry | None, question: Question) -> None:
        """Ask about the counters of an entry's meter."""
        self._entry = entry
        self._question = question

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the answers."""
        return self.async_show_menu(step_id="init", menu_options=["real", "not_real"])

    async def async_step_real(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """It was set back; the energy is real."""
        return await self._async_answer(real=True)

    async def async_step_not_real(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """It was not set back; the energy is not real."""
        return await self._async_answer(real=False)

    async def _async_answer(self, *, real: bool) -> RepairsFlowResult:
        entry = self._entry
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        coordinator = entry.runtime_data
        await coordinator.guard.async_answer(self._question, coordinator.data.reading, real=real)
        await coordinator.async_request_refresh()
        return self.async_create_entry(data={})


class ReplacedFlow(RepairsFlow):
    """Ask whether the meter that answers has taken the place of the entry's own."""

    def __init__(self, entry: Dts307ConfigEntry | None) -> None:
        """Ask about the meter of an entry."""
        self._entry = entry

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show the answers."""
        return self.async_show_menu(step_id="init", menu_options=["same_place", "elsewhere"])

    async def async_step_same_place(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Go on with the new meter."""
        if self._entry is None:
            return self.async_abort(reason="not_answering")
        try:
            await async_take_over(self.hass, self._entry)
        except TakeOverError as err:
            return self.async_abort(reason=err.reason)
        return self.async_create_entry(data={})

    async def async_step_elsewhere(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Tell how to find the entry's own meter again."""
        return self.async_abort(reason="reconfigure")


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that settles an issue."""
    if data is None:
        raise ValueError(f"{issue_id} was raised without data")
    entry: Dts307ConfigEntry | None = hass.config_entries.async_get_entry(str(data["entry_id"]))
    if "question" in data:
        return CounterFlow(entry, Question(str(data["question"])))
    return ReplacedFlow(entry)
