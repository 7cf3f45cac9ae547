"""Serve a meter's interval data to signed-in users, as a file to download.

Pages open it by a signed path, which the websocket command ``auth/sign_path`` returns.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, CONTENT_DISPOSITION
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.helpers.translation import async_get_translations
import voluptuous as vol

from ..const import DOMAIN
from .file import ATTR_PHASES, REQUEST_FIELDS, async_export_file

INTERVALS_URL: Final = f"/api/{DOMAIN}/intervals/{{entry_id}}"

_QUERY: Final = vol.Schema(
    {**REQUEST_FIELDS, vol.Optional(ATTR_PHASES): lambda names: names.split(",")},
    extra=vol.REMOVE_EXTRA,
)

_IN_EXECUTOR: Final = 32768
"""bytes; longer files are compressed beside the event loop."""


@callback
def async_register_downloads(hass: HomeAssistant) -> None:
    """Serve the files of all meters."""
    hass.http.register_view(IntervalsView())


class IntervalsView(HomeAssistantView):
    """The file that the query asks for; its fields are the REQUEST_FIELDS.

    A link that an action has made also names the phases that its maker may read.
    """

    url = INTERVALS_URL
    name = f"api:{DOMAIN}:intervals"

    async def get(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the file, or a sentence that says what to do."""
        hass = request.app[KEY_HASS]
        try:
            asked = _QUERY(dict(request.query))
        except vol.Invalid:
            return await self._async_refusal(hass, DOMAIN, "export_request", {})
        try:
            entry = async_get_config_entry(hass, DOMAIN, entry_id)
            file = await async_export_file(hass, entry, asked, request[KEY_HASS_USER])
        except ServiceValidationError as err:
            return await self._async_refusal(
                hass,
                str(err.translation_domain),
                str(err.translation_key),
                err.translation_placeholders or {},
            )
        response = web.Response(
            text=file.text,
            content_type=file.content_type,
            charset="utf-8",
            headers={
                CACHE_CONTROL: "no-store",
                CONTENT_DISPOSITION: f'attachment; filename="{file.name}"',
            },
            zlib_executor_size=_IN_EXECUTOR,
        )
        response.enable_compression()
        return response

    async def _async_refusal(
        self, hass: HomeAssistant, domain: str, key: str, placeholders: dict[str, str]
    ) -> web.Response:
        texts = await async_get_translations(hass, hass.config.language, "exceptions", [domain])
        message = texts[f"component.{domain}.exceptions.{key}.message"].format(**placeholders)
        # What Home Assistant itself says is that there is no such meter, or that it is not set up.
        status = HTTPStatus.BAD_REQUEST if domain == DOMAIN else HTTPStatus.NOT_FOUND
        return self.json_message(message, status, key)
