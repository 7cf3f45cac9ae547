"""The blueprints that tell a person something, against a simulated meter."""

from collections.abc import AsyncIterator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.persistent_notification import (
    Notification,
    UpdateType,
    async_register_callback,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from tests.device import Device
from tests.integration.blueprints import House, install
from tests.integration.home import entry_for
from tests.lines import network, network_data

MINUTE = 60


@pytest.fixture
async def house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> AsyncIterator[House]:
    """Serve a meter with 100 A CTs that imports a little."""
    await hass.config.async_set_time_zone("America/New_York")
    freezer.move_to("2026-06-01 08:00:05-04:00")
    install(hass, tmp_path)
    assert await async_setup_component(hass, "persistent_notification", {})
    device = Device()
    async with network(device) as line:
        data = network_data(line)
        options = {"ct_rating": 100, "ct_sets": 1, "direction": "import_positive"}
        house = House(hass, freezer, device, entry_for(device, data, **options))
        house.exports(-500)
        house.draws(50)
        await house.begins()
        await house.passes(MINUTE)
        yield house
        await house.ends()


@pytest.fixture
def told(hass: HomeAssistant) -> list[str]:
    """The titles of what is told, one after the other."""
    titles: list[str] = []

    def note(kind: UpdateType, notes: dict[str, Notification]) -> None:
        if kind in {UpdateType.ADDED, UpdateType.UPDATED}:
            titles.extend(note["title"] or "" for note in notes.values())

    async_register_callback(hass, note)
    return titles


async def test_the_first_export_of_each_day(house: House, told: list[str]) -> None:
    """A restart does not make it forget; midnight is that of the site."""
    await house.automates("notify_first_export", meter=house.meter, title="Sun")
    assert told == []
    for expected in (["Sun"], ["Sun", "Sun"]):
        for _ in range(2):
            house.exports(3000)
            await house.passes(MINUTE)
            assert told == expected
            house.exports(-3000)
            await house.passes(MINUTE)
            await house.restarts()
        # To a minute before midnight and back over it, where it is still the same day in UTC.
        house.freezer.move_to("2026-06-01 23:58:05-04:00")
        await house.passes(3 * MINUTE)
    assert told == ["Sun", "Sun"]


async def test_a_cloud_is_no_news(house: House, told: list[str]) -> None:
    """What counts as exporting is in the options: more than 100 W for 30 s."""
    await house.automates("notify_first_export", meter=house.meter)
    for watts in (3000, -100, 90, 3000, -100):
        house.exports(watts)
        await house.passes(20)
    assert told == []
    house.exports(3000)
    await house.passes(MINUTE)
    assert told == ["The sun is paying"]


async def test_overload(house: House, told: list[str]) -> None:
    await house.automates("notify_trouble", meter=house.meter)
    house.draws(120)
    await house.passes(MINUTE)
    assert told == ["DTS 307: overload"]
    house.draws(120)
    await house.passes(MINUTE)
    assert len(told) == 1
    house.draws(50)
    await house.passes(MINUTE)
    assert told == ["DTS 307: overload", "DTS 307: no overload any more"]


async def test_an_overload_that_is_over_before_it_is_told_of(house: House, told: list[str]) -> None:
    await house.automates("notify_trouble", meter=house.meter, overload_for={"minutes": 2})
    for minutes in (1, 3):
        house.draws(120)
        await house.passes(minutes * MINUTE)
        house.draws(50)
        await house.passes(MINUTE)
    assert told == ["DTS 307: overload", "DTS 307: no overload any more"]


async def test_silence(house: House, told: list[str]) -> None:
    """The name that a person gave the meter is used; a lost answer is nothing to tell of."""
    dr.async_get(house.hass).async_update_device(house.meter, name_by_user="Grid")
    await house.automates("notify_trouble", meter=house.meter, silent_for="00:05:00")
    for seconds in (10, 4 * MINUTE):
        house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
        await house.passes(seconds)
        house.device.refusal = None
        await house.passes(2 * MINUTE)
    assert told == []
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(6 * MINUTE)
    assert told == ["Grid does not answer"]
    house.device.refusal = None
    await house.passes(MINUTE)
    assert told == ["Grid does not answer", "Grid answers again"]


async def test_the_end_of_trouble_may_go_untold(house: House, told: list[str]) -> None:
    await house.automates("notify_trouble", meter=house.meter, tell_the_end=False)
    for amperes in (120, 50):
        house.draws(amperes)
        await house.passes(MINUTE)
    assert told == ["DTS 307: overload"]


async def test_it_tells_in_the_way_that_is_asked_for(house: House, told: list[str]) -> None:
    spoken = async_mock_service(house.hass, "tts", "speak")
    action = {"action": "tts.speak", "data": {"message": "{{ title }}. {{ message }}"}}
    await house.automates("notify_trouble", meter=house.meter, notify=[action])
    house.draws(120)
    await house.passes(MINUTE)
    assert told == []
    assert [call.data["message"].partition(". ")[0] for call in spoken] == ["DTS 307: overload"]
