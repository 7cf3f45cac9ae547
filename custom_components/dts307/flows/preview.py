"""What a meter measures while it is being set up, before there is an entry for it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components import websocket_api
from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.hass_dict import HassKey
import voluptuous as vol

from ..connection.link import identify, link_params
from ..const import CONF_UNIT_ID, DOMAIN
from ..meter import Meter, MeterError, Reading
from ..meter.installation import measures_nothing
from ..meter.phases import PAIR_LABELS, PHASE_LABELS, PHASES
from ..options import MeterOptions, Role

_INTERVAL: Final = 2.0
_NOTHING: Final = "-"
_SOME_POWER: Final = 50.0
"""W; a solar inverter that is switched on but idle takes less."""
_RATING_MARGIN: Final = 1.2
"""CTs bear a little more than their rating for a while."""


@dataclass(frozen=True)
class Subject:
    """A meter that is being set up: its name, and how it is reached."""

    name: str
    data: Mapping[str, Any]


PREVIEWS: HassKey[dict[str, Sequence[Subject]]] = HassKey(f"{DOMAIN}_previews")
"""The meters that a flow is about, by its id."""


@callback
def async_register_preview(hass: HomeAssistant) -> None:
    """Let the frontend ask for a flow's preview, as it does by itself for a form that has one."""
    websocket_api.async_register_command(hass, _ws_start_preview)


async def async_measure(hass: HomeAssistant, data: Mapping[str, Any]) -> Reading | None:
    """Return what a meter measures now; None if it does not answer."""
    try:
        async with _connected(hass, data) as meter:
            return await meter.read()
    except MeterError, HomeAssistantError:
        return None


async def async_live_text(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    """Return one of our own texts in the language of this Home Assistant."""
    texts = await async_get_translations(hass, hass.config.language, "selector", [DOMAIN])
    return texts[f"component.{DOMAIN}.selector.live.options.{key}"].format(**placeholders)


async def async_text(hass: HomeAssistant, reading: Reading | None, *, brief: bool = False) -> str:
    """Return in one line what was measured: power and its direction, and each phase's volts.

    To be ``brief``, the phases are left out.
    """
    if reading is None:
        return await async_live_text(hass, "no_answer")
    parts = [] if brief else _phase_texts(reading)
    if (power := reading.power.total) is not None:
        key = "exporting" if power < 0 else "importing"
        parts.insert(0, await async_live_text(hass, key, power=f"{abs(power):.0f} W"))
    return " · ".join(parts) or _NOTHING


def _phase_texts(reading: Reading) -> list[str]:
    """Return the volts of each phase, or between them if there is no neutral."""
    volts, labels = reading.voltage_line_to_neutral, PHASE_LABELS
    if not any((volts.a, volts.b, volts.c)):
        volts, labels = reading.voltage_line_to_line, PAIR_LABELS
    return [
        f"{labels[phase]} {volt:.1f} V"
        for phase in PHASES
        if (volt := getattr(volts, phase)) is not None
    ]


def doubt(reading: Reading | None, options: MeterOptions) -> str | None:
    """Return the key of what cannot be right about a meter, as it was wired and described.

    The sign is taken as the meter gives it: which way it counts shows only in time.
    """
    if reading is None:
        return None
    if nothing := measures_nothing(reading):
        return nothing.value
    if options.service_current is not None:
        most = _RATING_MARGIN * options.service_current
        currents = (reading.current.a, reading.current.b, reading.current.c)
        if any(current is not None and abs(current) > most for current in currents):
            return "current_above_rating"
    power = reading.power.total or 0.0
    if options.role is Role.SOLAR and power > _SOME_POWER:
        return "solar_imports"
    if options.role is Role.LOAD and power < -_SOME_POWER:
        return "load_exports"
    return None


@asynccontextmanager
async def _connected(hass: HomeAssistant, data: Mapping[str, Any]) -> AsyncIterator[Meter]:
    """Identify a meter on the shared link, and hold that meanwhile.

    Raises MeterError, or HomeAssistantError if the link is in use with other settings.
    """
    async with async_get_temporary_unit(hass, link_params(data), data[CONF_UNIT_ID]) as unit:
        yield await identify(unit, data)


@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/start_preview",
        vol.Required("flow_id"): str,
        vol.Required("flow_type"): "config_flow",
        vol.Required("user_input"): dict,
    }
)
@callback
def _ws_start_preview(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Send what the meters of a flow measure, again and again until its form is left."""
    previews = hass.data.get(PREVIEWS, {})

    @callback
    def send(subjects: Sequence[Subject], state: str) -> None:
        attributes = {
            "friendly_name": ", ".join(subject.name for subject in subjects),
            "icon": "mdi:meter-electric",
        }
        connection.send_message(
            websocket_api.event_message(msg["id"], {"state": state, "attributes": attributes})
        )

    async def follow() -> None:
        while subjects := previews.get(msg["flow_id"]):
            texts = []
            for subject in subjects:
                reading = await async_measure(hass, subject.data)
                texts.append(await async_text(hass, reading, brief=len(subjects) > 1))
            send(subjects, " | ".join(texts))
            await asyncio.sleep(_INTERVAL)

    connection.send_result(msg["id"])
    task = hass.async_create_background_task(follow(), f"{DOMAIN} preview")
    connection.subscriptions[msg["id"]] = task.cancel
