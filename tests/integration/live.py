"""A page that follows the readings of a meter, as the cards do."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket


def device_id_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Return the id of a meter's device in the registry."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


class Page:
    """An open page with one websocket connection."""

    def __init__(self, client: MockHAClientWebSocket) -> None:
        """Follow nothing yet."""
        self._client = client
        self._id = 0

    async def ask(self, device_id: str) -> dict[str, Any]:
        """Subscribe to the readings of a device, and return the answer."""
        await self._client.send_json_auto_id(
            {"type": "dts307/subscribe_readings", "device_id": device_id}
        )
        answer: dict[str, Any] = await self._client.receive_json()
        self._id = answer["id"]
        return answer

    async def follow(self, device_id: str) -> dict[str, Any]:
        """Subscribe to the readings of a device, and return the first one."""
        answer = await self.ask(device_id)
        assert answer["success"], answer
        return await self.next()

    async def next(self) -> dict[str, Any]:
        """Return the next reading."""
        message = await self._client.receive_json(timeout=5)
        assert message["type"] == "event"
        assert message["id"] == self._id
        event: dict[str, Any] = message["event"]
        return event

    async def leave(self) -> None:
        """Unsubscribe."""
        await self._client.send_json_auto_id(
            {"type": "unsubscribe_events", "subscription": self._id}
        )
        answer = await self._client.receive_json()
        assert answer["success"], answer

    async def has_got_nothing(self) -> bool:
        """Return whether no reading is under way: nothing overtakes the answer to a ping."""
        await self._client.send_json_auto_id({"type": "ping"})
        message = await self._client.receive_json(timeout=5)
        return bool(message["type"] == "pong")

    async def close(self) -> None:
        """Close the page without unsubscribing."""
        await self._client.close()
