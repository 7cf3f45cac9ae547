"""The action that exports interval data, as scripts and the developer tools perform it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_mock_service
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.data_export.file import REQUEST_FIELDS
from custom_components.dts307.meter.exports import Format
from custom_components.dts307.options import INTERVALS
from tests.integration.home import ENGLISH, INTEGRATION
from tests.integration.interval_data import IMPORTED, MeteredHome, metered_home, rows, wh

PAGE = Path(__file__).parents[2] / "docs/take-your-data.md"


@pytest.fixture
async def home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> AsyncIterator[MeteredHome]:
    """A home with interval data."""
    async with metered_home(hass, freezer) as found:
        yield found


async def export(hass: HomeAssistant, context: Context | None = None, **data: Any) -> Any:
    """Perform the action."""
    return await hass.services.async_call(
        DOMAIN, "export", data, blocking=True, return_response=True, context=context
    )


async def opened(client: ClientSessionGenerator, url: str) -> tuple[str | None, str]:
    """Return the file that a link leads to, with its name, without signing in."""
    response = await (await client()).get(url)
    assert response.status == HTTPStatus.OK
    assert response.content_disposition is not None
    return response.content_disposition.filename, await response.text()


async def test_a_link_to_the_file(
    hass: HomeAssistant, home: MeteredHome, hass_client_no_auth: ClientSessionGenerator
) -> None:
    answer = await export(
        hass, config_entry_id=home.entry.entry_id, format="csv", start="2026-06-30"
    )
    assert answer["filename"] == "dts_307_4711_2026-06_2026-07.csv"
    name, text = await opened(hass_client_no_auth, answer["url"])
    assert name == answer["filename"]
    assert wh(rows(text), "delivered_kwh") == home.intervals * IMPORTED


@pytest.mark.usefixtures("home")
async def test_the_link_leads_to_what_was_asked_for(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Without the meter, it is that of the only one."""
    for data, count in (
        ("{start: '2026-06-30', end: '2026-06-30'}", 4),
        ("{start: 2026-06-30, end: 2026-06-30}", 4),
        ("{start: '2026-06-30T23:30:00-04:00', end: '2026-07-01 00:15:00'}", 3),
        ("{start: '2026-06-30', minutes: '60'}", 2),
    ):
        asked = parse_yaml(data)
        assert isinstance(asked, dict)
        answer = await export(hass, format="csv", **asked)
        _, text = await opened(hass_client_no_auth, answer["url"])
        assert len(rows(text)) == count, data


def test_the_form_offers_what_the_action_takes() -> None:
    fields = load_yaml_dict(str(INTEGRATION / "services.yaml"))["export"]["fields"]
    assert fields.keys() == {"config_entry_id", *map(str, REQUEST_FIELDS)}
    assert fields.keys() == ENGLISH["services"]["export"]["fields"].keys()
    assert fields["format"]["selector"]["select"]["options"] == [*Format]
    assert fields["minutes"]["selector"]["select"]["options"] == [*map(str, INTERVALS)]


@pytest.mark.usefixtures("home")
async def test_the_link_works_for_a_day(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """It leads to the same file all the time."""
    answer = await export(hass, format="csv", start="2026-06-30")
    first = await opened(hass_client_no_auth, answer["url"])
    freezer.tick(timedelta(hours=23))
    assert await opened(hass_client_no_auth, answer["url"]) == first
    freezer.tick(timedelta(hours=2))
    response = await (await hass_client_no_auth()).get(answer["url"])
    assert response.status == HTTPStatus.UNAUTHORIZED


@pytest.mark.usefixtures("home")
async def test_what_cannot_be_exported(
    hass: HomeAssistant,
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await export(hass, format="nem12", start="2026-06-30")
    message: str = ENGLISH["exceptions"]["nem12_no_whole_day"]["message"]
    assert str(refused.value) == message.removesuffix(".")
    with pytest.raises(vol.Invalid):
        await export(hass, format="csv", start="yesterday")


@pytest.mark.usefixtures("home")
async def test_users_export_what_they_may_read(
    hass: HomeAssistant, hass_admin_user: MockUser
) -> None:
    asked = {"format": "csv", "start": "2026-06-30"}
    user = MockUser().add_to_hass(hass)
    user.mock_policy({})
    with pytest.raises(Unauthorized):
        await export(hass, Context(user_id=user.id), **asked)
    with pytest.raises(UnknownUser):
        await export(hass, Context(user_id="removed"), **asked)
    assert await export(hass, Context(user_id=hass_admin_user.id), **asked)


@pytest.mark.usefixtures("home")
async def test_a_file_each_month(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """The documented automation downloads the month that has ended."""
    assert await async_setup_component(hass, "script", {})
    block = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None
    automation = parse_yaml(block[1])
    assert isinstance(automation, dict)
    downloads: list[ServiceCall] = async_mock_service(hass, "downloader", "download_file")
    script = Script(hass, cv.SCRIPT_SCHEMA(automation["actions"]), "monthly", DOMAIN)
    await script.async_run(context=Context())
    (download,) = downloads
    assert download.data["filename"] == "dts_307_4711_2026-06.csv"
    url: str = download.data["url"]
    _, text = await opened(hass_client_no_auth, url.removeprefix("http://127.0.0.1:8123"))
    assert len(rows(text)) == 4
