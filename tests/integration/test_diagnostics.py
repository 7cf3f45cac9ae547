"""What a bug report carries, and what it must not."""

import json
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import MeterConfig
from simulator.server import Framing
from tests.device import METER_MODELS, Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")

SERIAL_NUMBER = "S307-20261122-XYZ"


@pytest.fixture
def meter() -> Device:
    """A meter with a serial number that nothing else looks like."""
    return Device(MeterConfig(serial=SERIAL_NUMBER))


async def download(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> dict[str, Any]:
    """Download the diagnostics as a person does, and return the part that is ours."""
    assert await async_setup_component(hass, "diagnostics", {})
    data = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert isinstance(data, dict)
    return data


def assert_anonymous(diagnostics: dict[str, Any]) -> None:
    """See that neither the host nor the serial number is there, in whatever spelling."""
    text = json.dumps(diagnostics)
    assert "127.0.0.1" not in text
    raw = SERIAL_NUMBER.encode()
    words = [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw) - 1, 2)]
    spellings = (SERIAL_NUMBER, SERIAL_NUMBER[::-1], raw.hex(), ", ".join(map(str, words)))
    for spelling in (*spellings, SERIAL_NUMBER[5:13], ", ".join(map(str, words[2:4]))):
        assert spelling.lower() not in text.lower()
    registers = diagnostics["registers"]
    if "error" not in registers:
        data = b"".join(word.to_bytes(2) for block in registers.values() for word in block)
        swapped = b"".join(
            data[at + 1 : at + 2] + data[at : at + 1] for at in range(0, len(data), 2)
        )
        for part in (raw, raw[4:12]):
            assert part not in data
            assert part not in swapped


@pytest.mark.parametrize("model", METER_MODELS)
async def test_the_registers_as_they_are(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, model: int
) -> None:
    """All of the chain, so that a report can be replayed, but for the serial number."""
    device = Device(MeterConfig(model=model, serial=SERIAL_NUMBER))
    async with network(device) as line:
        entry = entry_for(device, network_data(line), ct_rating=200.0, ct_sets=2)
        await load(hass, entry)
        diagnostics = await download(hass, hass_client, entry)
        common, meter_model = device.models()
        assert diagnostics["chain"] == {
            "base_address": 40000,
            "models": [
                {"model_id": 1, "address": 40002, "length": 66},
                {"model_id": model, "address": 40070, "length": meter_model.model_len},
            ],
        }
        served = device.registers
        first, second = (diagnostics["registers"][address] for address in ("40002", "40070"))
        assert second == [served[40070 + at] for at in range(meter_model.model_len + 2)]
        assert len(first) == common.model_len + 2
        hidden = common.points["SN"].offset
        for at, word in enumerate(first):
            assert word == (0 if hidden <= at < hidden + 16 else served[40002 + at])

        assert diagnostics["entry"]["options"] == {
            "recording": "every_reading",
            "ct_rating": 200.0,
            "ct_sets": 2,
        }
        assert diagnostics["entry"]["data"]["unit_id"] == 100
        assert diagnostics["identity"]["model"] == device_name(model)
        assert diagnostics["identity"]["version"] == "1.00"
        power = diagnostics["reading"]["power"]["total"]
        assert power == float(state_of(hass, device, "power"))
        imported = diagnostics["counters"]["energy_imported.total"]["trusted"]["last"]["value"]
        assert imported == diagnostics["reading"]["energy_imported"]["total"]
        assert diagnostics["link"]["failure"] is None
        assert diagnostics["link"]["success_rate"] == 1
        assert diagnostics["last_update_success"] is True
        assert diagnostics["last_failure"] is None
        assert_anonymous(diagnostics)


def device_name(model: int) -> str:
    """Return the name of the product with a model."""
    return "DTS 307/1" if model % 10 == 1 else "DTS 307"


async def test_a_second_identity(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, meter: Device
) -> None:
    """A device of several meters repeats model 1 in front of each; no serial number gets out."""
    model, identity = meter.meter_model(), next(meter.models())
    length = identity.model_len + 2
    end = model.model_addr + model.model_len + 2
    tail = [meter.registers[end], meter.registers[end + 1]]
    copy = [meter.registers[identity.model_addr + at] for at in range(length)]
    meter.registers |= dict(enumerate(copy + tail, start=end))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        diagnostics = await download(hass, hass_client, entry)
        assert [row["model_id"] for row in diagnostics["chain"]["models"]] == [1, 203, 1]
        assert_anonymous(diagnostics)


@pytest.mark.parametrize("framing", Framing)
async def test_a_meter_that_is_silent_just_then(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, meter: Device, framing: Framing
) -> None:
    """What is known from before is worth a report, too."""
    async with network(meter, framing=framing) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        meter.silent = True
        await let_pass(hass)
        assert state_of(hass, meter, "power") == STATE_UNAVAILABLE
        diagnostics = await download(hass, hass_client, entry)
        assert diagnostics["registers"] == {"error": "MeterSilentError"}
        assert diagnostics["last_update_success"] is False
        assert diagnostics["last_failure"] == "MeterSilentError"
        assert diagnostics["reading"]["power"]["total"] == meter.meter_model().W.cvalue
        assert_anonymous(diagnostics)

        await line.close()
        diagnostics = await download(hass, hass_client, entry)
        assert diagnostics["registers"] == {"error": "HostRefusesError"}
        assert_anonymous(diagnostics)


async def test_on_a_serial_port(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, meter: Device
) -> None:
    """The line's settings are what such a report is often about."""
    async with serial(meter) as line:
        entry = entry_for(meter, serial_data(line))
        await load(hass, entry)
        diagnostics = await download(hass, hass_client, entry)
        assert diagnostics["entry"]["data"].items() >= {"baudrate": 115200, "stopbits": 1}.items()
        assert entry.state is ConfigEntryState.LOADED
        assert_anonymous(diagnostics)


async def test_a_meter_that_could_not_be_set_up(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, meter: Device
) -> None:
    """That is when a report is wanted most: it says why."""
    meter.silent = True
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        diagnostics = await download(hass, hass_client, entry)
        assert diagnostics["entry"]["state"] == "loaded"
        assert diagnostics["link"]["failure"] == "meter_silent"
        assert diagnostics["entry"]["data"]["host"] == "**REDACTED**"
        assert diagnostics["reading"] is None
        assert "registers" not in diagnostics


async def test_an_entry_that_could_not_be_set_up(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, meter: Device
) -> None:
    """The report says why."""
    async with serial(meter, speed=None) as line:
        await load(hass, entry_for(Device(MeterConfig(serial="S2")), serial_data(line)))
        entry = entry_for(meter, serial_data(line, speed=9600))
        await load(hass, entry, ConfigEntryState.SETUP_RETRY)
        diagnostics = await download(hass, hass_client, entry)
        assert diagnostics["entry"]["state"] == "setup_retry"
        assert diagnostics["entry"]["reason"] == "link_in_use_by"
        assert diagnostics.keys() == {"entry"}
