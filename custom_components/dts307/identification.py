"""How an entry recognizes its meter: by a serial number, or by the address alone.

A serial number that is missing, a placeholder, or that of another entry's meter cannot distinguish
the meter. Such an entry is bound to its address, and its data says which serial number the meter
reports there: if it reports another one, it is another meter.
"""

from collections.abc import Collection
from typing import Final

from homeassistant.config_entries import ConfigEntry

from .meter import Identity

CONF_SERIAL_NUMBER: Final = "serial_number"
"""What the meter of an entry that is bound to its address reports; it may be empty."""


def serial_number_of(entry: ConfigEntry) -> str:
    """Return the serial number that an entry's meter reports."""
    return str(entry.data.get(CONF_SERIAL_NUMBER, entry.unique_id))


def is_bound_to_address(entry: ConfigEntry) -> bool:
    """Return whether an entry's meter cannot be recognized at another address."""
    return CONF_SERIAL_NUMBER in entry.data


def identification(
    identity: Identity, address: str, taken: Collection[str | None]
) -> tuple[str, dict[str, str]]:
    """Return the unique ID of a meter's entry, and what its data has to say about it.

    ``taken`` are the unique IDs of the other entries. The ID of one that is bound to its address
    stays when the meter moves, so it only has to be unique.
    """
    serial_number = identity.serial_number
    if identity.has_serial_number and serial_number not in taken:
        return serial_number, {}
    unique_id, number = address, 1
    while unique_id in taken:
        number += 1
        unique_id = f"{address} ({number})"
    return unique_id, {CONF_SERIAL_NUMBER: serial_number}
