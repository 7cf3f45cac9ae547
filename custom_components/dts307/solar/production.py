"""Find the counter that counts the production of a solar inverter."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..meter import Reading
from ..options import CONF_PRODUCTION, MeterOptions, ProductionCounter, Role

_CLEAR_ENERGY: Final = 10_000
"""Wh; an inverter's standby draw takes months of nights to reach this"""
_CLEAR_FACTOR: Final = 10

_SIGNS: Final = {ProductionCounter.EXPORTED: -1, ProductionCounter.IMPORTED: 1}


def production(reading: Reading, options: MeterOptions) -> float | None:
    """Return the power in W that increases the production counter of a solar meter.

    None for a meter with another role, if no counter has been found, or without its power.
    """
    power, counter = reading.power.total, options.production_counter
    if options.role is not Role.SOLAR:
        return None
    # Adding 0 turns -0.0 into 0.0, which the sensor would show as -0 at night.
    return None if power is None or counter is None else 0 + _SIGNS[counter] * power


@callback
def async_locate_production(
    hass: HomeAssistant, entry: ConfigEntry, reading: Reading
) -> MeterOptions:
    """Find a solar meter's production counter, store it, and return the updated options.

    It is found only once, so that the Energy dashboard and the sensor use the same counter. The
    owner can change it in the options.
    """
    stored = {**entry.options, CONF_PRODUCTION: _likely_counter(reading).value}
    hass.config_entries.async_update_entry(entry, options=stored)
    return MeterOptions.parse(stored)


def _likely_counter(reading: Reading) -> ProductionCounter:
    """Return the counter of production: exported energy, unless imported energy is far higher.

    Production flows towards the grid, so it is exported. With reversed current transformers it is
    imported, and by the second sunny day that counter is far ahead of the other. A smaller lead is
    not enough: a garage with a solar roof and a car charger may import more than it exports. The
    sign of power is not used, because it may not be known yet.
    """
    imported = reading.energy_imported.total or 0
    exported = reading.energy_exported.total or 0
    reversed_cts = imported >= max(_CLEAR_ENERGY, _CLEAR_FACTOR * exported)
    return ProductionCounter.IMPORTED if reversed_cts else ProductionCounter.EXPORTED
