"""Keep the balance of a house across restarts, with the meter at its grid connection."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..meter.house_balance import House, HouseBalance, HousePoint
from .formats import HOUSE
from .kept_state import KeptState
from .state_saver import AT_ONCE, WHILE_COUNTING, StateSaver

FILE_HOUSE: Final = "house"


class HouseKeeper:
    """The balance of one house in Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, saver: StateSaver) -> None:
        """Begin at zero; ``async_load`` brings what was published before."""
        self._saver = saver
        self._balance = HouseBalance()
        self._file = KeptState(
            hass,
            entry,
            FILE_HOUSE,
            parse=parse_house,
            content="the consumption of the house, which starts again at 0",
        )

    async def async_load(self) -> None:
        """Restore what was published."""
        self._balance = await self._file.async_load() or self._balance

    @callback
    def async_begin(self, signs: Mapping[str, int]) -> None:
        """Sum up these members from now on, by entry ID; see HouseBalance."""
        self._balance = self._balance.with_members(signs)
        self._saver.add(self._file, self._as_dict)
        # More will be shown than is stored.
        self._saver.async_changed(self._file, AT_ONCE)

    @callback
    def async_add(self, member: str, point: HousePoint) -> House | None:
        """Return what the house consumes after a reading of a member; None if it is not known."""
        before = self._balance
        self._balance, house = before.with_point(member, point)
        # After a kill, these decide that what is shown does not fall.
        after = self._balance
        lasts = (before.offset, before.margin) == (after.offset, after.margin)
        self._saver.async_changed(self._file, WHILE_COUNTING if lasts else AT_ONCE)
        return house

    def _as_dict(self) -> dict[str, Any]:
        return {"latest": self._saver.finished, **self._balance.as_dict()}


def parse_house(stored: Any) -> HouseBalance:
    """Return the balance of a stored file.

    Raises vol.Invalid.
    """
    parsed = HOUSE(stored)
    return HouseBalance.from_dict(parsed, latest=parsed["latest"])
