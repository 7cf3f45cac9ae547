"""Read the meters with Home Assistant's `modbus` integration in YAML: one sensor per value.

This uses its hub and its sensors. Only the state machine is left out, as with the other contenders.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

from homeassistant.components.modbus.const import CALL_TYPE_REGISTER_HOLDING, DEFAULT_OFFSET
from homeassistant.components.modbus.modbus import ModbusHub
from homeassistant.components.modbus.schemas import CONFIG_SCHEMA
from homeassistant.components.modbus.sensor import ModbusRegisterSensor
from homeassistant.core import HomeAssistant

from .bus import BAUDRATE, MeterBus
from .contender import Values
from .registers import VALUES

_COMPARED: Final = ("W", "PhVphB", "TotWhImp")


def configuration(bus: MeterBus, model_address: int, exponents: dict[str, int]) -> dict[str, Any]:
    """Return the YAML configuration of a user, with the present scale factors of the meter."""
    sensors = [
        {
            "name": value.name,
            "device_address": unit,
            "address": model_address + value.offset,
            "data_type": "int16" if value.registers == 1 else "uint32",
            "scale": 10.0 ** exponents[value.scale_point],
            "precision": max(0, -exponents[value.scale_point]),
        }
        for unit in bus.units
        for value in VALUES
    ]
    line = {"baudrate": BAUDRATE, "bytesize": 8, "parity": "N", "stopbits": 1}
    hub = {"name": "bus", "type": "serial", "method": "rtu", "port": bus.port, **line}
    checked: dict[str, Any] = CONFIG_SCHEMA({"modbus": [{**hub, "sensors": sensors}]})
    settings: dict[str, Any] = checked["modbus"][0]
    return settings


class YamlModbus:
    """Polls all sensors at the same time; the hub sends their requests one after the other."""

    def __init__(self, bus: MeterBus, hass: HomeAssistant, settings: dict[str, Any]) -> None:
        """Prepare the hub and the sensors of checked YAML settings."""
        self.name = f"YAML `modbus`, {len(VALUES)} sensors a meter"
        self.bus = bus
        self._hub = ModbusHub(hass, settings)
        self._sensors = [
            (entry, ModbusRegisterSensor(hass, self._hub, entry, 0))
            for entry in settings["sensors"]
        ]

    @classmethod
    @asynccontextmanager
    async def on(
        cls, bus: MeterBus, model_address: int, exponents: dict[str, int], folder: Path
    ) -> AsyncIterator[Self]:
        """Open the port; close it at the end."""
        settings = configuration(bus, model_address, exponents)
        contender = cls(bus, HomeAssistant(str(folder)), settings)
        await contender._hub.async_setup()
        try:
            await contender._hub.event_connected.wait()
            yield contender
        finally:
            await contender._hub.async_close()

    async def poll(self, units: Sequence[int]) -> list[Values | None]:
        """Update the sensors of the meters."""
        texts = await asyncio.gather(
            *(
                self._update(entry, sensor)
                for entry, sensor in self._sensors
                if entry["device_address"] in units
            )
        )
        values: list[Values | None] = []
        for begin in range(0, len(texts), len(VALUES)):
            named = dict(zip((value.name for value in VALUES), texts[begin:], strict=False))
            values.append(
                {name: None if (text := named[name]) is None else float(text) for name in _COMPARED}
            )
        return values

    async def _update(self, entry: dict[str, Any], sensor: ModbusRegisterSensor) -> str | None:
        """Update a sensor as it does itself, up to the value that it would show."""
        result = await self._ask(entry)
        if result is None:
            return None
        return sensor.unpack_structure_result(result, entry["scale"], DEFAULT_OFFSET)

    async def _ask(self, entry: dict[str, Any]) -> list[int] | None:
        result = await self._hub.async_pb_call(
            entry["device_address"], entry["address"], entry["count"], CALL_TYPE_REGISTER_HOLDING
        )
        return None if result is None else result.registers

    async def read_bare(self, units: Sequence[int]) -> None:
        """Read the registers of the sensors."""
        await asyncio.gather(
            *(self._ask(entry) for entry, _ in self._sensors if entry["device_address"] in units)
        )

    async def poll_one_sensor(self, unit: int) -> None:
        """Update a single sensor of a meter."""
        entry, sensor = next(
            (entry, sensor) for entry, sensor in self._sensors if entry["device_address"] == unit
        )
        await self._update(entry, sensor)

    async def touch(self) -> None:
        """Update a single sensor of the first meter."""
        await self.poll_one_sensor(self.bus.units[0])
