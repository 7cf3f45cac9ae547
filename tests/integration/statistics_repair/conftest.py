"""A meter and the real recorder, which records its energy counters."""

from collections.abc import AsyncIterator
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.bills import begin_at_home
from tests.integration.home import entry_for, load
from tests.integration.statistics_repair.hours import BEGUN, EXPORTED, IMPORTED, Hours
from tests.lines import network, network_data


@pytest.fixture
def recorder_config() -> dict[str, Any]:
    """Record the counters alone, which is faster."""
    keys = (IMPORTED, EXPORTED, "energy_cost")
    return {"include": {"entities": [f"sensor.dts_307_{key}" for key in keys]}}


@pytest.fixture
async def hours(
    recorder_mock: Recorder,  # noqa: ARG001 - it compiles the statistics
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
) -> Hours:
    """A meter before it is set up."""
    await begin_at_home(hass)
    assert await async_setup_component(hass, "sensor", {})
    return Hours(hass, freezer, BEGUN)


@pytest.fixture
async def entry(hours: Hours) -> AsyncIterator[MockConfigEntry]:
    """The meter's config entry, set up."""
    async with network(hours.device) as line:
        entry = entry_for(hours.device, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hours.hass, entry)
        yield entry
