"""A meter on a solar inverter: which of its counters counts the production."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .meter import Reading
from .options import CONF_PRODUCTION, MeterOptions, ProductionCounter

_CLEAR_ENERGY: Final = 10_000
"""Wh; an inverter draws as much in months of nights only"""
_CLEAR_FACTOR: Final = 10

_SIGNS: Final = {ProductionCounter.EXPORTED: -1, ProductionCounter.IMPORTED: 1}


def production(reading: Reading, counter: ProductionCounter | None) -> float | None:
    """Return the power in W that moves the production counter forward.

    None if there is no such counter, or if the meter does not state its power.
    """
    power = reading.power.total
    # The sum makes 0 of -0, which a dark roof would show otherwise.
    return None if power is None or counter is None else 0 + _SIGNS[counter] * power


@callback
def async_locate_production(
    hass: HomeAssistant, entry: ConfigEntry, reading: Reading
) -> MeterOptions:
    """Find a solar meter's production counter and store it; return the options with it.

    It is found once, so that the Energy dashboard and the sensor always mean the same counter. The
    owner can change it in the options.
    """
    stored = {**entry.options, CONF_PRODUCTION: _likely_counter(reading).value}
    hass.config_entries.async_update_entry(entry, options=stored)
    return MeterOptions.parse(stored)


def _likely_counter(reading: Reading) -> ProductionCounter:
    """Return the counter that must be the production, or else the one that should be.

    Production flows towards the grid, so it is exported. If the current transformers are installed
    the other way round, it is imported, and that counter is far ahead of the other by the second
    sunny day. Anything less clear changes nothing: a garage with a solar roof and a car charger may
    import more than it exports. Power is no evidence, because its sign may still turn.
    """
    imported = reading.energy_imported.total or 0
    exported = reading.energy_exported.total or 0
    turned = imported >= max(_CLEAR_ENERGY, _CLEAR_FACTOR * exported)
    return ProductionCounter.IMPORTED if turned else ProductionCounter.EXPORTED
