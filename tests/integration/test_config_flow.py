"""Adding a meter."""

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.dts307.const import DOMAIN
from simulator.meter import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import answers, assert_refused, begin, entry_for, form_of, load, submit
from tests.lines import network, network_data, serial, serial_data


@pytest.mark.parametrize("framing", Framing)
async def test_a_meter_on_the_network(hass: HomeAssistant, framing: Framing) -> None:
    """The defaults are enough: only the host is asked for, here also the port."""
    device = Device()
    async with network(device, framing=framing) as line:
        data = network_data(line)
        result = await begin(hass, "network")
        entered = {"host": f" {line.host} ", "port": line.port, "advanced": {}}
        if framing is Framing.RTU:
            entered["framing"] = "rtu"
        result = await submit(hass, result, entered)
        assert result["type"] is FlowResultType.FORM
        assert result["step_id"] == "current_transformers"
        assert result["description_placeholders"] == {
            "model": "DTS 307",
            "serial_number": device.serial_number,
        }
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.title == "DTS 307"
        assert entry.unique_id == device.serial_number
        assert entry.data == data
        assert entry.options == {"ct_sets": 1}
        assert entry.state is ConfigEntryState.LOADED


async def test_a_meter_on_a_serial_port(hass: HomeAssistant) -> None:
    """A new meter has unit id 100 and speaks at 9600 baud without parity; so does the form."""
    device = Device(MeterConfig(model=201))
    async with serial(device, speed=9600) as line:
        result = await begin(hass, "serial")
        result = await submit(hass, result, {"device": line.path, "advanced": {}})
        result = await submit(hass, result, {"ct_rating": 50, "ct_sets": 3})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.title == "DTS 307/1"
        assert entry.data == serial_data(line, speed=9600)
        assert entry.options == {"ct_rating": 50.0, "ct_sets": 3}
        assert type(entry.options["ct_sets"]) is int
        assert entry.state is ConfigEntryState.LOADED


async def test_a_port_goes_by_the_name_that_outlasts_replugging(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant shares a port by its path, so that every name of it has to be the same."""
    device = Device()
    async with serial(device) as line:
        monkeypatch.setattr(
            "homeassistant.components.usb.get_serial_by_id",
            lambda path: line.path if path == "/dev/ttyUSB0" else path,
        )
        entered = answers(serial_data(line)) | {"device": "/dev/ttyUSB0"}
        result = await submit(hass, await begin(hass, "serial"), entered)
        result = await submit(hass, result, {})
        assert result["result"].data["device"] == line.path


async def test_a_meter_with_another_unit_id(hass: HomeAssistant) -> None:
    """The unit id is in the section that is collapsed."""
    device = Device(MeterConfig(unit=7))
    async with network(device) as line:
        entered = answers(network_data(line, unit_id=7))
        result = await submit(hass, await begin(hass, "network"), entered)
        result = await submit(hass, result, {})
        assert result["result"].data["unit_id"] == 7
        assert type(result["result"].data["unit_id"]) is int


async def test_an_unusual_unit_id_is_in_sight(hass: HomeAssistant) -> None:
    """The section is collapsed only as long as what is in it is what nearly everybody has."""
    device = Device(MeterConfig(unit=7))
    async with network(device) as line:
        result = await begin(hass, "network")
        assert form_of(result).schema["advanced"].options["collapsed"]
        result = await submit(hass, result, answers(network_data(line, unit_id=8)))
        assert_refused(result, "network", "meter_silent_network")
        section = form_of(result).schema["advanced"]
        assert not section.options["collapsed"]
        (unit_id,) = section.schema.schema
        assert unit_id.description == {"suggested_value": 8}


async def test_a_meter_without_a_model_name(hass: HomeAssistant) -> None:
    """It is called what this integration is for."""
    device = Device()
    device.write("Md", "")
    device.write("Mn", "")
    async with network(device) as line:
        result = await submit(hass, await begin(hass, "network"), answers(network_data(line)))
        result = await submit(hass, result, {})
        assert result["result"].title == "DTS 307"


async def test_the_flow_gives_the_link_back(hass: HomeAssistant) -> None:
    """A person who stops half-way leaves no connection behind."""
    async with network(Device()) as line:
        result = await submit(hass, await begin(hass, "network"), answers(network_data(line)))
        assert result["step_id"] == "current_transformers"
        assert async_get_connection_info(hass) == []
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_the_same_meter_twice(hass: HomeAssistant) -> None:
    """It is recognised by its serial number, whatever the way to it."""
    device = Device()
    async with network(device) as first, network(device, framing=Framing.RTU) as second:
        entry = entry_for(device, network_data(first))
        await load(hass, entry)
        result = await submit(hass, await begin(hass, "network"), answers(network_data(second)))
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"
        assert entry.data == network_data(first)
        assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_a_flow_left_half_way_is_no_obstacle(hass: HomeAssistant) -> None:
    """Whoever closes the window and begins again gets to the end, and leaves nothing open."""
    async with network(Device()) as line:
        entered = answers(network_data(line))
        left = await submit(hass, await begin(hass, "network"), entered)
        assert left["step_id"] == "current_transformers"
        result = await submit(hass, await begin(hass, "network"), entered)
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert hass.config_entries.flow.async_progress() == []
        assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_another_meter_on_a_bus_in_use(hass: HomeAssistant) -> None:
    """The second meter comes over the connection that is open for the first."""
    devices = Device(), Device(MeterConfig(unit=101, model=201))
    async with serial(*devices) as line:
        await load(hass, entry_for(devices[0], serial_data(line)))
        entered = answers(serial_data(line, unit_id=101))
        result = await submit(hass, await begin(hass, "serial"), entered)
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["result"].state is ConfigEntryState.LOADED
        assert len(async_get_connection_info(hass)) == 1


async def test_back_to_the_menu(hass: HomeAssistant) -> None:
    """Both ways can be begun; nothing is tried before a form is sent off."""
    result = await begin(hass, "serial")
    assert form_of(result)({"device": "/dev/ttyUSB0", "advanced": {}}) == {
        "device": "/dev/ttyUSB0",
        "baudrate": "9600",
        "parity": "none",
        "stopbits": "1",
        "advanced": {"unit_id": 100},
    }
    result = await begin(hass, "network")
    assert form_of(result)({"host": "gateway", "advanced": {}}) == {
        "host": "gateway",
        "port": 502,
        "framing": "tcp",
        "advanced": {"unit_id": 100},
    }
