"""Describe what happens to a meter in Home Assistant's logbook, in the language of the home."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_DEVICE_ID, CONF_TYPE, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from .const import DEFAULT_NAME, DOMAIN
from .meter_events import BUS_EVENT, METER_EVENTS, EventType
from .wording import counter_name, counter_unit, number_text, totals_of

_NO_BREAK: Final = "\u00a0"
_ICONS: Final[Mapping[str, str]] = {
    EventType.OUTAGE: "mdi:lan-disconnect",
    EventType.ROLLED_OVER: "mdi:counter",
    EventType.ANSWERED: "mdi:comment-check-outline",
    EventType.REPLACED: "mdi:meter-electric-outline",
}

type _Details = Mapping[str, Any]
"""The data of an event, as ``MeterOccurrence.attributes`` has them."""


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Describe the events of meters in the logbook."""

    @callback
    def describe(event: Event) -> dict[str, str]:
        return {
            LOGBOOK_ENTRY_NAME: _meter_name(hass, event.data[ATTR_DEVICE_ID]),
            LOGBOOK_ENTRY_MESSAGE: _message(hass, event.data),
            LOGBOOK_ENTRY_ICON: _ICONS[event.data[CONF_TYPE]],
        }

    async_describe_event(DOMAIN, BUS_EVENT, describe)


def _meter_name(hass: HomeAssistant, device_id: str) -> str:
    """Return the name of a device, which may have been removed since."""
    device = dr.async_get(hass).async_get(device_id)
    return (device and (device.name_by_user or device.name)) or DEFAULT_NAME


def _message(hass: HomeAssistant, details: _Details) -> str:
    """Return the sentence for an event."""
    describers: dict[EventType, Callable[[HomeAssistant, _Details], str]] = {
        EventType.OUTAGE: _outage,
        EventType.ROLLED_OVER: _rolled_over,
        EventType.ANSWERED: _answered,
        EventType.REPLACED: _replaced,
    }
    return describers[EventType(details[CONF_TYPE])](hass, details)


def _outage(hass: HomeAssistant, details: _Details) -> str:
    known = [key for key in ("imported", "exported") if details[key] is not None]
    which = "" if len(known) == 2 else f"_{known[0] if known else 'unknown'}"  # noqa: PLR2004 - both
    outage = _text(
        hass,
        f"{EventType.OUTAGE}{which}",
        **_times(details["begin"], details["end"]),
        duration=_duration(details["seconds"]),
        **{key: _energy(hass, details[key], "kWh") for key in known},
    )
    return outage + _intervals(hass, details, "estimated")


def _rolled_over(hass: HomeAssistant, details: _Details) -> str:
    return _text(hass, EventType.ROLLED_OVER, **_registers(hass, details))


def _answered(hass: HomeAssistant, details: _Details) -> str:
    unit = counter_unit(details["counters"][0])
    answered = _text(
        hass,
        EventType.ANSWERED,
        **_registers(hass, details),
        answer=_attribute_state(hass, "answer", details["answer"]),
        counted=_energy(hass, details["counted"], unit),
    )
    return answered + _intervals(hass, details, "edited")


def _replaced(hass: HomeAssistant, details: _Details) -> str:
    none = _text(hass, "no_serial_number")
    return _text(
        hass,
        EventType.REPLACED,
        old=details["old_serial_number"] or none,
        new=details["new_serial_number"] or none,
    )


def _intervals(hass: HomeAssistant, details: _Details, name: str) -> str:
    """Return the sentence about estimated or edited intervals, if there are any."""
    # Events that were recorded by earlier versions do not say it.
    begin, end = (details.get(f"{name}_{key}") for key in ("begin", "end"))
    return f" {_text(hass, name, **_times(begin, end))}" if begin and end else ""


def _times(begin: str, end: str) -> dict[str, str]:
    """Return two times of ISO 8601 as they are shown, with their dates if these differ."""
    times = [dt_util.as_local(datetime.fromisoformat(each)) for each in (begin, end)]
    shown = "%H:%M" if times[0].date() == times[1].date() else "%Y-%m-%d %H:%M"
    return {"begin": f"{times[0]:{shown}}", "end": f"{times[1]:{shown}}"}


def _registers(hass: HomeAssistant, details: _Details) -> dict[str, str]:
    """Return the names of counters, and the registers of the first."""
    keys: list[str] = details["counters"]
    unit = counter_unit(keys[0])
    return {
        "counters": ", ".join(counter_name(hass, key) for key in totals_of(keys)),
        "before": _energy(hass, details["register_before"], unit),
        "now": _energy(hass, details["register_now"], unit),
    }


def _text(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    texts = async_get_cached_translations(hass, hass.config.language, "selector", DOMAIN)
    return texts[f"component.{DOMAIN}.selector.logbook.options.{key}"].format(**placeholders)


def _attribute_state(hass: HomeAssistant, attribute: str, state: str) -> str:
    texts = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
    entity = f"component.{DOMAIN}.entity.{Platform.EVENT}.{METER_EVENTS}"
    return texts[f"{entity}.state_attributes.{attribute}.state.{state}"]


def _energy(hass: HomeAssistant, value: float, unit: str) -> str:
    return f"{number_text(hass, value, digits=3)}{_NO_BREAK}{unit}"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [f"{hours}{_NO_BREAK}h"] if hours else []
    return " ".join([*parts, f"{minutes}{_NO_BREAK}min"])
