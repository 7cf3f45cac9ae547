"""The interface of all ways to read the meters."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from .bus import MeterBus

type Values = Mapping[str, float | None]
"""Some values in SI units by SunSpec point, to check that all contenders read the same."""


class Contender(Protocol):
    """A way to read meters; it has its own bus, because only one can open a port."""

    @property
    def name(self) -> str:
        """The name in the tables."""

    @property
    def bus(self) -> MeterBus:
        """The bus of its meters."""

    async def poll(self, units: Sequence[int]) -> list[Values | None]:
        """Poll all values of some meters; None for a meter that does not answer."""

    async def read_bare(self, units: Sequence[int]) -> None:
        """Send the requests of a poll with the same library, without decoding the replies."""

    async def touch(self) -> None:
        """Send the shortest request; the next one has to wait for the gap between frames."""
