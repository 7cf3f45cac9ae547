"""Diagnostics for bug reports: raw registers, with identifying data redacted."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant

from .coordinator import Dts307ConfigEntry, Dts307Coordinator
from .meter import Meter, MeterError, Reading
from .meter.register_dump import map_data, register_data
from .sharing import async_sharing_state

TO_REDACT: Final = {CONF_HOST, "serial_number", "allowed_clients"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: Dts307ConfigEntry
) -> dict[str, Any]:
    """Return the entry, the model chain, the raw registers and the latest reading.

    If the entry could not be set up, return only the entry and the reason.
    """
    diagnostics: dict[str, Any] = {
        "entry": {
            "data": dict(entry.data),
            "options": dict(entry.options),
            "state": entry.state.value,
            "reason": entry.error_reason_translation_key,
        }
    }
    if entry.state is ConfigEntryState.LOADED:
        diagnostics |= await _async_meter(entry.runtime_data)
        diagnostics["sharing"] = async_sharing_state(hass, entry)
    return async_redact_data(diagnostics, TO_REDACT)


async def _async_meter(coordinator: Dts307Coordinator) -> dict[str, Any]:
    """Return the state of a meter whose entry is loaded."""
    failure = coordinator.last_exception
    return {
        **(await _async_map(coordinator.meter) if coordinator.meter else {}),
        "reading": coordinator.data and _values(coordinator.data.reading),
        "counters": coordinator.counters.as_dict()["counters"],
        "link": {
            "failure": coordinator.connection.data.failure,
            "answer_time": coordinator.connection.data.answer_time,
            "success_rate": coordinator.connection.data.success_rate,
        },
        "last_update_success": coordinator.last_update_success,
        "last_failure": failure and type(failure.__cause__ or failure).__name__,
    }


async def _async_map(meter: Meter) -> dict[str, Any]:
    """Return a meter's identity and SunSpec map, or the error if it does not answer."""
    try:
        registers: dict[str, Any] = await register_data(meter)
    except MeterError as err:
        # The message may contain the host.
        registers = {"error": type(err).__name__}
    return {**map_data(meter), "registers": registers}


def _values(reading: Reading) -> dict[str, Any]:
    """Return the values of a reading; its registers are among those of the whole map."""
    values = asdict(reading)
    del values["registers"]
    return values
