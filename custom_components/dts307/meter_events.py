"""What happens to a meter and is worth logging: each event is reported here.

Other modules call ``async_report``. The event is announced once Home Assistant runs
and the meter's entities exist: on Home Assistant's bus, for the logbook and for automations, and to
the meter's event entity. A further kind of event needs an ``EventType``, a subclass of
``MeterOccurrence`` and its texts, of which ``logbook.py`` makes a sentence.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, CONF_TYPE, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .meter.reading_gaps import ReadingGap
from .meter.validation import CounterAnswer, CounterChange
from .wording import in_kilo

BUS_EVENT: Final = f"{DOMAIN}_event"
"""The type of the events on Home Assistant's bus."""

METER_EVENTS: Final = "meter_events"
"""The key of the event entity."""


class EventType(StrEnum):
    """What happened to a meter."""

    OUTAGE = "outage"
    ROLLED_OVER = "rolled_over"
    ANSWERED = "answered"
    REPLACED = "replaced"


class MeterOccurrence(ABC):
    """One event."""

    type: ClassVar[EventType]

    @property
    @abstractmethod
    def attributes(self) -> dict[str, Any]:
        """Its details as JSON holds them: energies in kWh (kVAh, kvarh), times in ISO 8601."""


type Span = tuple[float, float]
"""From when to when, in s since 1970."""


@dataclass(frozen=True, slots=True)
class Outage(MeterOccurrence):
    """The meter was not read for a while; reported once it has been read again."""

    type = EventType.OUTAGE
    gap: ReadingGap
    estimated: Span | None = None
    """the intervals that are estimates now"""

    @property
    @override
    def attributes(self) -> dict[str, Any]:
        gap = self.gap
        return {
            "begin": _local(gap.begin),
            "end": _local(gap.end),
            "seconds": round(gap.seconds),
            "imported": in_kilo(gap.energy.imported),
            "exported": in_kilo(gap.energy.exported),
            "restarted": gap.with_start,
            **_intervals("estimated", self.estimated),
        }


@dataclass(frozen=True, slots=True)
class RolledOver(MeterOccurrence):
    """Registers have reached their end and continued from zero."""

    type = EventType.ROLLED_OVER
    changes: tuple[CounterChange, ...]

    @property
    @override
    def attributes(self) -> dict[str, Any]:
        return _registers(self.changes)


@dataclass(frozen=True, slots=True)
class Answered(MeterOccurrence):
    """The owner has answered a question about counters."""

    type = EventType.ANSWERED
    answer: CounterAnswer
    changes: tuple[CounterChange, ...]
    edited: Span | None = None
    """the intervals that the answer decides"""

    @property
    @override
    def attributes(self) -> dict[str, Any]:
        return {
            "answer": self.answer.value,
            **_registers(self.changes),
            "counted": in_kilo(self.changes[0].counted),
            **_intervals("edited", self.edited),
        }


@dataclass(frozen=True, slots=True)
class Replaced(MeterOccurrence):
    """The entry continues with another meter; a serial number may be empty."""

    type = EventType.REPLACED
    old: str
    new: str

    @property
    @override
    def attributes(self) -> dict[str, Any]:
        return {"old_serial_number": self.old or None, "new_serial_number": self.new or None}


@dataclass(slots=True)
class _Reports:
    """The events of an entry that are not announced yet."""

    waiting: list[MeterOccurrence] = field(default_factory=list)
    is_open: bool = False
    """whether events are announced at once"""


_REPORTS: HassKey[dict[str, _Reports]] = HassKey(f"{DOMAIN}_reports")
"""By the ID of the config entry: what is reported during a reload is announced after it."""


@callback
def async_report(hass: HomeAssistant, entry: ConfigEntry, event: MeterOccurrence) -> None:
    """Report an event of an entry's meter."""
    reports = _reports(hass, entry)
    if reports.is_open:
        _async_announce(hass, entry, event)
    else:
        reports.waiting.append(event)


@callback
def async_announce_reports(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Announce what is reported, from when Home Assistant has started until the entry is unloaded.

    By then, automations are ready for it.
    """
    reports = _reports(hass, entry)

    @callback
    def opened(_hass: HomeAssistant) -> None:
        reports.is_open = True
        while reports.waiting:
            _async_announce(hass, entry, reports.waiting.pop(0))

    @callback
    def closed() -> None:
        reports.is_open = False

    entry.async_on_unload(async_at_started(hass, opened))
    entry.async_on_unload(closed)


@callback
def async_forget_reports(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget what is not announced yet: the entry is removed."""
    hass.data.get(_REPORTS, {}).pop(entry.entry_id, None)


def signal_of(entry: ConfigEntry) -> str:
    """Return the dispatcher signal with which the events of an entry's meter are announced."""
    return f"{BUS_EVENT}_{entry.entry_id}"


def event_entity_id(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Return the ID of the event entity; None if it was never added."""
    unique_id = f"{entry.unique_id}_{METER_EVENTS}"
    return er.async_get(hass).async_get_entity_id(Platform.EVENT, DOMAIN, unique_id)


def _reports(hass: HomeAssistant, entry: ConfigEntry) -> _Reports:
    return hass.data.setdefault(_REPORTS, {}).setdefault(entry.entry_id, _Reports())


@callback
def _async_announce(hass: HomeAssistant, entry: ConfigEntry, event: MeterOccurrence) -> None:
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        hass.bus.async_fire(
            BUS_EVENT,
            {
                ATTR_DEVICE_ID: device.id,
                ATTR_ENTITY_ID: event_entity_id(hass, entry),
                CONF_TYPE: event.type.value,
                **event.attributes,
            },
        )
    async_dispatcher_send(hass, signal_of(entry), event)


def _registers(changes: tuple[CounterChange, ...]) -> dict[str, Any]:
    """Return which counters are concerned, and the registers of the first."""
    return {
        "counters": [change.key for change in changes],
        "register_before": in_kilo(changes[0].before),
        "register_now": in_kilo(changes[0].now),
    }


def _intervals(name: str, span: Span | None) -> dict[str, str | None]:
    """Return from when to when intervals are estimated or edited, if any are."""
    begin, end = (None, None) if span is None else map(_local, span)
    return {f"{name}_begin": begin, f"{name}_end": end}


def _local(seconds: float) -> str:
    at = dt_util.as_local(dt_util.utc_from_timestamp(seconds))
    return at.isoformat(timespec="seconds")
