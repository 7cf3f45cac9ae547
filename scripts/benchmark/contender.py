"""What every way to read the meters can do."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from .bus import MeterBus

type Values = Mapping[str, float | None]
"""Some values in SI units by SunSpec point, to see that all contenders read the same meter."""


class Contender(Protocol):
    """A way to read meters; it has a bus of its own, so that no other opens its port."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    @property
    def bus(self) -> MeterBus:
        """The bus that its meters are on."""

    async def poll(self, units: Sequence[int]) -> list[Values | None]:
        """Take all values of some meters; None for one that does not answer."""

    async def read_bare(self, units: Sequence[int]) -> None:
        """Make the requests of a poll with the same library, and leave the answers as they are."""

    async def touch(self) -> None:
        """Make the shortest request there is, after which the bus owes the gap between frames."""
