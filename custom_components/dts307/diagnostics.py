"""What a bug report needs: the meter's registers as they are, without what tells whose they are."""

from dataclasses import asdict
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant

from .coordinator import Dts307ConfigEntry
from .meter import Meter, MeterError

TO_REDACT: Final = {CONF_HOST, "serial_number"}

_COMMON_MODEL: Final = 1
_SERIAL_NUMBER: Final = slice(50, 66)
"""Where the serial number stands in SunSpec model 1, counted from its header."""


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: Dts307ConfigEntry
) -> dict[str, Any]:
    """Return the set-up, the model chain, the raw registers and the latest reading."""
    coordinator = entry.runtime_data
    meter = coordinator.meter
    failure = coordinator.last_exception
    diagnostics = {
        "entry": {"data": dict(entry.data), "options": dict(entry.options)},
        "identity": asdict(meter.identity),
        "chain": {
            "base_address": meter.chain.base_address,
            "models": [asdict(model) for model in meter.chain.models],
        },
        "registers": await _async_registers(meter),
        "reading": asdict(coordinator.data),
        "last_update_success": coordinator.last_update_success,
        "last_failure": failure and type(failure.__cause__ or failure).__name__,
    }
    return async_redact_data(diagnostics, TO_REDACT)


async def _async_registers(meter: Meter) -> dict[str, Any]:
    """Read the registers anew; a meter that is silent just now is worth a report, too."""
    try:
        registers = await meter.read_raw()
    except MeterError as err:
        # Its text may name the host.
        return {"error": type(err).__name__}
    for model in meter.chain.models:
        if model.model_id == _COMMON_MODEL:
            words = registers[model.address]
            words[_SERIAL_NUMBER] = [0] * len(words[_SERIAL_NUMBER])
    return {str(address): words for address, words in registers.items()}
