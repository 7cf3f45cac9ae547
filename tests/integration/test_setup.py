"""Setting meters up and taking them down."""

import asyncio

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pymodbus.constants import ExcCodes
import pytest

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import METER_MODELS, Device
from tests.integration.home import entry_for, let_pass, load, reason_text, state_of
from tests.lines import SPEED, network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.mark.parametrize("framing", Framing)
async def test_loads_and_unloads_over_the_network(hass: HomeAssistant, framing: Framing) -> None:
    """Unloading the last meter closes the link."""
    device = Device()
    async with network(device, framing=framing) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert async_get_connection_info(hass)[0].connected
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert entry.state is ConfigEntryState.NOT_LOADED
        assert async_get_connection_info(hass) == []
        asked = len(device.requests)
        await let_pass(hass, 60)
        assert len(device.requests) == asked


async def test_the_device(hass: HomeAssistant) -> None:
    """It carries what the meter says of itself."""
    device = Device(MeterConfig(version="2.17", serial="S30712345"))
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        (shown,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert shown.identifiers == {(DOMAIN, "S30712345")}
        assert shown.manufacturer == "Measurlogic"
        assert shown.model == "DTS 307"
        assert shown.name == "DTS 307"
        assert shown.serial_number == "S30712345"
        assert shown.sw_version == "2.17"


async def test_a_meter_that_says_little(hass: HomeAssistant) -> None:
    """What it leaves out is filled in, but for the version, which is unknown."""
    device = Device()
    for point in ("Mn", "Md", "Vr"):
        device.write(point, "")
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        (shown,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert shown.manufacturer == "Measurlogic"
        assert shown.model == "DTS 307"
        assert shown.sw_version is None


@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_wherever_the_map_is(hass: HomeAssistant, base: int) -> None:
    """SunSpec knows three places; older devices have a shorter model 1."""
    device = Device(MeterConfig(base=base, identity_length=65))
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def test_a_silent_meter(hass: HomeAssistant) -> None:
    """Its entry loads and says what to check; its sensors come with its first answer."""
    device = Device()
    device.silent = True
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert state_of(hass, device, "link_state") == "meter_silent"
        assert state_of(hass, device, "answering", "binary_sensor") == "off"
        assert er.async_get(hass).async_get_entity_id("sensor", DOMAIN, power_id(device)) is None
        (shown,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert (shown.name, shown.model) == ("DTS 307", None)
        device.silent = False
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)
        (shown,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert (shown.manufacturer, shown.model) == ("Measurlogic", "DTS 307")


async def test_a_meter_that_is_silent_after_a_restart(hass: HomeAssistant) -> None:
    """It keeps the entities and the device that it had, which are unavailable meanwhile."""
    device = Device(MeterConfig(version="2.17"))
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        before = {state.entity_id for state in hass.states.async_all()}
        assert await hass.config_entries.async_unload(entry.entry_id)
        device.silent = True
        assert await hass.config_entries.async_setup(entry.entry_id)
        restored = [s.entity_id for s in hass.states.async_all() if s.attributes.get("restored")]
        assert restored == []
        assert {state.entity_id for state in hass.states.async_all()} == before
        assert state_of(hass, device, "power") == STATE_UNAVAILABLE
        (shown,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert (shown.model, shown.sw_version) == ("DTS 307", "2.17")
        device.silent = False
        await let_pass(hass, 60)
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def test_a_missing_port(hass: HomeAssistant) -> None:
    """The serial adapter is unplugged while Home Assistant starts."""
    device = Device()
    async with serial(device) as line:
        data = serial_data(line) | {"device": "/dev/ttyUSB307"}
    await load(hass, entry_for(device, data))
    assert state_of(hass, device, "link_state") == "port_missing"


async def test_the_first_reading_fails(hass: HomeAssistant) -> None:
    """The meter says who it is, but not what it measures; later it does."""
    device = Device()
    model = device.meter_model()
    last = model.model_addr + model.model_len + 1
    word = device.registers.pop(last)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        assert state_of(hass, device, "link_state") == "read_refused"
        device.registers[last] = word
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"


@pytest.mark.parametrize(
    ("point", "reason"), [("marker", "not_sunspec"), ("model", "no_meter_model")]
)
async def test_something_else_answers(hass: HomeAssistant, point: str, reason: str) -> None:
    """A device that is no meter under the unit ID; the meter is found once it is back."""
    device = Device()
    address = 40000 if point == "marker" else device.meter_model().model_addr
    async with network(device) as line:
        word, device.registers[address] = device.registers[address], 64000
        await load(hass, entry_for(device, network_data(line)))
        assert state_of(hass, device, "link_state") == reason
        device.registers[address] = word
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"


async def test_another_meter_answers(hass: HomeAssistant) -> None:
    """The history of one meter is not continued with another's counters."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        serial_number = device.serial_number
        device.write("SN", "S30799999")
        await load(hass, entry)
        registry = er.async_get(hass)
        unique_ids = {
            entity.unique_id
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        }
        assert f"{serial_number}_link_state" in unique_ids
        assert power_id(device) not in unique_ids
        shown = hass.states.get("sensor.dts_307_link")
        assert shown is not None
        assert shown.state == "another_meter"


def power_id(device: Device) -> str:
    """Return the unique ID of a meter's power sensor."""
    return f"{device.serial_number}_power"


async def test_eight_meters_on_one_link(hass: HomeAssistant) -> None:
    """They share one connection, which closes behind the last of them."""
    devices = [
        Device(MeterConfig(unit=unit, model=model)) for unit, model in enumerate(METER_MODELS, 100)
    ]
    async with serial(*devices) as line:
        entries = [entry_for(d, serial_data(line, unit_id=d.unit)) for d in devices]
        for entry in entries:
            await load(hass, entry)
        (info,) = async_get_connection_info(hass)
        assert info.units == {
            entry.entry_id: [device.unit] for entry, device in zip(entries, devices, strict=True)
        }
        for device in devices:
            device.requests.clear()
        await let_pass(hass)
        assert [len(device.requests) for device in devices] == [1] * len(devices)
        for entry in entries:
            assert async_get_connection_info(hass)[0].connected
            await hass.config_entries.async_unload(entry.entry_id)
        assert async_get_connection_info(hass) == []


async def test_a_silent_meter_leaves_the_others_alone(hass: HomeAssistant) -> None:
    """One meter of two on a bus is gone; the other is read as ever."""
    there, gone = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    gone.silent = True
    async with serial(there, gone) as line:
        await load(hass, entry_for(there, serial_data(line)))
        entry = entry_for(gone, serial_data(line, unit_id=101))
        await load(hass, entry)
        assert state_of(hass, gone, "link_state") == "meter_silent"
        there.requests.clear()
        await let_pass(hass)
        assert len(there.requests) == 1
        assert state_of(hass, there, "power") == str(there.meter_model().W.cvalue)


async def test_two_buses(hass: HomeAssistant) -> None:
    """Each has its own connection, also with the same unit id."""
    one, other = Device(), Device(MeterConfig(serial="S30700002"))
    async with serial(one) as first, serial(other) as second:
        await load(hass, entry_for(one, serial_data(first)))
        await load(hass, entry_for(other, serial_data(second)))
        assert len(async_get_connection_info(hass)) == 2


async def test_the_link_is_taken_with_other_settings(hass: HomeAssistant) -> None:
    """Another integration opened the port first, at another speed; later it lets go of it."""
    one, other = Device(), Device(MeterConfig(unit=101))
    async with serial(one, other, speed=None) as line:
        holder = entry_for(one, serial_data(line))
        await load(hass, holder)
        entry = entry_for(other, serial_data(line, unit_id=101, speed=SPEED // 2))
        await load(hass, entry, ConfigEntryState.SETUP_RETRY)
        assert entry.error_reason_translation_key == "link_in_use_by"
        named = reason_text("link_in_use_by").format(holder="DTS 307 (Measurlogic DTS 307)")
        assert entry.reason == named
        await hass.config_entries.async_unload(holder.entry_id)
        await let_pass(hass, 60)
        assert entry.state is ConfigEntryState.LOADED


async def test_a_gateway_that_refuses(hass: HomeAssistant) -> None:
    """An exception of the gateway means that the meter behind it is silent."""
    device = Device()
    device.refusal = ExcCodes.GATEWAY_NO_RESPONSE
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert state_of(hass, device, "link_state") == "meter_silent"


async def test_unloads_while_an_answer_is_due(hass: HomeAssistant) -> None:
    """The poll that is under way is given up at once, and nothing of it stays behind."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        device.silent = True
        device.asked.clear()
        poll = hass.async_create_task(entry.runtime_data.async_refresh())
        await asyncio.wait_for(device.asked.wait(), 5)
        assert await hass.config_entries.async_unload(entry.entry_id)
        await poll
        assert async_get_connection_info(hass) == []


@pytest.mark.usefixtures("slow_driver")
async def test_a_port_that_takes_its_time_to_close(hass: HomeAssistant) -> None:
    """A reload, as after every change of the options, finds it still taken at first."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_reload(entry.entry_id)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]
        await hass.config_entries.async_unload(entry.entry_id)


async def test_removed_while_it_is_set_up(hass: HomeAssistant) -> None:
    """A person need not wait until a silent meter is given up."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        device.silent = True
        entry.add_to_hass(hass)
        setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
        await asyncio.wait_for(device.asked.wait(), 5)
        await hass.config_entries.async_remove(entry.entry_id)
        await setup
        assert async_get_connection_info(hass) == []
        assert hass.config_entries.async_entries(DOMAIN) == []


async def test_what_cannot_be_unloaded_is_still_polled(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entities are still there, and show what the meter measures."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)

        async def refuse(*_args: object) -> bool:
            return False

        monkeypatch.setattr(hass.config_entries, "async_unload_platforms", refuse)
        assert not await hass.config_entries.async_unload(entry.entry_id)
        assert entry.state is ConfigEntryState.FAILED_UNLOAD
        device.write("W", 1234)
        await let_pass(hass)
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)
