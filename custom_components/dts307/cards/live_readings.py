"""Send every reading of a meter to the cards over a websocket subscription.

Entities may be disabled, and states may be written less often than the meter is read. The cards
show each reading nevertheless.
"""

from collections.abc import Mapping
from typing import Any, Final, TypedDict

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components import websocket_api
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID, CONF_TYPE, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import Dts307ConfigEntry, Dts307Coordinator
from ..descriptions import LINK_STATE, LIVE_ATTRIBUTES, LIVE_VALUES, link_state
from ..options import MeterOptions, Role

_KEYS: Final = (*LIVE_VALUES, LINK_STATE)


class ReadingMessage(TypedDict):
    """One reading, as frontend/src/meter/live.ts has it, too.

    Values have the keys of the entities that show the same, whether these are enabled or not.
    Positive power is import.
    """

    role: str | None
    """where the meter is installed; None if the options do not say"""
    answering: bool
    """whether the last attempt returned a reading"""
    values: dict[str, float | str | None]
    """in V, A, W, var, Wh and percent; None: not known, or not available"""
    attributes: dict[str, Any]
    """attributes of these entities; none while the meter is not available"""


@callback
def async_register_live_readings(hass: HomeAssistant) -> None:
    """Register the websocket command with which the cards follow a meter."""
    websocket_api.async_register_command(hass, _ws_subscribe_readings)


@websocket_api.websocket_command(
    {
        vol.Required(CONF_TYPE): f"{DOMAIN}/subscribe_readings",
        vol.Required(ATTR_DEVICE_ID): str,
    }
)
@callback
def _ws_subscribe_readings(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Send the latest reading of a meter now, and from then on each reading."""
    message_id: int = msg["id"]
    _, entry = dr.async_get_device_and_config_entry_for_domain(
        hass, msg[ATTR_DEVICE_ID], domain=DOMAIN
    )
    if entry is None:
        connection.send_error(message_id, websocket_api.ERR_NOT_FOUND, "This device is no meter")
        return
    subscription = Subscription(hass, connection, message_id, entry)
    if not subscription.async_readable():
        connection.send_error(message_id, websocket_api.ERR_UNAUTHORIZED, "Unauthorized")
        return
    connection.send_result(message_id)
    connection.subscriptions[message_id] = subscription.async_start()


class Subscription:
    """Follows a meter, through reloads of its entry, until the frontend unsubscribes."""

    def __init__(
        self,
        hass: HomeAssistant,
        connection: websocket_api.ActiveConnection,
        message_id: int,
        entry: Dts307ConfigEntry,
    ) -> None:
        """Prepare to send the readings of an entry's meter to a connection."""
        self._hass = hass
        self._connection = connection
        self._message_id = message_id
        self._entry = entry
        self._leave: CALLBACK_TYPE | None = None
        """ends the following of a coordinator; None while the entry is not loaded"""

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Send the latest reading and follow the meter; return what ends that."""
        unsubscribe = self._entry.async_on_state_change(self._async_entry_changed)
        self._async_follow()

        @callback
        def end() -> None:
            unsubscribe()
            self._async_leave()

        return end

    @callback
    def async_readable(self) -> dict[str, bool]:
        """Return the keys that the user may read, each with whether it has an entity.

        Permissions and entity IDs may change at any time. A value without an entity is for users
        who may read every entity: no narrower permission can be about it.
        """
        user, registry = self._connection.user, er.async_get(self._hass)
        everything = user.is_admin or user.permissions.access_all_entities(POLICY_READ)
        readable = {}
        for key in _KEYS:
            unique_id = f"{self._entry.unique_id}_{key}"
            entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
            if everything or (
                entity_id is not None and user.permissions.check_entity(entity_id, POLICY_READ)
            ):
                readable[key] = entity_id is not None
        return readable

    @callback
    def _async_entry_changed(self) -> None:
        """Follow the new coordinator after a reload; say that the meter is gone before it."""
        if (self._entry.state is ConfigEntryState.LOADED) is (self._leave is None):
            self._async_leave()
            self._async_follow()

    @callback
    def _async_follow(self) -> None:
        if self._entry.state is ConfigEntryState.LOADED:
            # It announces each poll. The meter's own coordinator announces only the first failure.
            every_poll = self._entry.runtime_data.connection
            self._leave = every_poll.async_add_listener(self._async_send)
        self._async_send()

    @callback
    def _async_leave(self) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    @callback
    def _async_send(self) -> None:
        meter = None if self._leave is None else self._entry.runtime_data
        role = MeterOptions.parse(self._entry.options).role
        message = _message(meter, role, self.async_readable())
        self._connection.send_event(self._message_id, message)


def _message(
    meter: Dts307Coordinator | None, role: Role | None, readable: Mapping[str, bool]
) -> ReadingMessage:
    """Return the message about a meter; None is one whose entry is not loaded.

    ``readable`` has the keys to include, each with whether it has an entity. A key that has one, or
    was in the latest reading, is included while its value is not known: the cards keep its place.
    """
    message = ReadingMessage(
        role=role,
        answering=False,
        values=dict.fromkeys(key for key, has_entity in readable.items() if has_entity),
        attributes={},
    )
    if meter is None:
        return message
    health, latest, available = meter.connection.data, meter.data, meter.last_update_success
    message["answering"] = health.answering
    if LINK_STATE in readable:
        message["values"][LINK_STATE] = link_state(health)
    if latest is None:
        return message
    for key, value_fn in LIVE_VALUES.items():
        if key in readable and (value := value_fn(latest)) is not None:
            message["values"][key] = value if available else None
    for key, attributes_fn in LIVE_ATTRIBUTES.items():
        if key in message["values"] and available:
            message["attributes"] |= attributes_fn(latest)
    return message
