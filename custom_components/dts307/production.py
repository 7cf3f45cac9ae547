"""A meter on a solar inverter: which of its counters counts what the sun gives."""

from typing import Final

from homeassistant.core import HomeAssistant, callback

from .coordinator import Dts307ConfigEntry
from .meter import Reading
from .options import CONF_PRODUCTION, CONF_ROLE, ProductionCounter, Role

_CLEAR_ENERGY: Final = 10_000
"""Wh; an inverter draws as much in months of nights only"""
_CLEAR_FACTOR: Final = 10


@callback
def async_production_counter(
    hass: HomeAssistant, entry: Dts307ConfigEntry
) -> ProductionCounter | None:
    """Return what a solar meter's production is counted as; None for any other meter.

    It is found out once and kept among the options, so that the Energy dashboard and the sensor
    mean the same for ever. There, its owner may know better.
    """
    if entry.options.get(CONF_ROLE) != Role.SOLAR:
        return None
    if CONF_PRODUCTION not in entry.options:
        found = _found_counter(entry.runtime_data.data.reading)
        options = {**entry.options, CONF_PRODUCTION: found.value}
        hass.config_entries.async_update_entry(entry, options=options)
    return ProductionCounter(entry.options[CONF_PRODUCTION])


def _found_counter(reading: Reading) -> ProductionCounter:
    """Return the counter that must be the production, or else the one that ought to be.

    Production flows towards the grid, so that it is exported. Where the current transformers sit
    the other way round, it is imported, and that counter is far ahead of the other by the second
    sunny day. Whatever is less clear changes nothing: a garage with a solar roof, and with a car to
    charge, may well import more than it exports. Power is no evidence, as its sign may yet turn.
    """
    imported = reading.energy_imported.total or 0
    exported = reading.energy_exported.total or 0
    turned = imported >= max(_CLEAR_ENERGY, _CLEAR_FACTOR * exported)
    return ProductionCounter.IMPORTED if turned else ProductionCounter.EXPORTED
