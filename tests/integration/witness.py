"""Watches all states of one meter, whose registers change before every poll."""

import logging
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED, STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.integration.truth import expected_values

LOGGER = f"custom_components.{DOMAIN}"


class Witness:
    """Polls a meter that changes its registers each time, and checks every state against them.

    ``polls`` holds for each poll whether all values were available after it; ``lies`` holds the
    states that differed from the registers when they were written.
    """

    def __init__(
        self, hass: HomeAssistant, device: Device, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Prepare to watch a device."""
        caplog.set_level(logging.INFO, LOGGER)
        self._hass = hass
        self._device = device
        self._caplog = caplog
        self._number = 20_000
        self._keys: dict[str, str] = {}
        self._truth: dict[str, float] = {}
        self.polls: list[bool] = []
        self.lies: list[str] = []

    async def load(self, data: dict[str, Any]) -> None:
        """Set up the device, check its states, and begin to watch."""
        # Polls follow each other at once, so only megawatts explain how far the counters move.
        self._device.write("W_SF", 2)
        self._device.write("TotWh_SF", 0)
        # Nothing beside them contradicts these megawatts.
        for phase in ("", "phA", "phB", "phC"):
            for point in ("A", "VA", "VAR", "W"):
                self._device.write(f"{point}{phase}", None)
        # So much flows in on one phase and out on another that both counters may move like that.
        self._device.write("VA_SF", 2)
        for phase, watts in (("A", 30_000), ("B", -30_000)):
            self._device.write(f"Wph{phase}", watts)
            self._device.write(f"VAph{phase}", abs(watts))
        self._change()
        await load(self._hass, entry_for(self._device, data))
        prefix = f"{self._device.serial_number}_"
        registry = er.async_get(self._hass)
        for state in self._hass.states.async_all("sensor"):
            row = registry.async_get(state.entity_id)
            if row and (key := row.unique_id.removeprefix(prefix)) in self._truth:
                self._keys[state.entity_id] = key
        assert {"power", "energy_imported", "energy_exported"} <= set(self._keys.values())
        self._hass.bus.async_listen(EVENT_STATE_CHANGED, self._state_changed)
        await self.poll()
        assert self.polls == [True]
        self.polls.clear()
        self._caplog.clear()

    async def poll(self, times: int = 1) -> None:
        """Poll some times, and note each time whether values are available."""
        for _ in range(times):
            self._change()
            await let_pass(self._hass)
            self.polls.append(self._is_shown())

    def logged_levels(self) -> list[int]:
        """Return the levels of the lines that the integration has logged."""
        ours = (record for record in self._caplog.records if record.name.startswith(LOGGER))
        return [record.levelno for record in ours]

    def others_warned(self) -> set[str]:
        """Return the other loggers that have warned."""
        return {
            record.name
            for record in self._caplog.records
            if record.levelno >= logging.WARNING and not record.name.startswith(LOGGER)
        }

    def _change(self) -> None:
        """Give the registers new values."""
        self._number += 1
        for point in ("W", "TotWhImp", "TotWhExp"):
            self._device.write(point, self._number)
        self._truth = expected_values(self._device)

    def _is_shown(self) -> bool:
        """Return whether all values are available; expect all to be right, or none available."""
        states = [state for entity in self._keys if (state := self._hass.states.get(entity))]
        assert len(states) == len(self._keys)
        (unavailable,) = {state.state == STATE_UNAVAILABLE for state in states}
        answering = state_of(self._hass, self._device, "answering", "binary_sensor")
        assert answering == (STATE_OFF if unavailable else STATE_ON)
        assert unavailable or [state for state in states if not self._is_true(state)] == []
        return not unavailable

    def _is_true(self, state: State) -> bool:
        truth = self._truth[self._keys[state.entity_id]]
        return float(state.state) == pytest.approx(truth, rel=1e-12)

    @callback
    def _state_changed(self, event: Event[EventStateChangedData]) -> None:
        """Compare a state with the present registers."""
        state = event.data["new_state"]
        if event.data["entity_id"] not in self._keys:
            return
        if state and state.state != STATE_UNAVAILABLE and not self._is_true(state):
            self.lies.append(f"{state.entity_id}: {state.state}")
