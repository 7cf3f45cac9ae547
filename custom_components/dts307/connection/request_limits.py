"""The longest request that each unit serves, so that it is learnt only once.

A gateway may serve fewer registers in one request than Modbus allows. The limit is shared by
everything that reads a unit, and stored in the data of its config entry.
"""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..meter.address import MeterAddress
from ..meter.modbus import RequestLimit
from .modbus_internals import ModbusEndpoint

CONF_REQUEST_LIMIT: Final = "request_limit"
"""In the data of an entry: the most registers of one request; missing while Modbus's own holds."""

DATA_LIMITS: HassKey[dict[tuple[ModbusEndpoint, int], RequestLimit]] = HassKey(
    f"{DOMAIN}_request_limits"
)
"""By the connection and the unit ID."""


@callback
def async_request_limit(hass: HomeAssistant, address: MeterAddress) -> RequestLimit:
    """Return the longest request that a unit serves, as far as it has been learnt."""
    limits = hass.data.setdefault(DATA_LIMITS, {})
    return limits.setdefault((address.bus.params.endpoint, address.unit_id), RequestLimit())


@callback
def async_stored_request_limit(
    hass: HomeAssistant, entry: ConfigEntry, address: MeterAddress
) -> RequestLimit:
    """Return the limit of an entry's unit, with what was learnt before Home Assistant started."""
    limit = async_request_limit(hass, address)
    limit.most = min(limit.most, entry.data.get(CONF_REQUEST_LIMIT, limit.most))
    return limit


@callback
def async_store_request_limit(hass: HomeAssistant, entry: ConfigEntry, limit: RequestLimit) -> None:
    """Store the limit of an entry's unit if it was learnt since."""
    if limit.most < entry.data.get(CONF_REQUEST_LIMIT, RequestLimit().most):
        data = {**entry.data, CONF_REQUEST_LIMIT: limit.most}
        hass.config_entries.async_update_entry(entry, data=data)
