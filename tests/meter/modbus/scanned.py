"""Devices on a bus that is scanned, and what is asked of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from custom_components.dts307.meter import Identity, NotSunSpecError
from custom_components.dts307.meter.modbus import UnitProbe, UnusableSettingsError

SETTINGS = tuple("abcdef")


@dataclass
class Devices:
    """Devices that all have the same settings; those with a serial number are meters."""

    settings: str
    serials: Mapping[int, str | None]
    unusable: frozenset[str] = frozenset()
    alive: frozenset[str] = frozenset()
    late: frozenset[int] = frozenset()
    """units whose response arrives during the next probe"""
    timeouts: set[float] = field(default_factory=set)
    probed: list[tuple[str, int]] = field(default_factory=list)
    identified: list[int] = field(default_factory=list)
    is_open: bool = False
    failure: Exception | None = None
    _pending: frozenset[int] = frozenset()

    @asynccontextmanager
    async def opened(self, settings: str, seconds: float) -> AsyncIterator[UnitProbe]:
        """Open the bus, which must not be open yet."""
        assert not self.is_open
        self.timeouts.add(seconds)
        if self.failure:
            raise self.failure
        if settings in self.unusable:
            raise UnusableSettingsError(settings)

        async def probe(unit_id: int) -> frozenset[int]:
            self.probed.append((settings, unit_id))
            late, self._pending = self._pending, frozenset()
            if settings == self.settings and unit_id in self.serials:
                if unit_id not in self.late:
                    return late | {unit_id}
                self._pending = frozenset({unit_id})
            return late

        self.is_open = True
        self._pending = frozenset()
        try:
            yield probe
        finally:
            self.is_open = False

    def is_alive(self, settings: str) -> bool:
        """Return whether a gateway says that no unit responds."""
        return settings in self.alive

    async def identify(self, settings: str, unit_id: int) -> Identity:
        """Return the identity of a device; the bus must not be open."""
        assert not self.is_open
        assert settings == self.settings
        self.identified.append(unit_id)
        serial = self.serials[unit_id]
        if serial is None:
            raise NotSunSpecError("another device")
        return Identity(serial_number=serial)
