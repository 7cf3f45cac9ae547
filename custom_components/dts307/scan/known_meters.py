"""The meters that are set up already, to compare with what a scan finds."""

from collections.abc import Sequence
from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from ..connection import BusAddress, MeterAddress, async_resolved
from ..const import DOMAIN
from ..flows import async_measure
from ..identification import is_bound_to_address, serial_number_of
from ..meter import Identity, Reading
from ..meter.modbus import ScanResult


@dataclass(frozen=True)
class KnownMeter:
    """The meter of an entry, where the entry expects it."""

    entry: ConfigEntry
    address: MeterAddress

    @property
    def serial_number(self) -> str:
        """The serial number that it reports."""
        return serial_number_of(self.entry)

    @property
    def is_answering(self) -> bool:
        """Whether the latest poll has found it at its address."""
        entry = self.entry
        loaded = entry.state is ConfigEntryState.LOADED
        return loaded and entry.runtime_data.last_update_success

    def is_on(self, bus: BusAddress) -> bool:
        """Return whether it is on a bus, whatever the settings are there."""
        return self.address.bus.place == bus.place

    def is_at(self, result: ScanResult[BusAddress]) -> bool:
        """Return whether a scan found something at its address."""
        return self.is_on(result.settings) and self.address.unit_id == result.unit_id


class KnownMeters:
    """The meters of all entries when a scan begins."""

    def __init__(self, meters: Sequence[KnownMeter] = ()) -> None:
        """Compare with these meters."""
        self._meters = meters

    def on(self, bus: BusAddress) -> dict[str, int]:
        """Return the unit IDs of the meters on a bus, by serial number."""
        there = (meter for meter in self._meters if meter.is_on(bus))
        return {meter.serial_number: meter.address.unit_id for meter in there}

    def is_new(self, result: ScanResult[BusAddress], *, is_one_meter: bool) -> bool:
        """Return whether a scan found a meter that is not set up.

        A meter with the serial number of another one may be that one, at another address. It is
        not if that one answers there at the same time; for one on another bus,
        ``async_is_elsewhere`` decides.

        ``is_one_meter`` says that a meter answers under every unit ID of its bus.
        """
        if (identity := result.identity) is None:
            return False
        alike = self._alike(identity)
        here = [meter for meter in alike if meter.is_on(result.settings)]
        if any(meter.is_at(result) for meter in here) or (is_one_meter and here):
            return False
        if not identity.has_serial_number:
            return True
        return all(meter.is_answering for meter in alike)

    async def async_is_elsewhere(self, hass: HomeAssistant, result: ScanResult[BusAddress]) -> bool:
        """Return whether a new meter is one that is set up on another bus.

        Two ways may lead to one meter, whose counters then are the same whichever way is used.
        """
        identity = result.identity
        if identity is None or not identity.has_serial_number:
            return False
        address = MeterAddress(result.settings, result.unit_id)
        return any(
            [
                await _async_may_be_one(hass, meter.address, address)
                for meter in self._alike(identity)
                if not meter.is_on(result.settings)
            ]
        )

    def is_meter_of(
        self, entry: ConfigEntry, result: ScanResult[BusAddress], asked: int | None
    ) -> bool:
        """Return whether a scan found the meter of an entry, perhaps at another address.

        A meter that can be recognized only by its address is the one that was ``asked`` for.
        """
        identity = result.identity
        if identity is None or identity.serial_number != serial_number_of(entry):
            return False
        others = (meter for meter in self._alike(identity) if meter.entry is not entry)
        if any(meter.is_at(result) for meter in others):
            return False
        is_distinct = identity.has_serial_number and not is_bound_to_address(entry)
        return is_distinct or asked in (None, result.unit_id)

    def _alike(self, identity: Identity) -> list[KnownMeter]:
        serial_number = identity.serial_number
        return [meter for meter in self._meters if meter.serial_number == serial_number]


async def _async_may_be_one(hass: HomeAssistant, one: MeterAddress, other: MeterAddress) -> bool:
    """Return whether two addresses may lead to one meter, as far as its counters show."""
    before, between, after = [await async_measure(hass, each) for each in (one, other, one)]
    if before is None or between is None or after is None:
        return True
    return all(
        earliest <= count <= latest
        for earliest, count, latest in zip(*map(_counts, (before, between, after)), strict=True)
    )


def _counts(reading: Reading) -> tuple[float, float]:
    """Return how far a meter has counted, in Wh."""
    return reading.energy_imported.total or 0.0, reading.energy_exported.total or 0.0


async def async_known_meters(hass: HomeAssistant) -> KnownMeters:
    """Return the meters that are set up; those that the owner ignores are not."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    return KnownMeters(
        [
            KnownMeter(entry, await async_resolved(hass, MeterAddress.parse(entry.data)))
            for entry in entries
        ]
    )
