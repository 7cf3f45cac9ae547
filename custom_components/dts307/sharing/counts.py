"""Update the sensors that show how a meter is used through the server."""

from datetime import timedelta
import logging
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..meter.sharing import ClientCounts
from .server import async_counts

_LOGGER = logging.getLogger(__name__)
_INTERVAL: Final = timedelta(seconds=30)


class SharingCoordinator(DataUpdateCoordinator[ClientCounts]):
    """Looks at the counts of an entry's meter while a sensor shows them."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with what there is now."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{entry.title} sharing",
            update_interval=_INTERVAL,
            always_update=False,
        )
        self._entry = entry
        self.data = async_counts(hass, entry)

    @override
    async def _async_update_data(self) -> ClientCounts:
        return async_counts(self.hass, self._entry)
