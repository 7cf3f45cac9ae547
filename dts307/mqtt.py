"""Publish readings over MQTT, and announce them to Home Assistant."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
import json
import re
from typing import Any, Final, override
from urllib.parse import unquote, urlsplit

from .meter import Meter, Reading
from .output import event_names
from .quantities import Value, values_of
from .release import own_version
from .sinks import Sink

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_CONNECT: Final = 10.0
"""s for which the broker may take to accept the connection"""
_KEEPALIVE: Final = 15
"""s after which a silent connection counts as lost, also while it is encrypted"""


class BrokerError(Exception):
    """The broker cannot be reached, or refuses the connection; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to publish."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False

    @classmethod
    def parse(cls, url: str, password: str | None = None) -> Broker:
        """Return the broker of a URL; ``password`` counts if there is none in it.

        Raises ValueError.
        """
        parts = urlsplit(url if "://" in url else f"mqtt://{url}")
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
            raise ValueError(f"{url!r} is not mqtt://[USER@]HOST[:PORT] or mqtts://…")
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            user=parts.username and unquote(parts.username),
            password=unquote(parts.password) if parts.password else password,
            tls=parts.scheme == "mqtts",
        )


class MqttSink(Sink):
    """Publishes each reading as JSON.

    Home Assistant finds the meter by itself: the announcement is retained, and repeated with each
    connection. The broker says that the meter is offline if this program is lost.
    """

    def __init__(
        self,
        broker: Broker,
        place: str,
        *,
        prefix: str = "dts307",
        discovery: str = "homeassistant",
    ) -> None:
        """Publish under a topic prefix; ``place`` names a meter that has no serial number."""
        self._broker = broker
        self._place = place
        self._prefix = prefix
        self._discovery = discovery
        self._client: Any = None
        self._is_online = True
        self._topic = ""
        self._announcement: tuple[str, str] = ("", "")

    @property
    def is_connected(self) -> bool:
        """Whether the broker takes what is published now."""
        return bool(self._client.is_connected())

    @override
    async def open(self, meter: Meter, first: Reading) -> None:
        """Connect, and announce the meter.

        Raises BrokerError.
        """
        # An optional dependency, and only this sink needs it.
        from paho.mqtt import client as paho  # noqa: PLC0415
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

        identity = meter.identity
        name = identity.serial_number if identity.has_serial_number else self._place
        key = re.sub(r"[^A-Za-z0-9_-]+", "_", name)
        self._topic = f"{self._prefix}/{key}"
        self._announcement = (
            f"{self._discovery}/device/dts307_{key}/config",
            json.dumps(announcement(meter, key, self._topic, list(values_of(first)))),
        )
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2)
        client.will_set(f"{self._topic}/availability", "offline", qos=1, retain=True)
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._broker.password)
        if self._broker.tls:
            client.tls_set()
        accepted = asyncio.get_running_loop().create_future()
        client.on_connect = _Accepting(accepted, self._announce)
        try:
            host, port = self._broker.host, self._broker.port
            await asyncio.to_thread(client.connect, host, port, _KEEPALIVE)
            client.loop_start()
            async with asyncio.timeout(_CONNECT):
                refusal = await accepted
        except (OSError, TimeoutError) as err:
            raise BrokerError(str(err) or "it does not answer") from err
        if refusal is not None:
            raise BrokerError(f"it says: {refusal}")

    @override
    def write(self, at: datetime, reading: Reading) -> None:
        self._is_online, was_online = True, self._is_online
        if not self.is_connected:
            # Published later, it would look like a reading of then.
            return
        state: dict[str, object] = {value.key: value.value for value in values_of(reading)}
        state |= {"time": at.isoformat(timespec="milliseconds"), "events": event_names(reading)}
        self._publish("state", json.dumps(state), retain=False)
        if not was_online:
            self._publish_availability()

    @override
    def lost(self) -> None:
        self._is_online, was_online = False, self._is_online
        if was_online and self.is_connected:
            self._publish_availability()

    @override
    async def close(self) -> None:
        if self._client is not None:
            if self._client.is_connected():
                last = self._publish("availability", "offline", retain=True)
                await asyncio.to_thread(last.wait_for_publish, _CONNECT)
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)

    def _announce(self) -> None:
        """Announce the meter, with each new connection; called in the client's thread."""
        topic, payload = self._announcement
        self._client.publish(topic, payload, qos=1, retain=True)
        self._publish_availability()

    def _publish_availability(self) -> None:
        self._publish("availability", "online" if self._is_online else "offline", retain=True)

    def _publish(self, topic: str, payload: str, *, retain: bool) -> Any:
        return self._client.publish(f"{self._topic}/{topic}", payload, qos=1, retain=retain)


class _Accepting:
    """Passes the broker's answer to a connection on to the event loop, and announces the meter."""

    def __init__(self, accepted: asyncio.Future[str | None], announce: Any) -> None:
        self._accepted = accepted
        self._loop = accepted.get_loop()
        self._announce = announce

    def __call__(
        self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if not reason.is_failure:
            self._announce()
        refusal = str(reason) if reason.is_failure else None
        self._loop.call_soon_threadsafe(self._note, refusal)

    def _note(self, refusal: str | None) -> None:
        if not self._accepted.done():
            self._accepted.set_result(refusal)


def announcement(meter: Meter, key: str, topic: str, values: list[Value]) -> dict[str, Any]:
    """Return the payload of Home Assistant's MQTT discovery for a meter.

    Only values that the meter states become entities.
    """
    identity = meter.identity
    return {
        "device": {
            "identifiers": [f"dts307_{key}"],
            "name": " ".join(filter(None, (identity.model or "SunSpec meter", key))),
            "manufacturer": identity.manufacturer or None,
            "model": identity.model or None,
            "serial_number": identity.serial_number or None,
            "sw_version": identity.version or None,
        },
        "origin": {"name": "dts307", "sw_version": own_version()},
        "state_topic": f"{topic}/state",
        "availability_topic": f"{topic}/availability",
        "components": {
            value.key: _component(value, key) for value in values if value.value is not None
        },
    }


def _component(value: Value, key: str) -> dict[str, Any]:
    quantity = value.quantity
    component = {
        "platform": "sensor",
        "name": value.label,
        "unique_id": f"dts307_{key}_{value.key}",
        "device_class": quantity.device_class,
        "state_class": quantity.state_class,
        "unit_of_measurement": quantity.unit or None,
        "value_template": f"{{{{ value_json.{value.key} }}}}",
    }
    return {name: content for name, content in component.items() if content is not None}
