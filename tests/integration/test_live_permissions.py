"""A user gets the readings that the same user may read as states, and no others."""

from typing import Any

from homeassistant.auth.const import GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.permissions import PermissionLookup, PolicyType
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load
from tests.integration.live import Page, device_id_of
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

READ = {"read": True}


@pytest.fixture
def user(hass: HomeAssistant) -> MockUser:
    """A member of the household without any permission."""
    user = MockUser().add_to_hass(hass)
    user.perm_lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    return user


async def page_of(hass: HomeAssistant, connect: WebSocketGenerator, user: MockUser) -> Page:
    """Sign a user in, and open a page."""
    token = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
    return Page(await connect(hass, hass.auth.async_create_access_token(token)))


def may_read(user: MockUser, entities: Any) -> None:
    """Give a user the permission to read some entities."""
    policy: PolicyType = {"entities": entities}
    user.mock_policy(policy)


def entity_id_of(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return the entity ID of a sensor."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{entry.unique_id}_{key}")
    assert entity_id is not None
    return entity_id


@pytest.mark.parametrize("group", [GROUP_ID_USER, GROUP_ID_READ_ONLY])
async def test_users_who_are_no_administrators(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, user: MockUser, group: str
) -> None:
    """They get the same as the owner, also what has no entity."""
    found = await hass.auth.async_get_group(group)
    assert found is not None
    user.groups = [found]
    assert not user.is_admin
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        er.async_get(hass).async_remove(entity_id_of(hass, entry, "power_b"))
        device_id = device_id_of(hass, entry)
        page = await page_of(hass, hass_ws_client, user)
        first = await page.follow(device_id)
        assert "power_b" in first["values"]
        assert first == await Page(await hass_ws_client(hass)).follow(device_id)
        await let_pass(hass)
        assert await page.next() == first


@pytest.mark.parametrize(
    "entities",
    [
        None,
        {},
        {"domains": {"light": True}},
        {"all": {"control": True}},
        {"device_ids": {"of-another-meter": READ}},
    ],
)
async def test_a_user_who_may_read_nothing_of_the_meter(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, user: MockUser, entities: Any
) -> None:
    """The cards then show what the states are for this user: nothing."""
    may_read(user, entities)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        page = await page_of(hass, hass_ws_client, user)
        answer = await page.ask(device_id_of(hass, entry))
        assert answer["error"]["code"] == "unauthorized"
        await let_pass(hass)
        assert await page.has_got_nothing()


async def test_a_user_who_may_read_single_entities(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, user: MockUser
) -> None:
    """Values and attributes of the others are left out, in each message."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        power, voltage = (
            entity_id_of(hass, entry, key) for key in ("power", "voltage_line_to_neutral")
        )
        may_read(user, {"entity_ids": {power: READ, voltage: {"control": True}}})
        page = await page_of(hass, hass_ws_client, user)
        expected: dict[str, Any] = {
            "role": None,
            "answering": True,
            "values": {"power": device.meter_model().W.cvalue},
            "attributes": {"reversed_cts": [], "swapped_cts": []},
        }
        assert await page.follow(device_id_of(hass, entry)) == expected
        await let_pass(hass)
        assert await page.next() == expected
        device.silent = True
        await let_pass(hass, 60)
        nothing: dict[str, Any] = {"role": None, "answering": False, "attributes": {}}
        gone = {**nothing, "values": {"power": None}}
        assert await page.next() == gone


@pytest.mark.parametrize("scope", ["device_ids", "domains"])
async def test_a_user_who_may_read_a_whole_device(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, user: MockUser, scope: str
) -> None:
    """All values with an entity, also a disabled one. Others could be of anything."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        device_id = device_id_of(hass, entry)
        may_read(user, {scope: {device_id if scope == "device_ids" else "sensor": READ}})
        whole = await Page(await hass_ws_client(hass)).follow(device_id)
        page = await page_of(hass, hass_ws_client, user)
        assert await page.follow(device_id) == whole
        registry = er.async_get(hass)
        registry.async_update_entity(
            entity_id_of(hass, entry, "power_a"), disabled_by=er.RegistryEntryDisabler.USER
        )
        registry.async_remove(entity_id_of(hass, entry, "power_b"))
        await let_pass(hass)
        later = await page.next()
        assert whole["values"].keys() - later["values"].keys() == {"power_b"}


async def test_a_permission_that_is_withdrawn(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, user: MockUser
) -> None:
    """It counts from the next reading on, as it does for states."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        may_read(user, {"all": READ})
        page = await page_of(hass, hass_ws_client, user)
        assert "power" in (await page.follow(device_id_of(hass, entry)))["values"]
        may_read(user, {"entity_ids": {entity_id_of(hass, entry, "current"): READ}})
        await let_pass(hass)
        assert (await page.next())["values"].keys() == {"current"}
