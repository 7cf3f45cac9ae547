"""The part of the set-up that finds a meter: by a port or an address, and a search from there."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT
from homeassistant.core import callback
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.util.hass_dict import HassKey

from ..connection.link import LinkParams, failure_key
from ..connection.port_users import async_only_free_port
from ..connection.serial_ports import async_failure, async_resolved
from ..const import CONF_TRANSPORT, CONF_UNIT_ID, DOMAIN, TRANSPORT_NETWORK, TRANSPORT_SERIAL
from ..flows.setup_forms import (
    CONF_EVERYTHING,
    CONF_THOROUGH,
    SECTION_KNOWN,
    link_answers,
    link_data,
    link_form,
)
from ..meter import EndlessChainError, NoMeterModelError, NotSunSpecError
from ..meter.modbus import ScanResult, ScanStage
from .results import distinct, results_text
from .search import LinkSearch, first_told, link_text
from .suspension import SuspendedEntries

_NO_METER: Final = (NotSunSpecError, NoMeterModelError, EndlessChainError)
"""What a device is that answers as it should, but is no meter that can be read."""

_SEARCHES: HassKey[dict[str, SearchFlow]] = HassKey(f"{DOMAIN}_searches")
"""Who has searched last, by the port or the address of the adapter."""


class SearchFlow(ConfigFlow):
    """Asks for a port or an address, and searches for meters there."""

    _transport: str
    _search: LinkSearch
    _searching: asyncio.Task[None] | None = None
    _news: asyncio.Task[None] | None = None
    """Waits for something else to tell of the search."""
    _answers: dict[str, Any] | None = None
    _failure: tuple[str, Mapping[str, str]] | None = None
    """Why a search has found nothing, as a translation key and what belongs into its text."""
    _closed = False
    """Whether the window was closed, or all is done."""

    def __init__(self) -> None:
        """Begin with nothing that would have to be ended."""
        self._at_end: list[Callable[[], object]] = []
        """What is to be done when the window is closed, or all is done."""

    @cached_property
    def _aside(self) -> SuspendedEntries:
        return SuspendedEntries(self.hass, self.context.get("entry_id"), self._async_end_search)

    @abstractmethod
    def _is_wanted(self, finding: ScanResult[LinkParams]) -> bool:
        """Tell whether a device is what is searched for."""

    @abstractmethod
    async def _async_found(self, found: list[ScanResult[LinkParams]]) -> ConfigFlowResult:
        """Go on with what was searched for, and found."""

    async def async_step_serial(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a serial port."""
        return await self._async_step_link(TRANSPORT_SERIAL, user_input)

    async def async_step_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a network adapter."""
        return await self._async_step_link(TRANSPORT_NETWORK, user_input)

    async def _async_step_link(
        self, transport: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        self._transport = transport
        if self._is_entry_gone():
            return self.async_abort(reason="entry_gone")
        if user_input is None:
            # The frontend asks for a form anew when it has shown progress before.
            self._answers = self._answers or await self._async_likely_answers()
            return self._async_show_link()
        self._answers = user_input
        data = await async_resolved(self.hass, link_data(transport, user_input))
        await self._async_begin(data)
        return await self.async_step_search()

    @callback
    def _entry_there(self) -> ConfigEntry | None:
        """Return the entry that is reconfigured, unless it was removed meanwhile."""
        return self.hass.config_entries.async_get_entry(self._reconfigure_entry_id)

    @callback
    def _is_entry_gone(self) -> bool:
        return self.source == SOURCE_RECONFIGURE and self._entry_there() is None

    async def _async_likely_answers(self) -> dict[str, Any] | None:
        """Return what describes the link so far, or else a port that it can only be."""
        if self.source == SOURCE_RECONFIGURE:
            data = self._get_reconfigure_entry().data
            return link_answers(data) if data[CONF_TRANSPORT] == self._transport else None
        if self._transport == TRANSPORT_SERIAL and (port := await async_only_free_port(self.hass)):
            return {CONF_DEVICE: port, SECTION_KNOWN: {}}
        return None

    @callback
    def _async_show_link(self) -> ConfigFlowResult:
        error, placeholders = self._failure or (None, None)
        return self.async_show_form(
            step_id=self._transport,
            data_schema=self.add_suggested_values_to_schema(
                link_form(self._transport, again=error is not None), self._answers
            ),
            errors={"base": error} if error else None,
            description_placeholders=placeholders,
        )

    async def _async_begin(self, data: dict[str, Any]) -> None:
        """Begin to search in the background."""
        await self._aside.async_wait()
        await self._async_end_search_of_others(data)
        await self._aside.async_make_way(data)
        if self._closed:
            self._aside.async_come_back()
            raise UnknownFlow
        answers = self._answers or {}
        unit_id = data.pop(CONF_UNIT_ID)
        self._search = LinkSearch(
            self.hass,
            data,
            unit_id,
            is_wanted=self._is_wanted,
            on_progress=self.async_update_progress,
            thorough=answers[SECTION_KNOWN][CONF_THOROUGH],
            everything=answers.get(CONF_EVERYTHING, False),
        )
        self._searching = self.hass.async_create_background_task(
            self._search.run(), f"{self.handler} search"
        )
        self._searching.add_done_callback(self._async_search_ended)
        self.hass.data[_SEARCHES][_place(data)] = self
        self._at_end.append(partial(self._async_forget, _place(data)))
        # Nothing stays open behind a search whose window was closed.
        self._at_end.append(self._searching.cancel)

    @callback
    def _async_forget(self, place: str) -> None:
        """Be the one that has searched a place last no longer."""
        searches = self.hass.data[_SEARCHES]
        if searches.get(place) is self:
            del searches[place]

    async def _async_end_search_of_others(self, data: dict[str, Any]) -> None:
        """End a search of the same bus that goes on for a window that was left, or reloaded."""
        searches = self.hass.data.setdefault(_SEARCHES, {})
        other = searches.pop(_place(data), None)
        if other is not None and other is not self:
            self._aside.async_take_over(await other.async_give_way())

    async def async_give_way(self) -> list[ConfigEntry]:
        """End the search for another flow's; return the entries that have stepped aside for it."""
        entries = self._aside.async_hand_over()
        await self._async_end_search()
        return entries

    async def _async_end_search(self) -> None:
        """End the search, if there is one; it has let go of its link then."""
        if self._searching:
            self._searching.cancel()
            await asyncio.wait([self._searching])

    @callback
    def _async_search_ended(self, searching: asyncio.Task[None]) -> None:
        """Let the entries that stepped aside go on, whoever looks at what was found.

        What was found tells the settings with which they do.
        """
        if searching.cancelled():
            return
        if self._search.wanted:
            self._aside.async_come_back_later()
        else:
            self._aside.async_come_back()

    async def async_step_search(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what the search is at, until it has ended."""
        search = self._search
        if self._searching and self._searching.done():
            if self._searching.cancelled():
                return self.async_show_progress_done(next_step_id="taken_over")
            # What went wrong beyond what a search expects is to be seen.
            self._searching.result()
            return self.async_show_progress_done(next_step_id="searched")
        question, findings = search.question, distinct(search.findings)
        row = question.stage is not ScanStage.SETTINGS
        # The frontend asks for this step at any time, but one task is enough to wait for news.
        if self._news is None or self._news.done():
            self._news = self.hass.async_create_background_task(
                search.changed(), f"{self.handler} search told"
            )
        return self.async_show_progress(
            step_id="search",
            progress_action=question.stage.value,
            description_placeholders={
                "settings": link_text(question.settings),
                "unit_id": str(first_told(question.unit_id) if row else question.unit_id),
                "count": str(sum(each.identity is not None for each in findings)),
            },
            progress_task=self._news,
        )

    async def async_step_searched(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with what was found, or tell why nothing was."""
        if self._is_entry_gone():
            return self.async_abort(reason="entry_gone")
        if found := self._search.wanted:
            return await self._async_found(found)
        self._failure = await self._async_explain(self._search)
        return self._async_show_link()

    async def async_step_taken_over(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Give way to another window."""
        return self.async_abort(reason="taken_over")

    async def _async_explain(self, search: LinkSearch) -> tuple[str, dict[str, str]]:
        """Return why nothing was found, as a translation key and what belongs into its text."""
        if search.error is not None:
            return await async_failure(self.hass, search.error, search.link)
        devices = {"devices": results_text(search.findings)}
        if meters := [finding.identity for finding in search.findings if finding.identity]:
            if not all(identity.serial_number for identity in meters):
                return "no_serial_number", devices
            own = self.source == SOURCE_RECONFIGURE
            return "other_meters" if own else "only_known_meters", devices
        for finding in search.findings:
            if finding.error and not isinstance(finding.error, _NO_METER):
                return failure_key(finding.error, search.link), {}
        if search.findings:
            return "no_meter_among", devices
        reason = "wrong_speed" if search.noisy else "nothing_found"
        return f"{reason}_{self._transport}", {}

    @callback
    @override
    def async_remove(self) -> None:
        self._closed = True
        self._aside.async_come_back()
        for end in self._at_end:
            end()


def _place(data: Mapping[str, Any]) -> str:
    """Return what two searches cannot share: the port, or the adapter's address."""
    return str(data.get(CONF_DEVICE) or f"{data[CONF_HOST]}:{data[CONF_PORT]}")
