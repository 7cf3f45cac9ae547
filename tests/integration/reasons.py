"""A fault that begins while a meter is polled, and how it is reported."""

import logging
from typing import Any, override

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from pymodbus.pdu import ModbusPDU
import pytest

from tests.device import Bench, Device
from tests.integration.home import entry_for, let_pass, load, reason_text, state_of


class Impostors(Bench):
    """Devices that answer with another unit ID than the requested one."""

    answer_as: int | None = None

    @override
    def _admit(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU | None:
        admitted = super()._admit(sending, pdu)
        if sending and admitted is not None and self.answer_as is not None:
            admitted.dev_id = self.answer_as
        return admitted


def logged(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return what the integration has logged, from a level on."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.dts307") and record.levelno >= level
    ]


async def see_reason(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    device: Device,
    state: str,
    text: str | None = None,
) -> None:
    """Poll under a fault; expect one reason in the state and one line in the log."""
    caplog.clear()
    for _ in range(3):
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == state
        assert state_of(hass, device, "power") == STATE_UNAVAILABLE
        assert state_of(hass, device, "answering", "binary_sensor") == "off"
    (line,) = logged(caplog, logging.WARNING)
    assert reason_text(text or state) in line


async def see_recovery(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, device: Device
) -> None:
    """Poll after the fault; expect all states back and one line in the log."""
    caplog.clear()
    caplog.set_level(logging.INFO, "custom_components.dts307")
    await let_pass(hass, 30)
    assert state_of(hass, device, "link_state") == "ok"
    assert state_of(hass, device, "power") != STATE_UNAVAILABLE
    assert len(logged(caplog, logging.INFO)) == 1


async def begin_to_poll(hass: HomeAssistant, device: Device, data: dict[str, Any]) -> None:
    """Set up a meter on a line without faults."""
    await load(hass, entry_for(device, data))
    assert state_of(hass, device, "link_state") == "ok"
