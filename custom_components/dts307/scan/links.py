"""The Modbus connections of Home Assistant, for a scan."""

from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager
from typing import cast

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from modbus_connection import ModbusUnit

from ..connection import (
    BusAddress,
    MeterAddress,
    ModbusEndpoint,
    ModbusParams,
    async_bus_users,
    async_shared_bus,
    async_temporary_meter,
    async_timing,
    params_in_use,
)
from ..meter import Meter
from ..meter.bus_scan import BusTiming
from ..meter.modbus import SharedBus


class SharedLinks:
    """The connections that Home Assistant shares between integrations."""

    unavailable: type[Exception] = HomeAssistantError

    def __init__(self, hass: HomeAssistant) -> None:
        """Use the connections of a Home Assistant."""
        self._hass = hass
        self.timing: BusTiming = async_timing(hass)

    def params_in_use(self, endpoint: Hashable, /) -> object | None:
        """Return the parameters of the connection that is open to an endpoint."""
        return params_in_use(self._hass, cast("ModbusEndpoint", endpoint))

    def is_used(self, params: ModbusParams, /) -> bool:
        """Return whether config entries hold a connection."""
        return bool(async_bus_users(self._hass, params))

    def shared_bus(self, bus: BusAddress, /) -> SharedBus:
        """Return what the units on a bus share."""
        return async_shared_bus(self._hass, bus)

    def unit(
        self, params: ModbusParams, unit_id: int, /
    ) -> AbstractAsyncContextManager[ModbusUnit]:
        """Hold a connection, and return a unit on it."""
        return async_get_temporary_unit(self._hass, params, unit_id)

    def meter(self, address: MeterAddress, /) -> AbstractAsyncContextManager[Meter]:
        """Hold a connection, and identify the meter at an address."""
        return async_temporary_meter(self._hass, address)
