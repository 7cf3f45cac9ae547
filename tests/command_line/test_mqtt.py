"""Publishing over MQTT, to a real broker, and what Home Assistant makes of it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import astuple
from datetime import UTC, datetime
import gc
import json
import socket
from weakref import WeakKeyDictionary

from amqtt.broker import Broker as MqttBroker
from amqtt.client import MQTTClient
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message

from dts307.connect import connected
from dts307.meter import Reading
from dts307.mqtt import Broker, MqttSink
from dts307.target import parse_target
from simulator import MeterConfig
from tests.command_line.program import Ended, run
from tests.device import Device
from tests.lines import network

# The broker forgets streams that it has not closed.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

TOPIC = "dts307/S-42"
OLD = datetime(2026, 1, 1, tzinfo=UTC)

_KEPT: WeakKeyDictionary[MQTTClient, dict[str, deque[str]]] = WeakKeyDictionary()
"""What a client has received of each topic, until a test asks for it."""


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """Let the broker's tasks end after it has."""
    return True


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Likewise."""
    return True


@pytest.fixture(autouse=True)
def forgotten_streams() -> Iterator[None]:
    """Let those that the broker has forgotten end with the test, and not in a later one."""
    yield
    gc.collect()


@asynccontextmanager
async def broker(port: int | None = None, *, anonymous: bool = True) -> AsyncIterator[int]:
    """A broker on a port of this machine, which may refuse those without a password."""
    port = port or free_port()
    served = MqttBroker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": anonymous}
            },
        }
    )
    await served.start()
    try:
        yield port
    finally:
        await served.shutdown()


@asynccontextmanager
async def subscriber(port: int) -> AsyncIterator[MQTTClient]:
    """A client that gets everything."""
    client = MQTTClient(config={"auto_reconnect": False})
    await client.connect(f"mqtt://127.0.0.1:{port}")
    await client.subscribe([("#", 1)])
    try:
        yield client
    finally:
        await client.disconnect()


async def received(client: MQTTClient, topic: str) -> str:
    """Return the next message of a topic; the broker may deliver those of others before it."""
    kept = _KEPT.setdefault(client, {}).setdefault(topic, deque())
    async with asyncio.timeout(30):
        while not kept:
            message = await client.deliver_message()
            if message is not None:
                others = _KEPT[client].setdefault(message.topic, deque())
                others.append(bytes(message.data).decode())
    return kept.popleft()


async def log(port: int, device: Device, *options: object) -> Ended:
    """Publish the readings of a device."""
    async with network(device) as line:
        place = f"{line.host}:{line.port}"
        url = f"mqtt://me:secret@127.0.0.1:{port}"
        return await run("log", place, "--mqtt", url, "--every", "100ms", *options)


async def test_readings_are_published() -> None:
    device = Device(MeterConfig(serial="S-42"))
    device.write("W", 1234)
    device.write("W_SF", 0)
    async with broker() as port, subscriber(port) as client:
        ended = await log(port, device, "-n", 2)
        assert (ended.code, ended.out, ended.err) == (0, "", "")
        config = json.loads(await received(client, "homeassistant/device/dts307_S-42/config"))
        assert await received(client, f"{TOPIC}/availability") == "online"
        for _ in range(2):
            state = json.loads(await received(client, f"{TOPIC}/state"))
            assert (state["power_total"], state["events"]) == (1234, [])
        assert await received(client, f"{TOPIC}/availability") == "offline"
    assert config["state_topic"] == f"{TOPIC}/state"
    assert set(config["components"]) <= set(state)


@pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")
@pytest.mark.usefixtures("mqtt_mock")
async def test_home_assistant_adds_the_meter(hass: HomeAssistant) -> None:
    """Each value becomes a sensor with its unit, and the meter a device."""
    device = Device(MeterConfig(serial="S-42"))
    async with broker() as port, subscriber(port) as client:
        await log(port, device, "-n", 1)
        config = await received(client, "homeassistant/device/dts307_S-42/config")
        state = await received(client, f"{TOPIC}/state")
    async_fire_mqtt_message(hass, "homeassistant/device/dts307_S-42/config", config)
    await hass.async_block_till_done()
    async_fire_mqtt_message(hass, f"{TOPIC}/availability", "online")
    async_fire_mqtt_message(hass, f"{TOPIC}/state", state)
    await hass.async_block_till_done()
    shown = {each.attributes["friendly_name"]: each for each in hass.states.async_all("sensor")}
    assert len(shown) == len(json.loads(config)["components"])
    power = shown["DTS 307 S-42 Power phase A"]
    assert float(power.state) == json.loads(state)["power_a"]
    assert power.attributes["unit_of_measurement"] == "W"
    energy = shown["DTS 307 S-42 Energy imported"]
    assert float(energy.state) == json.loads(state)["energy_imported_total"]
    assert energy.attributes["state_class"] == "total_increasing"
    assert "unknown" not in {each.state for each in shown.values()}


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
async def test_a_broker_that_is_not_there(scheme: str) -> None:
    async with network(Device()) as line:
        place = f"{line.host}:{line.port}"
        ended = await run("log", place, "--mqtt", f"{scheme}://127.0.0.1:{free_port()}", "-n", 1)
    assert ended.code == 1
    assert "dts307: The MQTT broker cannot be used" in ended.err
    assert "Connection refused" in ended.err


async def test_a_broker_that_refuses() -> None:
    """It refuses clients without a user name."""
    async with broker(anonymous=False) as port, network(Device()) as line:
        place = f"{line.host}:{line.port}"
        ended = await run("log", place, "--mqtt", f"mqtt://127.0.0.1:{port}", "-n", 1)
    assert ended.code == 1
    assert "Not authorized" in ended.err


async def test_a_broker_that_asks_for_a_name() -> None:
    async with broker(anonymous=False) as port:
        assert (await log(port, Device(), "-n", 1)).code == 0


async def test_a_meter_that_is_not_there_is_not_announced() -> None:
    ended = await run("log", "127.0.0.1:1", "--mqtt", "mqtt://127.0.0.1:1")
    assert ended.code == 3


async def test_paho_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dts307.log.find_spec", lambda _: None)
    ended = await run("log", "127.0.0.1:1", "--mqtt", "mqtt://127.0.0.1:1")
    assert (ended.code, ended.err.count("dts307[mqtt]")) == (1, 1)


@asynccontextmanager
async def announced(port: int) -> AsyncIterator[tuple[MqttSink, Reading]]:
    """Announce a meter to a broker; give what publishes it, and a reading."""
    async with network(Device(MeterConfig(serial="S-42"))) as line, AsyncExitStack() as stack:
        bus = parse_target(f"{line.host}:{line.port}").bus
        connection = await stack.enter_async_context(connected(bus))
        meter = await connection.identify(100)
        reading = await meter.read()
        sink = MqttSink(Broker.parse(f"127.0.0.1:{port}"), "place")
        await sink.open(meter, reading)
        yield sink, reading


async def disconnected(sink: MqttSink) -> None:
    """Wait until the client has noticed that its broker is gone."""
    async with asyncio.timeout(30):
        while sink.is_connected:  # noqa: ASYNC110 - the client's thread says nothing else
            await asyncio.sleep(0.01)


async def test_outages_of_the_meter_and_of_the_broker() -> None:
    """The meter is offline in its outage, and announced again to a broker that forgot it.

    What was read while there was no broker is not published late, as if it were of now.
    """
    first = AsyncExitStack()
    port = await first.enter_async_context(broker())
    async with announced(port) as (sink, reading):
        async with subscriber(port) as client:
            sink.lost()
            sink.lost()
            assert await received(client, f"{TOPIC}/availability") == "online"
            assert await received(client, f"{TOPIC}/availability") == "offline"
            sink.write(datetime.now(UTC), reading)
            assert await received(client, f"{TOPIC}/availability") == "online"
        await first.aclose()
        await disconnected(sink)
        sink.write(OLD, reading)
        sink.lost()
        async with broker(port), subscriber(port) as client:
            assert json.loads(await received(client, "homeassistant/device/dts307_S-42/config"))
            assert await received(client, f"{TOPIC}/availability") == "offline"
            sink.write(datetime.now(UTC), reading)
            state = json.loads(await received(client, f"{TOPIC}/state"))
            assert datetime.fromisoformat(state["time"]) > OLD
            assert await received(client, f"{TOPIC}/availability") == "online"
            await sink.close()


async def test_a_meter_that_answers_again_before_the_broker_does() -> None:
    """It is online from the announcement on, and not from the next reading."""
    first = AsyncExitStack()
    port = await first.enter_async_context(broker())
    async with announced(port) as (sink, reading):
        sink.lost()
        await first.aclose()
        await disconnected(sink)
        sink.write(OLD, reading)
        async with broker(port), subscriber(port) as client:
            assert await received(client, f"{TOPIC}/availability") == "online"
            await sink.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://ha.local", ("ha.local", 1883, None, "env", False)),
        ("ha.local:1884", ("ha.local", 1884, None, "env", False)),
        ("mqtts://me:p%40ss@ha.local", ("ha.local", 8883, "me", "p@ss", True)),
    ],
)
def test_urls_of_brokers(url: str, expected: tuple[object, ...]) -> None:
    assert astuple(Broker.parse(url, "env")) == expected


@pytest.mark.parametrize("url", ["http://ha.local", "mqtt://", "mqtt://ha.local/topic"])
async def test_what_is_no_broker(url: str) -> None:
    ended = await run("log", "127.0.0.1:1", "--mqtt", url)
    assert ended.code == 2
