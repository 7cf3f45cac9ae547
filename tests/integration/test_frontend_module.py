"""The cards' modules: served under addresses with a hash, and loaded by every page."""

from hashlib import sha256
from http import HTTPStatus
import re
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.components import frontend
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import INTEGRATION, entry_for, load
from tests.lines import network, network_data

FILES = {path.name: path.read_bytes() for path in (INTEGRATION / "www").iterdir()}
MAIN = "dts307.js"
URL = "/dts307"
IMPORT = re.compile(r'(?:from|import\()"\./([^"]+)"')


@pytest.fixture
def with_frontend(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pretend that the frontend, which is not installed here, is set up; return what it loads."""
    hass.config.components.add(frontend.DOMAIN)
    loaded: list[str] = []
    monkeypatch.setattr(frontend, "add_extra_js_url", lambda _hass, url: loaded.append(url))
    return loaded


async def browser(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Return a client that has not signed in: the page loads its modules before that."""
    assert await async_setup_component(hass, "http", {})
    return await hass_client_no_auth()


async def test_every_page_loads_the_main_module(
    hass: HomeAssistant, with_frontend: list[str], hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    client = await browser(hass, hass_client_no_auth)

    version = sha256(FILES[MAIN]).hexdigest()[:12]
    assert with_frontend == [f"{URL}/{MAIN}?v={version}"]
    await assert_served(client, with_frontend[0], FILES[MAIN])


@pytest.mark.usefixtures("with_frontend")
async def test_chunks_are_served_under_the_names_that_import_them(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    client = await browser(hass, hass_client_no_auth)

    imported = {name for content in FILES.values() for name in IMPORT.findall(content.decode())}
    assert imported == FILES.keys() - {MAIN}
    for name in imported:
        await assert_served(client, f"{URL}/{name}", FILES[name])


@pytest.mark.usefixtures("with_frontend")
async def test_nothing_else_is_served(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    client = await browser(hass, hass_client_no_auth)
    refused = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    for path in (URL, f"{URL}/", f"{URL}/other.js", f"{URL}/../manifest.json"):
        assert (await client.get(path)).status in refused, path


async def assert_served(client: TestClient[Any, Any], url: str, content: bytes) -> None:
    response = await client.get(url)
    assert response.status == HTTPStatus.OK
    assert "javascript" in response.headers["Content-Type"]
    assert "max-age=2678400" in response.headers["Cache-Control"]
    assert await response.read() == content


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
    """Meters work there, too, and no module is served."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)), ConfigEntryState.LOADED)
    client = await browser(hass, hass_client_no_auth)
    assert (await client.get(f"{URL}/{MAIN}")).status == HTTPStatus.NOT_FOUND
