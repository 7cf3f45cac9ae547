"""Adding a meter, by nothing but its port or address."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.dts307.connection import MeterAddress, NetworkAdapter, SerialPort, Transport
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.flows.setup_forms import address_answers, entered_address
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    add_meter,
    answers,
    assert_asks_about_meter,
    assert_refused,
    begin,
    choose,
    describe,
    entry_for,
    form_of,
    load,
    search,
    submit,
    suggested,
    unknowing,
)
from tests.integration.port_names import BY_ID, PortNames
from tests.lines import network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("skip_waiting")


@pytest.mark.parametrize("framing", Framing)
async def test_a_meter_on_the_network(hass: HomeAssistant, framing: Framing) -> None:
    """The address is enough: what the adapter speaks is found out."""
    device = Device()
    async with network(device, framing=framing) as line:
        data = network_data(line)
        entered = unknowing(data) | {"host": f" {line.host} "}
        result = await search(hass, "network", entered)
        assert_asks_about_meter(result)
        placeholders = dict(result["description_placeholders"] or {})
        assert "4434\u00a0W" in placeholders.pop("measured")
        assert placeholders == {
            "model": "DTS 307",
            "serial_number": device.serial_number,
            "unit_id": "100",
            "position": "1",
            "count": "1",
            "identified": "",
        }
        entry = await add_meter(hass, result)
        assert entry.title == "DTS 307"
        assert entry.unique_id == device.serial_number
        assert entry.data == data
        assert entry.options == {"role": "grid", "ct_sets": 1}
        assert entry.state is ConfigEntryState.LOADED


async def test_a_meter_on_a_serial_port(hass: HomeAssistant) -> None:
    """A new meter has unit id 100 and speaks at 9600 baud without parity; it is asked first."""
    device = Device(MeterConfig(model=201))
    async with serial(device, speed=9600) as line:
        result = await search(hass, "serial", unknowing(serial_data(line)))
        said = {"name": "Stove", "role": "load", "ct_rating": 50, "ct_sets": 3}
        entry = await add_meter(hass, result, **said)
        assert entry.title == "Stove"
        assert entry.data == serial_data(line, speed=9600)
        assert entry.options == {"role": "load", "ct_rating": 50.0, "ct_sets": 3}
        assert type(entry.options["ct_sets"]) is int
        assert entry.state is ConfigEntryState.LOADED


async def test_a_port_goes_by_its_persistent_path(hass: HomeAssistant, tmp_path: Path) -> None:
    """Home Assistant shares a port by its path, so one port always needs the same path."""
    name = PortNames(hass, tmp_path)
    async with serial(Device()) as line:
        by_id = name(BY_ID, line.path)
        entry = await add_meter(hass, await search(hass, "serial", answers(serial_data(line))))
        assert entry.data == serial_data(line) | {"device": by_id}


async def test_what_is_known_is_asked_first(hass: HomeAssistant) -> None:
    """A person who knows the unit id gets there at once, even if the search would never ask it."""
    device = Device(MeterConfig(unit=7))
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line, unit_id=7)))
        entry = await add_meter(hass, result)
        assert entry.data == network_data(line, unit_id=7)
        assert type(entry.data["unit_id"]) is int


async def test_another_unit_id_is_found(hass: HomeAssistant) -> None:
    """It is asked for once the usual one is silent at all settings."""
    device = Device(MeterConfig(unit=102))
    async with serial(device, speed=9600) as line:
        entry = await add_meter(hass, await search(hass, "serial", unknowing(serial_data(line))))
        assert entry.data == serial_data(line, speed=9600, unit_id=102)


async def test_a_meter_without_a_model_name(hass: HomeAssistant) -> None:
    """It is called what this integration is for."""
    device = Device()
    device.write("Md", "")
    device.write("Mn", "")
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        assert (result["description_placeholders"] or {})["model"] == "DTS 307"
        assert (await add_meter(hass, result)).title == "DTS 307"


async def test_no_two_meters_are_called_the_same(hass: HomeAssistant) -> None:
    """The unit ID is added to the second name, and the serial number to that on another bus."""
    async with AsyncExitStack() as stack:
        for unit, serial_number, name in (
            (100, "S1", "DTS 307"),
            (101, "S2", "DTS 307 (101)"),
            (101, "S3", "DTS 307 (S3)"),
        ):
            device = Device(MeterConfig(unit=unit, serial=serial_number))
            line = await stack.enter_async_context(network(device))
            result = await search(hass, "network", unknowing(network_data(line)))
            assert (await add_meter(hass, result)).title == name


async def test_the_flow_gives_the_link_back(hass: HomeAssistant) -> None:
    """A person who stops half-way leaves no connection behind."""
    async with network(Device()) as line:
        result = await search(hass, "network", answers(network_data(line)))
        assert_asks_about_meter(result)
        assert async_get_connection_info(hass) == []
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_the_same_meter_twice(hass: HomeAssistant) -> None:
    """It is recognised by its serial number, whatever the way to it, and the form names it."""
    device = Device()
    async with network(device) as first, network(device, framing=Framing.RTU) as second:
        entry = entry_for(device, network_data(first))
        await load(hass, entry)
        result = await search(hass, "network", answers(network_data(second)))
        assert_refused(result, "network", "only_known_meters")
        found = f"Measurlogic DTS 307 {device.serial_number} (#100, Modbus RTU)"
        assert result["description_placeholders"] == {"devices": found}
        assert entry.data == network_data(first)
        assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_a_meter_that_was_added_meanwhile(hass: HomeAssistant) -> None:
    """Two windows are open for it; the later one says so."""
    device = Device()
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        result = await describe(hass, result)
        assert result["step_id"] == "finish"
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"
        assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_a_flow_left_half_way_is_no_obstacle(hass: HomeAssistant) -> None:
    """Setup succeeds after a window was closed, and leaves nothing open."""
    async with network(Device()) as line:
        entered = answers(network_data(line))
        left = await search(hass, "network", entered)
        assert_asks_about_meter(left)
        result = await search(hass, "network", entered)
        await add_meter(hass, result)
        with_it = [flow["flow_id"] for flow in hass.config_entries.flow.async_progress()]
        assert with_it == [left["flow_id"]]
        # What is left of it ends as it should, too.
        late = await describe(hass, left)
        late = await submit(hass, late, {})
        assert late["reason"] == "already_configured"
        assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_back_to_the_menu(hass: HomeAssistant) -> None:
    """Both ways can be begun; nothing is tried before a form is sent off."""
    result = await begin(hass, "serial")
    form = form_of(result)
    assert form.schema["known"].options == {"collapsed": True}
    assert form({"device": "/dev/ttyUSB0", "known": {}}) == {
        "device": "/dev/ttyUSB0",
        "known": {"thorough": False},
    }
    result = await begin(hass, "network")
    assert form_of(result)({"host": "gateway", "known": {}}) == {
        "host": "gateway",
        "port": 502,
        "known": {"thorough": False},
    }


async def test_a_unit_id_is_one_that_a_device_may_have(hass: HomeAssistant) -> None:
    """0 is for all and 248 on for none; the form says so, and keeps what was typed."""
    result = await begin(hass, "network")
    for unit_id in (0, 248):
        entered = {"host": "gateway", "port": 4001, "known": {"unit_id": unit_id}}
        result = await hass.config_entries.flow.async_configure(result["flow_id"], entered)
        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == {"known": "unit_id_range"}
        assert suggested(result).items() >= {"host": "gateway", "port": 4001}.items()
        assert suggested(result, "known")["unit_id"] == unit_id
        assert form_of(result).schema["known"].options == {"collapsed": False}


@pytest.mark.parametrize(
    "data",
    [
        {"device": "/dev/ttyUSB0", "baudrate": 19200, "parity": "even", "stopbits": 2},
        {"host": "gateway", "port": 4001, "framing": "rtu"},
    ],
)
def test_the_form_shows_an_address_as_it_is_stored(data: dict[str, Any]) -> None:
    """Submitting what the form shows of an entry stores the same address."""
    data |= {"transport": "network" if "host" in data else "serial", "unit_id": 17}
    address = MeterAddress.parse(data)
    assert address_answers(address) == {
        **answers(data),
        "known": {k: v for k, v in answers(data)["known"].items() if k != "thorough"},
    }
    assert entered_address(address.bus.transport, address_answers(address)) == address


def entered_adapter(host: str, port: int) -> NetworkAdapter:
    """Return the adapter that was entered."""
    form = {"host": host, "port": port, "known": {}}
    bus = entered_address(Transport.NETWORK, form).bus
    assert isinstance(bus, NetworkAdapter)
    return bus


@pytest.mark.parametrize("host", ["FD00::7", "[fd00::7]", " fd00::7 "])
def test_an_address_has_one_spelling(host: str) -> None:
    """Home Assistant shares a connection by the text of its address."""
    assert entered_adapter(host, 502) == NetworkAdapter(host="fd00::7", port=502)


async def test_a_flow_that_is_reconfigured_begins_with_the_same_menu(hass: HomeAssistant) -> None:
    """Reconfiguration and setup use the same search."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        for transport in ("serial", "network"):
            result = await entry.start_reconfigure_flow(hass)
            await choose(hass, result, transport)


@pytest.mark.parametrize(
    ("entered", "host", "port"),
    [
        ("192.168.1.5:4196", "192.168.1.5", 4196),
        ("http://192.168.1.5:502/", "192.168.1.5", 502),
        (" tcp://Gateway.lan ", "gateway.lan", 1234),
        ("http://192.168.1.5/index.html?x=1#y", "192.168.1.5", 1234),
        ("[fd00::7]:4196", "fd00::7", 4196),
        ("tcp://[FD00::7]", "fd00::7", 1234),
        ("fe80::1%eth0", "fe80::1%eth0", 1234),
        ("[fe80::1%eth0]", "fe80::1%eth0", 1234),
        ("gateway:0", "gateway", 1234),
        # What cannot be parsed is kept as it is.
        ("gateway:x", "gateway:x", 1234),
        ("gateway:65536", "gateway:65536", 1234),
        ("http://a]b", "http://a]b", 1234),
        (":502", ":502", 1234),
        ("192.168.1..5", "192.168.1..5", 1234),
    ],
)
def test_an_address_that_was_copied(entered: str, host: str, port: int) -> None:
    """It may come with its port, from a browser or from another program's settings."""
    assert entered_adapter(entered, 1234) == NetworkAdapter(host=host, port=port)


def test_a_port_that_was_copied() -> None:
    """Blanks around a path mean nothing."""
    address = entered_address(Transport.SERIAL, {"device": " /dev/ttyUSB0\n", "known": {}})
    assert address == MeterAddress(SerialPort(device="/dev/ttyUSB0"), 100)


@pytest.mark.parametrize(
    ("entered", "name"), [("  ", "DTS 307"), ("", "DTS 307"), (" A B ", "A B")]
)
async def test_a_name_of_blanks(hass: HomeAssistant, entered: str, name: str) -> None:
    """A meter is not without a name, for its entities would be without one, too."""
    async with network(Device()) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        assert (await add_meter(hass, result, name=entered)).title == name


async def test_a_form_that_is_requested_while_it_is_answered(hass: HomeAssistant) -> None:
    """The frontend asks for it at any time; then the next form is the answer to both."""
    flows = hass.config_entries.flow
    async with network(Device()) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        answering = hass.async_create_task(
            flows.async_configure(result["flow_id"], suggested(result)), eager_start=True
        )
        assert not answering.done()
        assert (await flows.async_configure(result["flow_id"]))["step_id"] == "finish"
        answered = await answering
        assert answered["step_id"] == "finish"
        result = await submit(hass, answered, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
