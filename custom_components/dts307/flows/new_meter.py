"""A meter that a config flow is about to add."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from ..connection import MeterAddress
from ..const import CONF_ADD_TO_ENERGY
from ..meter import Identity
from .preview import Subject


@dataclass
class NewMeter:
    """A meter that was found, with the name and options that were entered."""

    address: MeterAddress
    identity: Identity
    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    add_to_energy: bool = False

    @property
    def serial_number(self) -> str:
        """The meter's serial number, which is its unique ID."""
        return self.identity.serial_number

    @property
    def subject(self) -> Subject:
        """The meter as the preview shows it."""
        return Subject(self.name, self.address)

    @property
    def entry_data(self) -> dict[str, Any]:
        """The data of its config entry."""
        requested = {CONF_ADD_TO_ENERGY: True} if self.add_to_energy else {}
        return {**self.address.as_data(), **requested}

    def as_discovered(self) -> dict[str, Any]:
        """Return the meter as discovery info."""
        return {**asdict(self), "address": self.address.as_data()}

    @classmethod
    def discovered(cls, discovered: Mapping[str, Any]) -> Self:
        """Return the meter that ``as_discovered`` described."""
        address = MeterAddress.parse(discovered["address"])
        identity = Identity(**discovered["identity"])
        return cls(**{**discovered, "address": address, "identity": identity})
