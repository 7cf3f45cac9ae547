"""Readings whose values contradict each other are not published."""

from collections.abc import Iterator
from typing import override

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from tests.device import Device, Request
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, network_data

HEADER = 2
KEYS = ("power", "voltage_line_to_neutral", "current", "frequency", "energy_imported")


class Healing(list[Request]):
    """The requests of a device that has its own registers again from the second one on."""

    def __init__(self, device: Device, registers: dict[int, int]) -> None:
        """Prepare to give a device these registers."""
        super().__init__()
        self._device = device
        self._registers = registers

    @override
    def append(self, request: Request) -> None:
        if self:
            self._device.registers = self._registers
        super().append(request)


def model_range(device: Device) -> Iterator[int]:
    """Yield the addresses of the meter model behind its header."""
    model = device.meter_model()
    first = model.model_addr + HEADER
    yield from range(first, first + model.model_len)


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize("fill", [0xFFFF, 0x8000, 0])
async def test_a_meter_that_restarts_behind_a_gateway(hass: HomeAssistant, fill: int) -> None:
    """Its header is there, and nothing behind it; what it said before is not forgotten."""
    device = Device()
    device.write("TotWhImp", 5_000_000)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        before = {key: state_of(hass, device, key) for key in KEYS}
        registers = dict(device.registers)
        device.registers |= dict.fromkeys(model_range(device), fill)
        for seconds in (6, 70, 6):
            await let_pass(hass, seconds)
            assert {state_of(hass, device, key) for key in KEYS} == {STATE_UNAVAILABLE}
            assert state_of(hass, device, "link_state") == "implausible_reading"
        device.registers = registers
        await let_pass(hass, 30)
        assert {key: state_of(hass, device, key) for key in KEYS} == before
        assert state_of(hass, device, "link_state") == "ok"


async def test_a_single_contradiction_is_read_again(hass: HomeAssistant) -> None:
    """The second reading of the same poll is published; nothing is left of the first."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        power, registers = device.meter_model().W.value, dict(device.registers)
        device.registers |= dict.fromkeys(model_range(device), 0xFFFF)
        device.requests = Healing(device, registers)
        await let_pass(hass)
        assert device.requests[0] == Request(40070, 55)
        # It was identified again before the second reading.
        assert Request(40000, 2) in device.requests
        assert state_of(hass, device, "power") == str(power)


async def test_more_power_than_the_phases_carry(hass: HomeAssistant) -> None:
    """The total is wrong, though every value could be true by itself."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        device.write("W", 30_000)
        await let_pass(hass)
        assert state_of(hass, device, "power") == STATE_UNAVAILABLE
