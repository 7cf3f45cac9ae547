"""The blueprints that notify a person, with a simulated meter."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.persistent_notification import (
    Notification,
    UpdateType,
    async_register_callback,
)
from homeassistant.core import HomeAssistant, callback
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
MEMORY = "input_text.last_notified"
OVERLOAD, NO_OVERLOAD = "DTS 307: overload", "DTS 307: overload ended"
SILENCE, NO_SILENCE = "DTS 307 does not answer", "DTS 307 answers again"


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
        await house.helpers(input_text={"last_notified": None})
        yield house
        await house.ends()


async def watches(house: House, **inputs: Any) -> None:
    """Create an automation that notifies of problems."""
    await house.automates("notify_trouble", meter=house.meter, memory=MEMORY, **inputs)


@pytest.fixture
def titles(hass: HomeAssistant) -> list[str]:
    """The titles of the notifications, in order."""
    titles: list[str] = []

    @callback
    def note(kind: UpdateType, notes: dict[str, Notification]) -> None:
        if kind in {UpdateType.ADDED, UpdateType.UPDATED}:
            titles.extend(note["title"] or "" for note in notes.values())

    async_register_callback(hass, note)
    return titles


async def test_the_first_export_of_each_day(house: House, titles: list[str]) -> None:
    """It notifies once a day of local time, also over a restart."""
    await house.automates("notify_first_export", meter=house.meter, title="Sun")
    assert titles == []
    for expected in (["Sun"], ["Sun", "Sun"]):
        for _ in range(2):
            # Twice the necessary time, as responses are late on a busy machine.
            house.exports(3000)
            await house.passes(2 * MINUTE)
            assert titles == expected
            house.exports(-3000)
            await house.passes(2 * MINUTE)
            await house.restarts()
        # To a minute before midnight and back over it, where it is still the same day in UTC.
        house.freezer.move_to("2026-06-01 23:58:05-04:00")
        await house.passes(3 * MINUTE)
    assert titles == ["Sun", "Sun"]


async def test_a_cloud_is_no_news(house: House, titles: list[str]) -> None:
    """What counts as exporting is in the options: more than 100 W for 30 s."""
    await house.automates("notify_first_export", meter=house.meter)
    for watts in (3000, -100, 90, 3000, -100):
        house.exports(watts)
        await house.passes(20)
    assert titles == []
    house.exports(3000)
    await house.passes(MINUTE)
    assert titles == ["The sun is paying"]


async def test_overload(house: House, titles: list[str]) -> None:
    await watches(house)
    house.draws(120)
    await house.passes(MINUTE)
    assert titles == [OVERLOAD]
    house.draws(120)
    await house.passes(3 * MINUTE)
    assert len(titles) == 1
    house.draws(50)
    await house.passes(MINUTE)
    assert titles == [OVERLOAD, NO_OVERLOAD]


async def test_an_overload_that_ends_before_the_notification(
    house: House, titles: list[str]
) -> None:
    await watches(house, overload_for={"minutes": 2})
    for minutes in (1, 3):
        house.draws(120)
        await house.passes(minutes * MINUTE)
        house.draws(50)
        await house.passes(MINUTE)
    assert titles == [OVERLOAD, NO_OVERLOAD]


async def test_silence(house: House, titles: list[str]) -> None:
    """It uses the name that its owner gave the meter. A lost answer causes no notification."""
    dr.async_get(house.hass).async_update_device(house.meter, name_by_user="Grid")
    await watches(house, silent_for="00:05:00")
    for seconds in (10, 4 * MINUTE):
        house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
        await house.passes(seconds)
        house.device.refusal = None
        await house.passes(2 * MINUTE)
    assert titles == []
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(8 * MINUTE)
    assert titles == ["Grid does not answer"]
    house.device.refusal = None
    await house.passes(MINUTE)
    assert titles == ["Grid does not answer", "Grid answers again"]


async def test_no_notification_of_the_end(house: House, titles: list[str]) -> None:
    await watches(house, tell_the_end=False)
    for amperes in (120, 50):
        house.draws(amperes)
        await house.passes(MINUTE)
    assert titles == [OVERLOAD]
    house.draws(120)
    await house.passes(MINUTE)
    assert titles == [OVERLOAD, OVERLOAD]


async def test_silence_over_a_restart(house: House, titles: list[str]) -> None:
    """Home Assistant restarts while the meter is silent, and cannot set it up."""
    await watches(house)
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(2 * MINUTE)
    await house.restarts()
    assert house.entry.runtime_data.data is None
    await house.passes(7 * MINUTE)
    assert titles == []
    await house.passes(5 * MINUTE)
    assert titles == [SILENCE]
    await house.restarts()
    await house.passes(20 * MINUTE)
    assert titles == [SILENCE]
    house.device.refusal = None
    await house.restarts()
    await house.passes(2 * MINUTE)
    assert titles == [SILENCE, NO_SILENCE]


async def test_silence_over_a_reload(house: House, titles: list[str]) -> None:
    """A reload, as after a change of the options, is no answer of the meter."""
    await watches(house)
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(8 * MINUTE)
    await house.hass.config_entries.async_reload(house.entry.entry_id)
    await house.passes(4 * MINUTE)
    assert titles == [SILENCE]
    house.device.refusal = None
    await house.passes(3 * MINUTE)
    assert titles == [SILENCE, NO_SILENCE]


async def test_an_overload_over_a_restart(house: House, titles: list[str]) -> None:
    """The overload and its end during the restart cause one notification each."""
    await watches(house)
    house.draws(120)
    await house.passes(MINUTE)
    await house.restarts()
    await house.passes(2 * MINUTE)
    assert titles == [OVERLOAD]
    house.draws(50)
    await house.restarts()
    await house.passes(2 * MINUTE)
    assert titles == [OVERLOAD, NO_OVERLOAD]


async def test_an_overload_that_ends_soon_after_a_silence(house: House, titles: list[str]) -> None:
    await watches(house, overload_for={"minutes": 2})
    house.draws(120)
    await house.passes(4 * MINUTE)
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(MINUTE)
    house.device.refusal = None
    await house.passes(MINUTE)
    assert titles == [OVERLOAD]
    house.draws(50)
    await house.passes(MINUTE)
    assert titles == [OVERLOAD, NO_OVERLOAD]


async def test_an_overload_that_is_gone_when_the_meter_is_back(
    house: House, titles: list[str]
) -> None:
    """The ends of both cause a notification."""
    await watches(house)
    house.draws(120)
    await house.passes(MINUTE)
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(13 * MINUTE)
    assert titles == [OVERLOAD, SILENCE]
    house.device.refusal = None
    house.draws(50)
    await house.passes(3 * MINUTE)
    assert sorted(titles[2:]) == sorted([NO_OVERLOAD, NO_SILENCE])
    assert house.shows(MEMORY) == ""


async def test_another_option_is_no_end_of_an_overload(house: House, titles: list[str]) -> None:
    await watches(house)
    house.draws(120)
    await house.passes(MINUTE)
    options = {**house.entry.options, "export_threshold": 200}
    house.hass.config_entries.async_update_entry(house.entry, options=options)
    await house.hass.config_entries.async_reload(house.entry.entry_id)
    await house.passes(2 * MINUTE)
    assert titles == [OVERLOAD]


async def test_without_trouble_it_does_not_run(house: House) -> None:
    await watches(house)
    await house.passes(5 * MINUTE)
    automation = house.hass.states.get("automation.made")
    assert automation is not None
    assert automation.attributes["last_triggered"] is None


async def test_other_actions_than_a_notification(house: House, titles: list[str]) -> None:
    spoken = async_mock_service(house.hass, "tts", "speak")
    action = {"action": "tts.speak", "data": {"message": "{{ title }}. {{ message }}"}}
    await watches(house, notify=[action])
    house.draws(120)
    await house.passes(MINUTE)
    assert titles == []
    assert [call.data["message"].partition(". ")[0] for call in spoken] == [OVERLOAD]
