"""Subscribers to a meter get every reading, through outages and reloads."""

import gc
import json
from pathlib import Path
from typing import Any
import weakref

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.dts307.cards.live_readings import Subscription
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.descriptions import LIVE_VALUES
from simulator import MeterConfig
from tests.device import METER_MODELS, NOON, Device
from tests.integration.home import entry_for, let_pass, load
from tests.integration.live import Page, device_id_of
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

EXAMPLE = Path(__file__).with_name("reading_message.json")
"""A message that the tests of the cards read, too."""
KILO = 1000


@pytest.fixture
async def page(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Page:
    """A page of the owner's."""
    return Page(await hass_ws_client(hass))


@pytest.fixture
def device() -> Device:
    """A meter of three phases, whose values stand still."""
    return Device()


@pytest.fixture
def all_entities_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show also the entities that are disabled by default."""
    monkeypatch.setattr(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default", property(bool)
    )


def entity_of(hass: HomeAssistant, device: Device, key: str) -> er.RegistryEntry:
    """Return the registry's entry of a sensor."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{device.serial_number}_{key}")
    assert entity_id is not None
    return registry.entities[entity_id]


def subscriptions() -> int:
    """Return how many subscriptions anything still holds."""
    gc.collect()
    return sum(isinstance(each, Subscription) for each in gc.get_objects())


def silenced(message: dict[str, Any], why: str | None) -> dict[str, Any]:
    """Return what follows a message when the meter falls silent: the same keys, without values."""
    nothing: dict[str, Any] = dict.fromkeys(message["values"])
    values = {**nothing, "link_state": why}
    return {**message, "answering": False, "values": values, "attributes": {}}


async def test_the_message_is_the_one_that_the_cards_know(
    hass: HomeAssistant, page: Page, device: Device
) -> None:
    async with network(device) as line:
        entry = entry_for(device, network_data(line), ct_rating=100, role="grid")
        await load(hass, entry)
        message = await page.follow(device_id_of(hass, entry))
        assert message == json.loads(EXAMPLE.read_text())


@pytest.mark.parametrize("model", METER_MODELS)
@pytest.mark.usefixtures("all_entities_enabled")
async def test_what_is_sent_is_what_the_entities_show(
    hass: HomeAssistant, page: Page, model: int
) -> None:
    """Of every model, with the same keys; energies in Wh."""
    device = Device(MeterConfig(model=model))
    async with network(device) as line:
        entry = entry_for(device, network_data(line), ct_rating=100, role="solar")
        await load(hass, entry)
        message = await page.follow(device_id_of(hass, entry))
    prefix = f"{device.serial_number}_"
    shown = {
        entity.unique_id.removeprefix(prefix): hass.states.get(entity.entity_id)
        for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if entity.domain == "sensor"
    }
    assert message["values"].keys() == shown.keys() & {*LIVE_VALUES, "link_state"}
    for key, value in message["values"].items():
        state = shown[key]
        assert state is not None
        if isinstance(value, str):
            assert state.state == value
        else:
            factor = KILO if key.startswith("energy_") else 1
            assert float(state.state) * factor == pytest.approx(value, rel=1e-12), key
    for name, attribute in message["attributes"].items():
        states = [state.attributes for state in shown.values() if state is not None]
        assert attribute in [attributes.get(name) for attributes in states]


@pytest.mark.parametrize(("role", "sent"), [("solar", True), ("grid", False)])
async def test_only_a_solar_meter_has_production(
    hass: HomeAssistant, page: Page, device: Device, role: str, *, sent: bool
) -> None:
    """Also if its counter was found when the meter was a solar meter."""
    async with network(device) as line:
        options = {"role": role, "production": "energy_exported"}
        entry = entry_for(device, network_data(line), **options)
        await load(hass, entry)
        message = await page.follow(device_id_of(hass, entry))
        assert ("production" in message["values"]) is sent


async def test_each_poll_brings_a_reading(hass: HomeAssistant, page: Page, device: Device) -> None:
    """Also one that is like the last, and of which Home Assistant writes no state."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        first = await page.follow(device_id_of(hass, entry))
        for _ in range(2):
            await let_pass(hass)
            assert await page.next() == first
        device.become(MeterConfig(), timestamp=NOON + 60)
        await let_pass(hass)
        later = await page.next()
        assert later["values"]["power_a"] == device.meter_model().WphA.cvalue
        assert later["values"]["power_a"] != first["values"]["power_a"]
        assert await page.has_got_nothing()


async def test_disabled_entities_change_nothing(
    hass: HomeAssistant, page: Page, device: Device
) -> None:
    """Nor does an entity that its owner has removed, as long as the meter answers."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        first = await page.follow(device_id_of(hass, entry))
        registry = er.async_get(hass)
        for key in ("power_a", "voltage_line_to_neutral_b", "energy_exported"):
            registry.async_update_entity(
                entity_of(hass, device, key).entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
        registry.async_remove(entity_of(hass, device, "current_c").entity_id)
        await let_pass(hass)
        assert await page.next() == first


async def test_a_meter_that_falls_silent(hass: HomeAssistant, page: Page, device: Device) -> None:
    """Each attempt brings the reason; nothing that was read before is said again."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        first = await page.follow(device_id_of(hass, entry))
        device.silent = True
        for _ in range(2):
            await let_pass(hass, 60)
            assert await page.next() == silenced(first, "meter_silent")
        device.silent = False
        await let_pass(hass, 60)
        assert await page.next() == first


async def test_a_meter_that_was_silent_from_the_start(
    hass: HomeAssistant, page: Page, device: Device
) -> None:
    """What was read in an earlier run keeps its place; of a new meter there is only the reason."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        first = await page.follow(device_id_of(hass, entry))
        device.silent = True
        await hass.config_entries.async_reload(entry.entry_id)
        assert await page.next() == silenced(first, None)
        assert await page.next() == silenced(first, "meter_silent")

        stranger = Device(MeterConfig(unit=101, serial="S307101"))
        stranger.silent = True
        entry = entry_for(stranger, network_data(line, unit_id=101))
        await load(hass, entry)
        await page.leave()
        only_reason = {"link_state": "meter_silent"}
        message = await page.follow(device_id_of(hass, entry))
        nothing: dict[str, Any] = {"role": None, "answering": False, "attributes": {}}
        assert message == {**nothing, "values": only_reason}


async def test_a_reload(hass: HomeAssistant, page: Page, device: Device) -> None:
    """The subscription goes over to the new coordinator, and lets go of the old one."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        first = await page.follow(device_id_of(hass, entry))
        old = weakref.ref(entry.runtime_data)
        await hass.config_entries.async_reload(entry.entry_id)
        assert await page.next() == silenced(first, None)
        assert await page.next() == first
        await hass.async_block_till_done()
        gc.collect()
        assert old() is None
        await let_pass(hass)
        assert await page.next() == first
        assert await page.has_got_nothing()


async def test_an_entry_that_is_not_loaded(hass: HomeAssistant, page: Page, device: Device) -> None:
    """A page may be opened before the entry is enabled again."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        device_id = device_id_of(hass, entry)
        await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
        before = await page.follow(device_id)
        assert before == silenced(before, None)
        await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
        after = await page.next()
        assert after["answering"]
        assert after["values"].keys() == before["values"].keys()


async def test_a_meter_that_is_removed(hass: HomeAssistant, page: Page, device: Device) -> None:
    """It says so once, and keeps nothing of the meter."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        first = await page.follow(device_id_of(hass, entry))
        old = weakref.ref(entry.runtime_data)
        await hass.config_entries.async_remove(entry.entry_id)
        assert await page.next() == silenced(first, None)
        await hass.async_block_till_done()
        gc.collect()
        assert old() is None
        await let_pass(hass)
        assert await page.has_got_nothing()
        await page.leave()


@pytest.mark.parametrize("politely", [True, False], ids=["unsubscribes", "closes"])
async def test_a_page_that_is_left(
    hass: HomeAssistant, page: Page, device: Device, *, politely: bool
) -> None:
    """Nothing of it stays, neither with the coordinator nor with the entry."""
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        await page.follow(device_id_of(hass, entry))
        assert subscriptions() == 1
        await (page.leave() if politely else page.close())
        await hass.async_block_till_done()
        assert subscriptions() == 0
        if politely:
            await let_pass(hass)
            assert await page.has_got_nothing()


async def test_another_device(hass: HomeAssistant, page: Page, device: Device) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    lamp = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "lamp")}
    )
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        for device_id in (lamp.id, "of-another-home"):
            answer = await page.ask(device_id)
            assert answer["error"]["code"] == "not_found"
