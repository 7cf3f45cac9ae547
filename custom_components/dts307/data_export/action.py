"""The action that exports interval data: it answers with a link to the file."""

from datetime import UTC, timedelta
from typing import Final

from homeassistant.components.http.auth import async_sign_path
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol
from yarl import URL

from ..actions import ATTR_END, ATTR_MINUTES, ATTR_START, entry_of
from ..const import DOMAIN
from .downloads import INTERVALS_URL
from .file import ATTR_FORMAT, ATTR_PHASES, REQUEST_FIELDS, async_export_file

EXPORT: Final = "export"

_VALID_FOR: Final = timedelta(days=1)


@callback
def async_register_export(hass: HomeAssistant) -> None:
    """Register the action once, for all meters."""
    hass.services.async_register(
        DOMAIN,
        EXPORT,
        _async_export,
        schema=vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, **REQUEST_FIELDS}),
        supports_response=SupportsResponse.ONLY,
    )


async def _async_export(call: ServiceCall) -> ServiceResponse:
    """Return a link to the file, which needs no signing in for a day, and the file's name."""
    hass, user_id = call.hass, call.context.user_id
    entry = entry_of(call)
    # The link leads to the same file, however late it is opened.
    asked = {ATTR_END: dt_util.utcnow().replace(microsecond=0), **call.data}
    user = None if user_id is None else await hass.auth.async_get_user(user_id)
    if user is None and user_id is not None:
        raise UnknownUser(context=call.context)
    file = await async_export_file(hass, entry, asked, user)
    query = {
        ATTR_FORMAT: asked[ATTR_FORMAT].value,
        # A link does not keep the plus sign of an offset.
        **{
            name: f"{asked[name].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            for name in (ATTR_START, ATTR_END)
        },
        ATTR_MINUTES: str(asked[ATTR_MINUTES]),
        # The link is signed for the content user, so it has to limit the phases itself.
        ATTR_PHASES: ",".join(file.phases),
    }
    path = URL(INTERVALS_URL.format(entry_id=entry.entry_id)).with_query(query)
    return {
        "url": async_sign_path(hass, str(path), _VALID_FOR, use_content_user=True),
        "filename": file.name,
    }
