"""The cards' module: served under an address that tells its content, and loaded by every page."""

from hashlib import sha256
from http import HTTPStatus
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.components import frontend
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.dts307.const import DOMAIN
from simulator.meter import MeterConfig
from tests.device import Device
from tests.integration.home import INTEGRATION, entry_for, load
from tests.lines import network, network_data

MODULE = INTEGRATION / "www/dts307.js"
PATH = "/dts307/dts307.js"


@pytest.fixture
def with_frontend(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take the built frontend, which is not installed here, for loaded; return what it loads."""
    hass.config.components.add(frontend.DOMAIN)
    loaded: list[str] = []
    monkeypatch.setattr(frontend, "add_extra_js_url", lambda _hass, url: loaded.append(url))
    return loaded


async def browser(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Return who has not signed in yet: the page loads its modules before that."""
    assert await async_setup_component(hass, "http", {})
    return await hass_client_no_auth()


async def test_served_for_a_month_under_a_name_of_its_own(
    hass: HomeAssistant, with_frontend: list[str], hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    client = await browser(hass, hass_client_no_auth)

    version = sha256(MODULE.read_bytes()).hexdigest()[:12]
    assert with_frontend == [f"{PATH}?v={version}"]
    response = await client.get(with_frontend[0])
    assert response.status == HTTPStatus.OK
    assert "javascript" in response.headers["Content-Type"]
    assert "max-age=2678400" in response.headers["Cache-Control"]
    assert await response.read() == MODULE.read_bytes()

    for elsewhere in ("/dts307", "/dts307/", "/dts307/other.js", "/dts307/../manifest.json"):
        assert (await client.get(elsewhere)).status == HTTPStatus.NOT_FOUND


async def test_loaded_once_for_several_meters(
    hass: HomeAssistant, with_frontend: list[str]
) -> None:
    devices = Device(), Device(MeterConfig(model=201, serial="S2"))
    for device in devices:
        async with network(device) as line:
            entry = entry_for(device, network_data(line))
            await load(hass, entry)
            assert await hass.config_entries.async_reload(entry.entry_id)
    assert len(with_frontend) == 1


async def test_a_home_without_frontend(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Meters work there as anywhere, and nothing is served that nobody asks for."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)), ConfigEntryState.LOADED)
    client = await browser(hass, hass_client_no_auth)
    assert (await client.get(PATH)).status == HTTPStatus.NOT_FOUND


async def test_small_enough_for_every_page() -> None:
    assert MODULE.stat().st_size < 60_000
