"""A repair reports an outage of ten minutes with its reason, until the meter answers again."""

import asyncio
from collections.abc import Awaitable, Callable
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    INTEGRATION,
    answers,
    assert_refused,
    entry_for,
    follow,
    load,
    start,
    state_of,
    submit,
)
from tests.integration.scanning import reconfigure
from tests.lines import SPEED, network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")

type Leap = Callable[[float], Awaitable[None]]

LANGUAGES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text())
    for path in sorted((INTEGRATION / "translations").glob("*.json"))
}


@pytest.fixture
def leap(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Leap:
    """Skip minutes on the loop's clock, to the attempt that is due then."""
    usual, ahead = hass.loop.time, 0.0
    monkeypatch.setattr(hass.loop, "time", lambda: usual() + ahead)

    async def leap(minutes: float) -> None:
        nonlocal ahead
        await hass.async_block_till_done(wait_background_tasks=True)
        ahead += 60 * minutes
        await asyncio.sleep(0.01)
        await hass.async_block_till_done(wait_background_tasks=True)

    return leap


def issue(
    hass: HomeAssistant, entry: MockConfigEntry, key: str = "not_answering"
) -> ir.IssueEntry | None:
    """Return the repair about an entry's meter, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


def report(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the placeholders of the repair about an entry's outage."""
    shown = issue(hass, entry)
    assert shown is not None
    assert shown.severity is ir.IssueSeverity.WARNING
    assert not shown.is_fixable
    assert shown.translation_placeholders is not None
    return shown.translation_placeholders


def text_of(reason: str) -> str:
    """Return the English text of a reason."""
    text: str = ENGLISH["exceptions"][reason]["message"]
    return text


async def fall_silent(
    hass: HomeAssistant,
    leap: Leap,
    device: Device,
    entry: MockConfigEntry,
    *,
    at_start: bool = False,
) -> None:
    """Silence a meter after its entry was loaded, or before (``at_start``)."""
    device.silent = at_start
    await load(hass, entry)
    device.silent = True
    await leap(0.5)


@pytest.mark.parametrize("at_start", [False, True])
async def test_silence_and_return(hass: HomeAssistant, leap: Leap, *, at_start: bool) -> None:
    """The repair appears after ten minutes and disappears with the outage."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        for _ in range(2):
            begun = dt_util.now()
            await fall_silent(hass, leap, device, entry, at_start=at_start)
            silent = dt_util.now()
            await leap(9)
            assert issue(hass, entry) is None
            await leap(1)
            placeholders = report(hass, entry)
            assert placeholders["name"] == "DTS 307"
            assert placeholders["reason"] == text_of("meter_silent_serial")
            since = "{year}-{month}-{day} {time}".format(**placeholders)
            assert f"{begun:%Y-%m-%d %H:%M}" <= since <= f"{silent:%Y-%m-%d %H:%M}"

            device.silent = False
            await leap(0.5)
            assert issue(hass, entry) is None
            assert state_of(hass, device, "link_state") == "ok"
            await hass.config_entries.async_remove(entry.entry_id)


async def test_the_language_of_the_reason(hass: HomeAssistant, leap: Leap) -> None:
    """The reason is in the language of Home Assistant, not in that of the user."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await fall_silent(hass, leap, device, entry, at_start=True)
        await leap(9)
        for language, texts in LANGUAGES.items():
            hass.config.language = language
            await leap(1)
            placeholders = report(hass, entry)
            reason = texts["exceptions"]["meter_silent_network"]["message"]
            assert placeholders["reason"] == reason
            text = texts["issues"]["not_answering"]
            assert reason in text["description"].format(**placeholders)
            assert text["title"].format(**placeholders).startswith("DTS 307 ")


@pytest.mark.parametrize("at_start", [False, True])
async def test_short_outages(hass: HomeAssistant, leap: Leap, *, at_start: bool) -> None:
    """Their durations are not added up."""
    changes = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await fall_silent(hass, leap, device, entry, at_start=at_start)
        for _ in range(3):
            await leap(9)
            device.silent = False
            await leap(0.5)
            assert state_of(hass, device, "link_state") == "ok"
            device.silent = True
            await leap(0.5)
        assert changes == []


@pytest.mark.parametrize("at_start", [False, True])
async def test_the_reason_changes(
    hass: HomeAssistant, leap: Leap, tmp_path: Path, *, at_start: bool
) -> None:
    """The repair shows a new reason once it occurs twice; the start of the outage stays."""
    device = Device()
    async with serial(device, link=tmp_path / "usb-adapter") as line:
        entry = entry_for(device, serial_data(line))
        await fall_silent(hass, leap, device, entry, at_start=at_start)
        await leap(10)
        first = report(hass, entry)
        assert first["reason"] == text_of("meter_silent_serial")
        await line.close()
        await leap(0.5)
        assert report(hass, entry) == first
        await leap(0.5)
        assert report(hass, entry) == first | {"reason": text_of("port_missing")}
        await line.open()
        # A busy machine may take an attempt or two to open the port.
        for _ in range(4):
            await leap(0.5)
        assert report(hass, entry) == first
        device.silent = False
        await leap(0.5)
        assert issue(hass, entry) is None


async def test_reasons_take_turns(hass: HomeAssistant, leap: Leap) -> None:
    """If no reason lasts, the repair shows the present one."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await fall_silent(hass, leap, device, entry)
        for _ in range(3):
            await line.close()
            await leap(4)
            await line.open()
            await leap(4)
        assert report(hass, entry)["reason"] == text_of("host_refuses")


async def test_a_link_in_use(hass: HomeAssistant, leap: Leap) -> None:
    """The repair names whatever holds the link."""
    one, other = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    async with serial(one, other, speed=None) as line:
        holder = entry_for(one, serial_data(line))
        await load(hass, holder)
        entry = entry_for(other, serial_data(line, unit_id=101, speed=SPEED // 2))
        await load(hass, entry, ConfigEntryState.SETUP_RETRY)
        await leap(9)
        assert issue(hass, entry) is None
        await leap(1.5)
        assert "DTS 307 (" in report(hass, entry)["reason"]
        assert report(hass, entry)["reason"].startswith("This connection is already used by ")
        assert issue(hass, holder) is None
        await hass.config_entries.async_unload(holder.entry_id)
        await leap(1.5)
        assert entry.state is ConfigEntryState.LOADED
        assert issue(hass, entry) is None


@pytest.mark.parametrize("at_start", [False, True])
async def test_a_reload(hass: HomeAssistant, leap: Leap, *, at_start: bool) -> None:
    """The outage goes on over a reload, and the repair is not removed for a moment."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await fall_silent(hass, leap, device, entry, at_start=at_start)
        await leap(5)
        await hass.config_entries.async_reload(entry.entry_id)
        await leap(4)
        assert issue(hass, entry) is None
        await hass.config_entries.async_reload(entry.entry_id)
        await leap(1)
        before = report(hass, entry)
        changes = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
        await hass.config_entries.async_reload(entry.entry_id)
        await leap(0.5)
        assert changes == []
        assert report(hass, entry) == before

        device.silent = False
        await hass.config_entries.async_reload(entry.entry_id)
        assert issue(hass, entry) is None


async def disable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_remove(entry.entry_id)


@pytest.mark.parametrize("at_start", [False, True])
@pytest.mark.parametrize("give_up", [disable, remove])
async def test_no_longer_in_use(
    hass: HomeAssistant,
    leap: Leap,
    give_up: Callable[[HomeAssistant, MockConfigEntry], Awaitable[None]],
    *,
    at_start: bool,
) -> None:
    """The repair disappears, and time without polling does not count as outage."""
    one, other = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    async with network(one, other) as line:
        entry = entry_for(one, network_data(line))
        bystander = entry_for(other, network_data(line, unit_id=101))
        await fall_silent(hass, leap, other, bystander, at_start=True)
        await fall_silent(hass, leap, one, entry, at_start=at_start)
        await leap(10)
        assert issue(hass, entry) is not None
        await give_up(hass, entry)
        await leap(1)
        assert issue(hass, entry) is None
        assert issue(hass, bystander) is not None
        if give_up is disable:
            await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
        else:
            entry.add_to_hass(hass)
            await hass.config_entries.async_setup(entry.entry_id)
        await leap(9)
        assert issue(hass, entry) is None
        await leap(1.5)
        assert issue(hass, entry) is not None


@pytest.mark.parametrize("at_start", [False, True])
async def test_a_replaced_meter(hass: HomeAssistant, leap: Leap, *, at_start: bool) -> None:
    """The question about the new meter replaces the repair; a new outage brings it back."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await fall_silent(hass, leap, device, entry, at_start=at_start)
        await leap(10)
        assert issue(hass, entry) is not None
        device.write("SN", "S30799999")
        device.silent = False
        for _ in range(3):
            await leap(5)
            assert issue(hass, entry) is None
        assert issue(hass, entry, "meter_replaced") is not None

        device.silent = True
        await leap(0.5)
        await leap(9)
        assert issue(hass, entry) is None
        await leap(1)
        assert issue(hass, entry) is not None


async def test_replaced_at_a_reload(hass: HomeAssistant, leap: Leap) -> None:
    """Right after the reload, only the question is left."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await fall_silent(hass, leap, device, entry)
        await leap(10)
        assert issue(hass, entry) is not None
        device.write("SN", "S30799999")
        device.silent = False
        await hass.config_entries.async_reload(entry.entry_id)
        assert issue(hass, entry) is None
        assert issue(hass, entry, "meter_replaced") is not None


@pytest.mark.parametrize("at_start", [False, True])
async def test_a_scan_that_finds_nothing(
    hass: HomeAssistant, leap: Leap, *, at_start: bool
) -> None:
    """The entry is suspended for the scan, but the repair stays as it was."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await fall_silent(hass, leap, device, entry, at_start=at_start)
        await leap(10)
        before = report(hass, entry)
        changes = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
        result = await reconfigure(hass, entry, "serial")
        result = await submit(hass, result, answers(serial_data(line)))
        assert_refused(result, "serial", "nothing_found_serial")
        assert changes == []
        assert report(hass, entry) == before
        await disable(hass, entry)
        await leap(0.1)
        assert issue(hass, entry) is None


@pytest.mark.parametrize("give_up", [disable, remove])
async def test_no_longer_in_use_during_a_scan(
    hass: HomeAssistant,
    leap: Leap,
    give_up: Callable[[HomeAssistant, MockConfigEntry], Awaitable[None]],
) -> None:
    """The entry is not resumed after the scan, and its repair is gone."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await fall_silent(hass, leap, device, entry, at_start=True)
        await leap(10)
        result = await reconfigure(hass, entry, "serial")
        result = await start(hass, result, answers(serial_data(line)))
        assert issue(hass, entry) is not None
        await give_up(hass, entry)
        await follow(hass, result)
        assert issue(hass, entry) is None
