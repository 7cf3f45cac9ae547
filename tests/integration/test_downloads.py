"""Files of interval data, as a signed-in user downloads them."""

from collections.abc import AsyncIterator
from datetime import datetime
from http import HTTPStatus
from io import StringIO
import json
from typing import Any

from aemo_mdff_reader import parse, validate_file
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from freezegun.api import FrozenDateTimeFactory
from greenbutton_objects.parse import parse_feed
from homeassistant.auth.permissions import PermissionLookup
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import CLIENT_ID, MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.dts307.const import DOMAIN
from tests.integration.home import ENGLISH, INTEGRATION
from tests.integration.interval_data import EXPORTED, IMPORTED, MeteredHome, metered_home, rows, wh


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> AsyncIterator[MeteredHome]:
    """A home with interval data."""
    async with metered_home(hass, freezer) as found:
        yield found


async def token_of(hass: HomeAssistant, user: Any) -> str:
    """Sign a user in, now."""
    token = await hass.auth.async_create_refresh_token(user, CLIENT_ID)
    return hass.auth.async_create_access_token(token)


@pytest.fixture
async def token(hass: HomeAssistant, home: MeteredHome, hass_admin_user: MockUser) -> str:
    """What signs the owner in, at the time that it is in the home."""
    assert home.intervals
    return await token_of(hass, hass_admin_user)


@pytest.fixture
async def owner(
    token: str, hass_client: ClientSessionGenerator
) -> TestClient[Request, Application]:
    """The browser of the owner."""
    return await hass_client(token)


def path(home: MeteredHome, query: str = "format=csv&start=2026-06-30") -> str:
    """Return the path of a file."""
    return f"/api/dts307/intervals/{home.entry.entry_id}?{query}"


def filename(response: ClientResponse) -> str | None:
    """Return what the browser calls the file."""
    assert response.status == HTTPStatus.OK
    assert response.content_disposition is not None
    assert response.content_disposition.type == "attachment"
    return response.content_disposition.filename


async def test_a_csv_file(home: MeteredHome, owner: TestClient[Request, Application]) -> None:
    response = await owner.get(path(home))
    assert filename(response) == "dts_307_4711_2026-06_2026-07.csv"
    assert (response.content_type, response.charset) == ("text/csv", "utf-8")
    assert response.headers["Cache-Control"] == "no-store"
    found = rows(await response.text())
    assert found[0]["start"] == "2026-06-30T23:00:00-04:00"
    assert {(row["minutes"], row["quality"]) for row in found} == {("15", "actual")}
    assert len(found) == home.intervals
    assert wh(found, "delivered_kwh") == home.intervals * IMPORTED
    assert wh(found, "received_kwh") == home.intervals * EXPORTED


async def test_a_green_button_file(
    home: MeteredHome, owner: TestClient[Request, Application]
) -> None:
    response = await owner.get(path(home, "format=green_button&start=2026-06-30&minutes=60"))
    assert filename(response) == "dts_307_4711_2026-06_2026-07_green_button.xml"
    assert response.content_type == "application/atom+xml"
    (usage_point,) = parse_feed(StringIO(await response.text()))
    assert usage_point.title == "DTS 307 (4711)"
    energies = {
        each.readingType.flowDirection.name: [
            reading.value
            for reading in each.intervalReadings
            if reading.timePeriod.duration.total_seconds() == 3600
        ]
        for each in usage_point.meterReadings
    }
    assert energies == {"forward": [4 * IMPORTED] * 2, "reverse": [4 * EXPORTED] * 2}


async def test_a_nem12_file(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_admin_user: MockUser,
    hass_client: ClientSessionGenerator,
) -> None:
    """It has the standard time's first day of the month, which begins at one in New York."""
    begin = datetime.fromisoformat("2026-06-30T23:00-04:00")
    async with metered_home(hass, freezer, begin=begin, minutes=30, intervals=53) as home:
        owner = await hass_client(await token_of(hass, hass_admin_user))
        response = await owner.get(
            path(home, "format=nem12&start=2026-07-01&end=2026-07-01&minutes=30")
        )
        assert filename(response) == "dts_307_4711_2026-07_nem12.csv"
        text = await response.text()
    assert validate_file(StringIO(text)) == []
    readings = list(parse(StringIO(text)))
    assert {each.interval_date.day for each in readings} == {1}
    assert {(each.nmi_suffix, round(each.value * 1000)) for each in readings} == {
        ("E1", IMPORTED),
        ("B1", EXPORTED),
    }
    assert len(readings) == 2 * 48


async def test_a_part(home: MeteredHome, owner: TestClient[Request, Application]) -> None:
    for query, count in {
        # A day to its end, and from a day on
        "start=2026-06-30&end=2026-06-30": 4,
        "start=2026-07-01": 4,
        # Local times, and those of UTC
        "start=2026-06-30T23:30:00&end=2026-07-01T00:15:00": 3,
        "start=2026-07-01T03:30:00Z&end=2026-07-01T04:15:00Z": 3,
        # All there is
        "start=2026-01-01&end=2199-01-01&minutes=60": 2,
    }.items():
        response = await owner.get(path(home, f"format=csv&{query}"))
        assert len(rows(await response.text())) == count, query


async def test_a_file_is_named_for_its_meter(
    hass: HomeAssistant, home: MeteredHome, owner: TestClient[Request, Application]
) -> None:
    for title, name in {
        "Garage": "garage",
        '=1+1 "solar", <roof> & shed\n': "1_1_solar_roof_shed",
        "../../etc/passwd": "etc_passwd",
        "Zähler Süd": "zahler_sud",
        "x" * 300: "x" * 100,
        "?": "unknown",
        "": "dts_307",
    }.items():
        hass.config_entries.async_update_entry(home.entry, title=title)
        assert filename(await owner.get(path(home))) == f"{name}_2026-06_2026-07.csv"


async def test_a_page_opens_a_signed_path(
    hass: HomeAssistant,
    home: MeteredHome,
    token: str,
    hass_ws_client: WebSocketGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """A download link cannot send a token in its headers, and without one there is no file."""
    assert await async_setup_component(hass, "auth", {})
    browser = await hass_client_no_auth()
    assert (await browser.get(path(home))).status == HTTPStatus.UNAUTHORIZED
    page = await hass_ws_client(hass, token)
    await page.send_json_auto_id({"type": "auth/sign_path", "path": path(home)})
    answer = await page.receive_json()
    assert answer["success"]
    response = await browser.get(answer["result"]["path"])
    assert filename(response) == "dts_307_4711_2026-06_2026-07.csv"


async def test_users_get_what_they_may_read_as_states(
    hass: HomeAssistant, home: MeteredHome, hass_client: ClientSessionGenerator
) -> None:
    user = MockUser().add_to_hass(hass)
    registry = er.async_get(hass)
    user.perm_lookup = PermissionLookup(registry, dr.async_get(hass))
    client = await hass_client(await token_of(hass, user))
    for keys, status in {
        (): HTTPStatus.UNAUTHORIZED,
        ("energy_imported",): HTTPStatus.UNAUTHORIZED,
        ("energy_imported", "energy_exported"): HTTPStatus.OK,
    }.items():
        unique_ids = [f"{home.entry.unique_id}_{key}" for key in keys]
        entities = [registry.async_get_entity_id("sensor", DOMAIN, each) for each in unique_ids]
        readable: Any = {"entities": {"entity_ids": {each: {"read": True} for each in entities}}}
        user.mock_policy(readable)
        assert (await client.get(path(home))).status == status


async def refusal(
    client: TestClient[Request, Application], asked: str, status: int = HTTPStatus.BAD_REQUEST
) -> Any:
    """Return why a file is refused."""
    response = await client.get(asked)
    assert response.status == status
    assert response.content_type == "application/json"
    return await response.json()


REFUSED = {
    "": "export_request",
    "format=pdf&start=2026-06-30": "export_request",
    "format=csv": "export_request",
    "format=csv&start=yesterday": "export_request",
    "format=csv&start=2026-06-31": "export_request",
    "format=csv&start=0001-01-01": "export_request",
    "format=csv&start=2026-06-30&end=9999-12-31": "export_request",
    "format=csv&start=2026-06-30&minutes=7": "export_request",
    "format=csv&start=2026-07-01&end=2026-06-30": "end_before_start",
    "format=csv&start=2026-07-02": "nothing_known",
    "format=csv&start=2026-06-29&end=2026-06-29": "nothing_known",
    "format=csv&start=2020-01-01&minutes=5": "too_many_intervals",
    "format=nem12&start=2026-06-30": "nem12_no_whole_day",
    "format=nem12&start=2026-06-30&minutes=60": "nem12_interval_length",
}


async def test_a_refusal_says_what_to_do(
    hass: HomeAssistant, home: MeteredHome, owner: TestClient[Request, Application]
) -> None:
    """It speaks the language of the home."""
    for query, key in REFUSED.items():
        message: str = ENGLISH["exceptions"][key]["message"]
        assert await refusal(owner, path(home, query)) == {
            "code": key,
            "message": message.format(days=381),
        }
    hass.config.language = "de"
    german = json.loads((INTEGRATION / "translations/de.json").read_text())
    refused = await refusal(owner, path(home, ""))
    assert refused["message"] == german["exceptions"]["export_request"]["message"]


async def test_there_is_no_such_meter(
    hass: HomeAssistant, home: MeteredHome, owner: TestClient[Request, Application]
) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    for entry_id in ("nonsense", other.entry_id):
        asked = path(home).replace(home.entry.entry_id, entry_id)
        assert (await refusal(owner, asked, HTTPStatus.NOT_FOUND))["message"]
    assert await hass.config_entries.async_unload(home.entry.entry_id)
    refused = await refusal(owner, path(home), HTTPStatus.NOT_FOUND)
    assert home.entry.title in refused["message"]
