"""A meter is moved to another port or adapter; until it is found there, nothing changes."""

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    EVERY_READING,
    answers,
    assert_refused,
    entry_for,
    follow,
    let_pass,
    load,
    place,
    start,
    state_of,
    submit,
    suggested,
    unknowing,
)
from tests.integration.scanning import assert_moved, load_without_meter, reconfigure
from tests.lines import SPEED, network, network_data, serial, serial_data
from tests.uart import uart

OTHER_SPEED = SPEED // 2

pytestmark = pytest.mark.usefixtures("skip_waiting")


async def test_another_unit_id(hass: HomeAssistant) -> None:
    """The form shows what is set up; the scan finds the new unit ID."""
    device = Device(MeterConfig(serial="S1"))
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        moved = Device(MeterConfig(serial="S1", unit=101))
        result = await reconfigure(hass, entry, "network")
        assert suggested(result) == place(network_data(line))
        known = suggested(result, "known")
        assert known == {"unit_id": 100, "framing": "tcp"}
        await line.close()
        async with network(moved) as other:
            entered = answers(network_data(other))
            result = await submit(hass, result, entered)
            assert_moved(result, entry, network_data(other, unit_id=101))
            assert [info.units for info in async_get_connection_info(hass)] == [
                {entry.entry_id: [101]}
            ]


async def test_another_adapter(hass: HomeAssistant) -> None:
    """The entities and the options stay; the old connection is closed."""
    device = Device()
    async with network(device) as line, network(device, framing=Framing.RTU) as other:
        entry = entry_for(device, network_data(line), ct_rating=200.0, ct_sets=2)
        await load(hass, entry)
        before = set(hass.states.async_entity_ids())
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, unknowing(network_data(other)))
        assert_moved(result, entry, network_data(other))
        assert set(hass.states.async_entity_ids()) == before
        assert entry.options == {**EVERY_READING, "ct_rating": 200.0, "ct_sets": 2}
        (info,) = async_get_connection_info(hass)
        assert str(other.port) in str(info.endpoint)


async def test_another_adapter_is_scanned_while_the_meter_is_polled(hass: HomeAssistant) -> None:
    """The entry holds another connection, so it is not suspended."""
    device, other = Device(), Device(MeterConfig(serial="another"))
    async with network(device) as line, network(other) as elsewhere:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "network")
        result = await start(hass, result, unknowing(network_data(elsewhere)))
        assert entry.state is ConfigEntryState.LOADED
        assert_refused(await follow(hass, result), "network", "other_meters")
        assert state_of(hass, device, "link_state") == "ok"


@pytest.mark.parametrize("thorough", [False, True])
async def test_the_search_ends_with_the_meter(hass: HomeAssistant, *, thorough: bool) -> None:
    """Nothing else is wanted, so its neighbours are not asked."""
    device, neighbour = Device(), Device(MeterConfig(unit=101))
    async with network(device) as line, network(device, neighbour) as other:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, answers(network_data(other), thorough=thorough))
        assert_moved(result, entry, network_data(other))
        assert neighbour.requests == []


async def test_from_serial_to_network_and_back(hass: HomeAssistant) -> None:
    """Nothing of the old address is left in the entry."""
    device = Device()
    async with serial(device) as port, network(device) as line:
        entry = entry_for(device, serial_data(port))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "network")
        assert suggested(result) == {}
        assert suggested(result, "known") == {}
        result = await submit(hass, result, unknowing(network_data(line)))
        assert_moved(result, entry, network_data(line))

        result = await reconfigure(hass, entry, "serial")
        assert suggested(result) == {}
        result = await submit(hass, result, answers(serial_data(port)))
        assert_moved(result, entry, serial_data(port))
        assert len(async_get_connection_info(hass)) == 1


@pytest.mark.parametrize("framing", Framing)
async def test_the_same_adapter_with_the_other_framing(
    hass: HomeAssistant, framing: Framing
) -> None:
    """The adapter was set up differently; the entry is suspended whichever framing it has."""
    device = Device()
    async with network(device, framing=framing) as line:
        right = network_data(line)
        wrong = network_data(line, framing={"tcp": "rtu", "rtu": "tcp"}[right["framing"]])
        entry = entry_for(device, wrong)
        await load_without_meter(hass, entry, device, "meter_silent")
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, answers(wrong))
        assert_moved(result, entry, right)


async def test_the_same_port_at_another_speed(hass: HomeAssistant) -> None:
    """The entry holds the port, and is suspended so that the new baud rate can be tried."""
    device = Device()
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        assert suggested(result, "known") == {
            "unit_id": 100,
            "baudrate": str(SPEED),
            "parity": "none",
            "stopbits": "1",
        }
        data = serial_data(line, speed=OTHER_SPEED)
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


async def test_a_meter_that_was_set_to_another_speed_is_found_again(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form can be submitted as it is."""
    device = Device()
    async with uart(monkeypatch, device, baud=19200, parity="E") as line:
        entry = entry_for(device, serial_data(line, speed=9600))
        await load_without_meter(hass, entry, device, "meter_silent")
        result = await reconfigure(hass, entry, "serial")
        unchanged = {**suggested(result), "known": suggested(result, "known")}
        result = await submit(hass, result, unchanged)
        assert_moved(result, entry, serial_data(line, speed=19200) | {"parity": "even"})


@pytest.mark.usefixtures("slow_driver")
async def test_the_same_port_with_a_slow_driver(hass: HomeAssistant) -> None:
    """It is closed and opened several times in a row, and is in use at first each time."""
    device = Device()
    async with serial(device) as line:
        data = serial_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        device.silent = True
        result = await submit(hass, result, unknowing(serial_data(line)))
        assert_refused(result, "serial", "nothing_found_serial")
        device.silent = False
        await let_pass(hass, 60)
        assert entry.state is ConfigEntryState.LOADED
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)
        await hass.config_entries.async_unload(entry.entry_id)


async def test_the_port_is_shared(hass: HomeAssistant) -> None:
    """Another meter on the bus keeps the port open, and this one is found at its baud rate."""
    devices = Device(), Device(MeterConfig(unit=101))
    async with serial(*devices) as line:
        entries = [entry_for(device, serial_data(line, unit_id=device.unit)) for device in devices]
        for entry in entries:
            await load(hass, entry)
        result = await reconfigure(hass, entries[0], "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_moved(result, entries[0], serial_data(line))
        assert [entry.state for entry in entries] == [ConfigEntryState.LOADED] * 2
        assert state_of(hass, devices[1], "link_state") == "ok"


async def test_the_meter_is_found_among_others(hass: HomeAssistant) -> None:
    """Other meters are skipped, whether they are set up or not."""
    device, known, new = (Device(MeterConfig(unit=unit)) for unit in (102, 100, 101))
    async with network(device, known, new) as line, network() as old:
        await load(hass, entry_for(known, network_data(line)))
        entry = entry_for(device, network_data(old))
        await load_without_meter(hass, entry, device, "meter_silent")
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, unknowing(network_data(line)))
        assert_moved(result, entry, network_data(line, unit_id=102))
        assert state_of(hass, device, "link_state") == "ok"
        assert len(hass.config_entries.async_entries(DOMAIN)) == 2
        assert hass.config_entries.flow.async_progress() == []


@pytest.mark.parametrize("speed", [SPEED, 9600])
async def test_a_meter_that_was_silent_from_the_start(hass: HomeAssistant, speed: int) -> None:
    """It has another unit ID, and perhaps another baud rate: the usual reason."""
    device = Device(MeterConfig(unit=9))
    async with serial(device, speed=speed) as line:
        entry = entry_for(device, serial_data(line))
        await load_without_meter(hass, entry, device, "meter_silent")
        result = await reconfigure(hass, entry, "serial")
        result = await submit(hass, result, answers(serial_data(line, unit_id=9)))
        assert_moved(result, entry, serial_data(line, unit_id=9, speed=speed))


async def test_a_wish_for_the_dashboard_is_kept(hass: HomeAssistant) -> None:
    """It has not been fulfilled yet, and does not depend on the address."""
    device = Device()
    async with network(device) as line, network(device) as other:
        entry = entry_for(device, network_data(line) | {"add_to_energy": True})
        await load(hass, entry)
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, unknowing(network_data(other)))
        assert_moved(result, entry, network_data(other) | {"add_to_energy": True})
