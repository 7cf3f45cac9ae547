"""Search a serial port or a network adapter for meters, over Home Assistant's Modbus links."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from modbus_connection import ModbusSerialParams, ModbusTcpParams

from ..connection.link import (
    LinkParams,
    link_holders,
    link_params,
    params_in_use,
    port_data,
    port_params,
)
from ..const import (
    CONF_FRAMING,
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    DEFAULT_UNIT_ID,
    FRAMING_RTU,
    FRAMING_TCP,
    TRANSPORT_SERIAL,
)
from ..meter import MeterError
from ..meter.modbus import (
    BusScan,
    Probe,
    ScanResult,
    network_passes,
    serial_passes,
    settings_text,
    usual_settings,
)
from .link_bus import LinkBus

type LinkData = Mapping[str, Any]
"""Config entry data of a link, without a unit id."""


class LinkSearch:
    """A search that is under way or has ended, for whoever shows how it goes."""

    def __init__(  # noqa: PLR0913 - all of them are what is searched for, and how
        self,
        hass: HomeAssistant,
        link: LinkData,
        unit_id: int,
        *,
        is_wanted: Callable[[ScanResult[LinkParams]], bool],
        on_progress: Callable[[float], None],
        thorough: bool = False,
        everything: bool = False,
    ) -> None:
        """Search the port or adapter of ``link``, its settings and ``unit_id`` at first.

        For what is wanted, and how long it is searched for, see ``meter.bus.Search``.
        """
        self._candidates = _candidates(hass, link)
        self._bus = LinkBus(hass, self._candidates)
        self._on_progress = on_progress
        plan = serial_passes if link[CONF_TRANSPORT] == TRANSPORT_SERIAL else network_passes
        unit_ids = list(dict.fromkeys((unit_id, DEFAULT_UNIT_ID)))
        legs = tuple(plan(list(self._candidates), unit_ids))
        self._search = BusScan(
            self._bus,
            legs,
            is_wanted,
            self._note,
            thorough=thorough,
            everything=everything,
        )
        self._changed = asyncio.Event()
        self._is_wanted = is_wanted
        self.link = link
        self.question = Probe(legs[0].stage, legs[0].settings, unit_id, 0.0)
        """What is being asked."""
        self.findings: list[ScanResult[LinkParams]] = []
        self.error: MeterError | HomeAssistantError | None = None
        """Why the search could not be made, or not to its end."""

    @property
    def wanted(self) -> list[ScanResult[LinkParams]]:
        """What was searched for, and found."""
        return [finding for finding in self.findings if self._is_wanted(finding)]

    @property
    def noisy(self) -> bool:
        """Whether bytes were heard that nobody understands."""
        return self._bus.noisy

    async def run(self) -> None:
        """Search to the end; what is open is closed then, also if this is cancelled."""
        try:
            async for finding in self._search.run():
                self.findings.append(finding)
                self._changed.set()
        except (MeterError, HomeAssistantError) as err:
            self.error = err
        finally:
            self._changed.set()
        if not self.findings:
            self.error = self.error or self._bus.trouble

    async def changed(self) -> None:
        """Wait until there is something else to tell of the search."""
        await self._changed.wait()
        self._changed.clear()

    def data_of(self, finding: ScanResult[LinkParams]) -> dict[str, Any]:
        """Return the config entry data with which a device was found."""
        return {**self._candidates[finding.settings], CONF_UNIT_ID: finding.unit_id}

    def _note(self, question: Probe[LinkParams]) -> None:
        before, self.question = self.question, question
        self._on_progress(question.progress)
        if _told(before) != _told(question):
            self._changed.set()


_UNIT_IDS_TOLD: Final = 8
"""Of so many unit ids in a row, only the first is told, lest it flicker."""


def _told(question: Probe[LinkParams]) -> tuple[Any, ...]:
    return (question.stage, question.settings, first_told(question.unit_id))


def first_told(unit_id: int) -> int:
    """Return the unit id that is told for one that is asked in a long row."""
    return max(1, unit_id - unit_id % _UNIT_IDS_TOLD)


def link_text(params: LinkParams) -> str:
    """Return the settings of a link in a few letters that all languages share."""
    if isinstance(params, ModbusTcpParams):
        return "Modbus TCP"
    return "Modbus RTU" if "://" in params.device else settings_text(params)


def _candidates(hass: HomeAssistant, link: LinkData) -> dict[LinkParams, LinkData]:
    """Return the links over which a bus may be reached, the one that is described first.

    If somebody holds the port or adapter already, that is how it is reached. Who asks for a meter
    that is waited for lets go of it in a moment.
    """
    candidates: list[LinkData]
    if link[CONF_TRANSPORT] == TRANSPORT_SERIAL:
        candidates = [{**link, **port_data(each)} for each in usual_settings(port_params(link))]
        used = params_in_use(hass, port_params(link))
        if link_holders(port_params(link)) and isinstance(used, ModbusSerialParams):
            candidates = [{**link, **port_data(used)}]
    else:
        others = {FRAMING_TCP: FRAMING_RTU, FRAMING_RTU: FRAMING_TCP}
        candidates = [link, {**link, CONF_FRAMING: others[link[CONF_FRAMING]]}]
        used_alike = [each for each in candidates if link_holders(link_params(each))]
        candidates = used_alike or candidates
    return {link_params(each): each for each in candidates}
