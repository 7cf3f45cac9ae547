"""While a form about a meter is open, its power is shown there as it changes."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import UnknownFlow
import pytest
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.dts307.flows.preview import PREVIEWS
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import answers, describe, search, submit
from tests.integration.scanning import give_up, nothing_is_open, tasks, until
from tests.integration.timing import change_timing
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

NBSP = "\N{NO-BREAK SPACE}"
VOLTS = "A_123.1_V · B_120.7_V · C_120.4_V".replace("_", NBSP)


@pytest.fixture(autouse=True)
def little_interval(hass: HomeAssistant) -> None:
    """Measure again at once."""
    change_timing(hass, preview=0.01)


class Preview:
    """What the frontend shows below a form: requested once, updated until the form is left."""

    def __init__(self, client: MockHAClientWebSocket) -> None:
        """Show nothing yet."""
        self._client = client
        self._id = 0

    async def start(self, result: ConfigFlowResult) -> None:
        """Ask for the preview of a form."""
        await self._client.send_json_auto_id(
            {
                "type": "dts307/start_preview",
                "flow_id": result["flow_id"],
                "flow_type": "config_flow",
                "user_input": {},
            }
        )
        answer = await self._client.receive_json()
        assert answer["success"]
        self._id = answer["id"]

    async def shown(self) -> dict[str, Any]:
        """Return the next update."""
        async with asyncio.timeout(5):
            message = await self._client.receive_json()
        assert message["id"] == self._id
        event: dict[str, Any] = message["event"]
        return event

    async def shows(self, state: str) -> None:
        """Wait for an update with this state."""
        async with asyncio.timeout(5):
            while (await self.shown())["state"] != state:
                pass

    async def end(self) -> None:
        """Leave the form, as the frontend does when it shows another."""
        await self._client.send_json_auto_id(
            {"type": "unsubscribe_events", "subscription": self._id}
        )
        while (await self._client.receive_json()).get("type") != "result":
            pass


@pytest.fixture
async def preview(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Preview:
    """What the frontend shows below the form of a flow that was begun."""
    return Preview(await hass_ws_client(hass))


async def test_the_power_is_shown_as_it_changes(hass: HomeAssistant, preview: Preview) -> None:
    """It survives a silent meter, and does not hold the connection between updates."""
    device = Device()
    device.write("W_SF", 0)
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        device.write("W", 100)
        await preview.start(result)
        shown = await preview.shown()
        assert shown == {
            "state": f"Importing 100{NBSP}W · {VOLTS}",
            "attributes": {"friendly_name": "DTS 307", "icon": "mdi:meter-electric"},
        }
        device.write("W", -2000)
        await preview.shows(f"Exporting 2000{NBSP}W · {VOLTS}")
        device.silent = True
        await preview.shows("No answer")
        device.silent = False
        await preview.shows(f"Exporting 2000{NBSP}W · {VOLTS}")
        await preview.end()
        await until(lambda: tasks("preview") == [] and nothing_is_open(hass))
        await give_up(hass, result)


async def test_several_meters_are_shown_in_one_line(hass: HomeAssistant, preview: Preview) -> None:
    """First the one that is asked about; in the end all, without the phases."""
    devices = [Device(MeterConfig(unit=unit)) for unit in (100, 101)]
    for power, device in enumerate(devices, start=1):
        device.write("W_SF", 0)
        device.write("W", power)
    async with network(*devices) as line:
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        serials = [device.serial_number for device in devices]
        result = await submit(hass, result, {"meters": serials})
        for number, name in enumerate(("DTS 307 (100)", "DTS 307 (101)"), start=1):
            await preview.start(result)
            shown = await preview.shown()
            assert shown["state"] == f"Importing {number}{NBSP}W · {VOLTS}"
            assert shown["attributes"]["friendly_name"] == name
            await preview.end()
            result = await describe(hass, result, name=f"Meter {number}")
        await preview.start(result)
        shown = await preview.shown()
        assert shown["state"] == f"Importing 1{NBSP}W | Importing 2{NBSP}W"
        assert shown["attributes"]["friendly_name"] == "Meter 1, Meter 2"
        await preview.end()
        await give_up(hass, result)


async def test_a_window_that_was_closed(hass: HomeAssistant, preview: Preview) -> None:
    """The measurements end, whatever ends first, and nothing is kept."""
    async with network(Device()) as line:
        result = await search(hass, "network", answers(network_data(line)))
        await preview.start(result)
        await preview.shown()
        await preview.end()
        hass.config_entries.flow.async_abort(result["flow_id"])
        assert hass.data[PREVIEWS] == {}
        await until(lambda: tasks("preview") == [] and nothing_is_open(hass))


async def test_a_connection_that_is_lost(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> None:
    """The browser disappears without unsubscribing."""
    async with network(Device()) as line:
        result = await search(hass, "network", answers(network_data(line)))
        client = await hass_ws_client(hass)
        preview = Preview(client)
        await preview.start(result)
        await preview.shown()
        await client.close()
        await until(lambda: tasks("preview") == [] and nothing_is_open(hass))
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_a_flow_that_ends_before_its_preview(hass: HomeAssistant, preview: Preview) -> None:
    """The last form is sent off; what its preview was about is read by its entry from then on."""
    device = Device()
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        result = await describe(hass, result)
        await preview.start(result)
        await preview.shown()
        created = hass.async_create_task(
            hass.config_entries.flow.async_configure(result["flow_id"], {})
        )
        await until(lambda: hass.data[PREVIEWS] == {})
        await created
        await until(lambda: tasks("preview") == [])
        await preview.end()


async def test_a_flow_that_is_gone(hass: HomeAssistant, preview: Preview) -> None:
    """A late request gets a response, but no measurements."""
    async with network(Device()) as line:
        result = await search(hass, "network", answers(network_data(line)))
        hass.config_entries.flow.async_abort(result["flow_id"])
        await preview.start(result)
        await until(lambda: tasks("preview") == [])


async def test_a_window_that_is_closed_while_the_meter_is_read(hass: HomeAssistant) -> None:
    """The last form is no longer needed, and nothing is kept."""
    device = Device()
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        device.silent = True
        device.asked.clear()
        described = asyncio.create_task(describe(hass, result))
        await device.asked.wait()
        assert result["flow_id"] in hass.data[PREVIEWS]
        hass.config_entries.flow.async_abort(result["flow_id"])
        with pytest.raises(UnknownFlow):
            await described
        assert hass.data[PREVIEWS] == {}
