"""The names of a meter's energies, in the words of where it is installed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..options import Role
from ..snapshot import Snapshot
from .base import MeterSensorDescription

_IMPORTED: Final = "imported"
_EXPORTED: Final = "exported"

_WORDS: Final[Mapping[Role, Mapping[str, str]]] = {
    Role.BATTERY: {_IMPORTED: "charged", _EXPORTED: "discharged"},
    Role.HOME: {_IMPORTED: "consumed"},
    Role.LOAD: {_IMPORTED: "consumed"},
}
"""What import and export are called, as the Energy dashboard does; the others keep their words."""

_NAMES: Final = ("energy_{}", "energy_{}_phase", "{}_this_period", "{}_last_period")
"""The translation keys that contain such a word. Registers have the words of the display."""


def named_for(
    role: Role | None, sensors: Sequence[MeterSensorDescription[Snapshot]]
) -> Iterator[MeterSensorDescription[Snapshot]]:
    """Yield the sensors with the names that they have in a role; their keys stay."""
    words: Mapping[str, str] = {} if role is None else _WORDS.get(role, {})
    names = {name.format(word): name.format(own) for word, own in words.items() for name in _NAMES}
    for sensor in sensors:
        key = sensor.translation_key
        yield replace(sensor, translation_key=names.get(str(key), key))
