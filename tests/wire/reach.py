"""Reach simulated meters through the Modbus library of Home Assistant."""

from collections.abc import Mapping
from typing import Any, Self

from modbus_connection import ModbusUnit
from modbus_connection.tmodbus import ModbusConnection

from custom_components.dts307.meter import PerPhase, Reading
from simulator.registers import Truth
from tests.wire.links import bus_of, default_timeout, params_of, resilient

_QUANTITIES = {
    "power": "W",
    "apparent_power": "VA",
    "reactive_power": "VAR",
    "power_factor": "PF",
    "current": "A",
    "voltage_line_to_neutral": "PhV",
    "energy_imported": "TotWhImp",
    "energy_exported": "TotWhExp",
    "apparent_energy_imported": "TotVAhImp",
    "apparent_energy_exported": "TotVAhExp",
    "reactive_energy_q1": "TotVArhImpQ1",
    "reactive_energy_q2": "TotVArhImpQ2",
    "reactive_energy_q3": "TotVArhExpQ3",
    "reactive_energy_q4": "TotVArhExpQ4",
}


class Reach:
    """A connection as in Home Assistant, from config entry data."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Prepare; the link opens with the first request."""
        self._timeout = default_timeout(data)
        self._bus = bus_of(data)
        self._connection = ModbusConnection(params_of(data))

    def unit(self, unit_id: int) -> ModbusUnit:
        """Return a resilient unit, as in the integration."""
        return resilient(self._connection.for_unit(unit_id), self._timeout, self._bus)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the link."""
        await self._connection.close()


def points_of(reading: Reading) -> Truth:
    """Return a reading by the names of SunSpec's points, in the spelling of model 203."""
    points: Truth = {"Hz": reading.frequency, "Evt": reading.events}
    for name, point in _QUANTITIES.items():
        quantity: PerPhase = getattr(reading, name)
        points[point] = quantity.total
        for letter in "abc":
            points[f"{point}ph{letter}".lower()] = getattr(quantity, letter)
    line = reading.voltage_line_to_line
    points |= {"PPV": line.total, "phvphab": line.a, "phvphbc": line.b, "phvphca": line.c}
    return {name.lower(): value for name, value in points.items()}


def normalised(truth: Truth) -> Truth:
    """Return the simulator's true values, in the same spelling."""
    return {name.lower().replace("ppvph", "phvph"): value for name, value in truth.items()}
