"""A meter that a config flow is about to add."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from ..connection import MeterAddress
from ..const import CONF_ADD_TO_ENERGY, DEFAULT_NAME
from ..meter import Identity
from ..options import CONF_CT_RATING, CONF_CT_SETS
from .preview import Subject


@dataclass
class NewMeter:
    """A meter that was found, with the name and options that were entered."""

    address: MeterAddress
    identity: Identity
    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    add_to_energy: bool = False
    unique_id: str = ""
    """That of its config entry; the serial number, unless that does not identify the meter."""
    kept: dict[str, str] = field(default_factory=dict)
    """What its config entry's data has to say about the serial number."""

    def __post_init__(self) -> None:
        """Go by the serial number, if nothing else is given."""
        self.unique_id = self.unique_id or self.identity.serial_number

    @property
    def short_id(self) -> str:
        """What a short text calls it by: its serial number, or else its unit ID."""
        return self.identity.serial_number or f"#{self.address.unit_id}"

    @property
    def subject(self) -> Subject:
        """The meter as the preview shows it."""
        return Subject(self.name, self.address)

    @property
    def entry_data(self) -> dict[str, Any]:
        """The data of its config entry."""
        requested = {CONF_ADD_TO_ENERGY: True} if self.add_to_energy else {}
        return {**self.address.as_data(), **self.kept, **requested}

    @property
    def ct_options(self) -> dict[str, Any]:
        """The CTs that were entered, which are often those of the next meter, too."""
        keys = (CONF_CT_RATING, CONF_CT_SETS)
        return {key: self.options[key] for key in keys if key in self.options}

    def suggested_name(self, taken: Container[str], *, is_alone: bool) -> str:
        """Return a name that no other meter has; the model alone only if it ``is_alone``."""
        name = self.identity.model or DEFAULT_NAME
        longer = [f"{name} ({by})" for by in (self.address.unit_id, self.unique_id)]
        names = [name, *longer] if is_alone else longer
        return next((each for each in names if each not in taken), names[-1])

    def as_discovered(self) -> dict[str, Any]:
        """Return the meter as discovery info."""
        return {**asdict(self), "address": self.address.as_data()}

    @classmethod
    def discovered(cls, discovered: Mapping[str, Any]) -> Self:
        """Return the meter that ``as_discovered`` described."""
        address = MeterAddress.parse(discovered["address"])
        identity = Identity(**discovered["identity"])
        return cls(**{**discovered, "address": address, "identity": identity})


def names_of(meters: Sequence[NewMeter]) -> dict[str, str]:
    """Return distinct names of meters, by unique ID."""
    counts = Counter(meter.name for meter in meters)
    return {
        meter.unique_id: meter.name
        if counts[meter.name] == 1
        else f"{meter.name} ({meter.unique_id})"
        for meter in meters
    }
