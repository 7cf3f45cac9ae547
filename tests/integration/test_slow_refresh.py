"""A meter behind a gateway that refreshes its values only every few minutes."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, network_data

MINUTES = 10
POLL = 30
POLLS = MINUTES * 60 // POLL
PER_REFRESH = 3000
"""Wh: 18 kW on average, of which the power at each refresh shows 300 W"""


@pytest.fixture
def meter(freezer: FrozenDateTimeFactory) -> Device:
    """A meter that has imported 5 MWh, at a morning at which time stands still."""
    freezer.move_to(datetime(2026, 6, 1, 6, 0, 30, tzinfo=UTC))
    device = Device()
    device.write("TotWhImp", 5_000_000)
    device.write("W", 300)
    return device


async def poll(hass: HomeAssistant, freezer: FrozenDateTimeFactory, times: int) -> None:
    """Let the meter be read some times."""
    for _ in range(times):
        freezer.tick(timedelta(seconds=POLL))
        await let_pass(hass, POLL)


def repair(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> ir.IssueEntry | None:
    """Return a repair about an entry's meter, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


async def test_each_refresh_is_counted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """How often they come is said once, also after a restart, until the values are live."""
    imported = 5_000_000

    async def let_refresh(polls: int = POLLS) -> None:
        nonlocal imported
        imported += PER_REFRESH
        meter.write("TotWhImp", imported)
        meter.write("W", 300 + imported // PER_REFRESH % 5)
        await poll(hass, freezer, polls)

    def is_counted() -> bool:
        return float(state_of(hass, meter, "energy_imported")) == imported / 1000

    async with network(meter) as line:
        data = network_data(line)
        entry = entry_for(meter, data, ct_rating=100.0, ct_sets=1, scan_interval=POLL)
        await load(hass, entry)
        await poll(hass, freezer, POLLS // 2)
        for _ in range(2):
            await let_refresh()
            assert repair(hass, entry, "counter_leap") is None
            assert is_counted()
            assert repair(hass, entry, "slow_refresh") is None
        await let_refresh(2)
        assert is_counted()
        said = repair(hass, entry, "slow_refresh")
        assert said is not None
        assert not said.is_fixable
        assert said.translation_placeholders == {"name": "DTS 307", "minutes": "10"}
        await poll(hass, freezer, POLLS - 2)
        await let_refresh(2)
        assert is_counted()

        assert await hass.config_entries.async_unload(entry.entry_id)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert repair(hass, entry, "slow_refresh")
        await poll(hass, freezer, POLLS - 2)
        for _ in range(2):
            await let_refresh()
            assert is_counted()
            assert repair(hass, entry, "counter_leap") is None

        for watts in range(4):
            meter.write("W", 500 + watts)
            await poll(hass, freezer, 1)
        assert repair(hass, entry, "slow_refresh") is None
