"""A meter whose power has no sign, in Home Assistant."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, network_data

WATTS = 6000


async def flows(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, device: Device, counter: str, minutes: int
) -> None:
    """Let one counter of a meter move minute by minute, and no other."""
    for _ in range(minutes):
        counted = device.read(counter) or 0
        device.write(counter, counted + WATTS // 60)
        freezer.tick(timedelta(minutes=1))
        await let_pass(hass, 60)


@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_counters_give_it_one(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """An issue is raised, and withdrawn when the meter sends a sign after all."""
    device = Device()
    for point in ("W_SF", "TotWh_SF"):
        device.write(point, 0)
    for point, value in {"TotWhImp": 500_000, "TotWhExp": 500_000, "W": WATTS}.items():
        device.write(point, value)

    async with network(device) as line:
        entry = entry_for(device, network_data(line), ct_rating=100, ct_sets=1)
        await load(hass, entry)

        def told() -> ir.IssueEntry | None:
            return ir.async_get(hass).async_get_issue(DOMAIN, f"power_unsigned_{entry.entry_id}")

        await flows(hass, freezer, device, "TotWhImp", 12)
        assert state_of(hass, device, "power") == str(WATTS)
        assert told() is None
        await flows(hass, freezer, device, "TotWhExp", 12)
        assert state_of(hass, device, "power") == str(-WATTS)
        assert state_of(hass, device, "power_a") == STATE_UNKNOWN
        assert told() is not None

        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert state_of(hass, device, "power") == str(-WATTS)
        await flows(hass, freezer, device, "TotWhImp", 1)
        assert state_of(hass, device, "power") == str(WATTS)
        assert told() is not None

        device.write("W", -WATTS)
        await flows(hass, freezer, device, "TotWhExp", 16)
        assert state_of(hass, device, "power") == str(-WATTS)
        assert state_of(hass, device, "power_a") != STATE_UNKNOWN
        assert told() is None
