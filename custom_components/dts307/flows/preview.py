"""The live preview of a meter that is being set up, before it has a config entry."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util.hass_dict import HassKey
import voluptuous as vol

from ..connection import MeterAddress, async_temporary_meter, async_timing
from ..const import DOMAIN
from ..meter import MeterError, Reading
from ..meter.installation import measures_nothing
from ..meter.modbus import retry_once
from ..meter.phases import PAIR_LABELS, PHASE_LABELS, PHASES
from ..meter.validation import believable
from ..options import MeterOptions, Role
from ..wording import number_text

_NOTHING: Final = "-"
_SOME_POWER: Final = 50.0
"""W; an idle solar inverter draws less."""
_RATING_MARGIN: Final = 1.2
"""CTs tolerate a little more than their rating for a while."""


@dataclass(frozen=True)
class Subject:
    """The name and address of a meter that is being set up."""

    name: str
    address: MeterAddress


PREVIEWS: HassKey[dict[str, Sequence[Subject]]] = HassKey(f"{DOMAIN}_previews")
"""The meters that a flow shows, by flow ID."""


@callback
def async_register_preview(hass: HomeAssistant) -> None:
    """Register the websocket command that the frontend sends for forms with a preview."""
    websocket_api.async_register_command(hass, _ws_start_preview)


async def async_measure(hass: HomeAssistant, address: MeterAddress) -> Reading | None:
    """Return what a meter measures now; None if it does not answer."""
    try:
        async with async_temporary_meter(hass, address) as meter:
            return believable(await retry_once(meter.read))
    except MeterError, HomeAssistantError:
        return None


async def async_live_text(hass: HomeAssistant, key: str, **placeholders: str) -> str:
    """Return a translated text of the preview in the language of this Home Assistant."""
    texts = await async_get_translations(hass, hass.config.language, "selector", [DOMAIN])
    return texts[f"component.{DOMAIN}.selector.live.options.{key}"].format(**placeholders)


async def async_text(hass: HomeAssistant, reading: Reading | None, *, brief: bool = False) -> str:
    """Return a reading in one line: power with its direction, and the voltage of each phase.

    ``brief`` omits the voltages.
    """
    if reading is None:
        return await async_live_text(hass, "no_answer")
    parts = [] if brief else _phase_texts(hass, reading)
    if (power := reading.power.total) is not None:
        key = "exporting" if power < 0 else "importing"
        parts.insert(
            0, await async_live_text(hass, key, power=f"{abs(power):.0f}\N{NO-BREAK SPACE}W")
        )
    return " · ".join(parts) or _NOTHING


def _phase_texts(hass: HomeAssistant, reading: Reading) -> list[str]:
    """Return the voltage of each phase, or between phases if there is no neutral."""
    volts, labels = reading.voltage_line_to_neutral, PHASE_LABELS
    if not any((volts.a, volts.b, volts.c)):
        volts, labels = reading.voltage_line_to_line, PAIR_LABELS
    return [
        f"{labels[phase]} {number_text(hass, volt, digits=1)} V".replace(" ", "\N{NO-BREAK SPACE}")
        for phase in PHASES
        if (volt := getattr(volts, phase)) is not None
    ]


def doubt(reading: Reading | None, options: MeterOptions) -> str | None:
    """Return the translation key of a likely mistake in wiring or options, if there is one.

    The sign of power is taken from the meter: its true direction cannot be known yet.
    """
    if reading is None:
        return None
    if nothing := measures_nothing(reading):
        return nothing.value
    if options.service_current is not None:
        limit = _RATING_MARGIN * options.service_current
        currents = (reading.current.a, reading.current.b, reading.current.c)
        if any(current is not None and abs(current) > limit for current in currents):
            return "current_above_rating"
    power = reading.power.total or 0.0
    if options.role is Role.SOLAR and power > _SOME_POWER:
        return "solar_imports"
    if options.role in (Role.LOAD, Role.HOME) and power < -_SOME_POWER:
        return "load_exports" if options.role is Role.LOAD else "home_exports"
    return None


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
    """Send what the meters of a flow measure, repeatedly until its form is closed."""
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
                reading = await async_measure(hass, subject.address)
                texts.append(await async_text(hass, reading, brief=len(subjects) > 1))
            send(subjects, " | ".join(texts))
            await asyncio.sleep(async_timing(hass).preview)

    connection.send_result(msg["id"])
    task = hass.async_create_background_task(follow(), f"{DOMAIN} preview")
    connection.subscriptions[msg["id"]] = task.cancel
