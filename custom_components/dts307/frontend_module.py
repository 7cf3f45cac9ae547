"""The cards and the dashboard strategy, in one module that the frontend loads by itself."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components import frontend
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant

from .const import DOMAIN

_FILE: Final = Path(__file__).parent / "www" / "dts307.js"
_URL: Final = f"/{DOMAIN}/{_FILE.name}"
_VERSION_DIGITS: Final = 12


async def async_serve_module(hass: HomeAssistant) -> None:
    """Serve the module, and let every page load it; without the frontend there is nobody to.

    Browsers keep it for a month. Its address tells its content, so that none keeps an old one.
    """
    if frontend.DOMAIN not in hass.config.components:
        return
    version = await hass.async_add_executor_job(_version)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(_URL, str(_FILE), cache_headers=True)]
    )
    frontend.add_extra_js_url(hass, f"{_URL}?v={version}")


def _version() -> str:
    return sha256(_FILE.read_bytes()).hexdigest()[:_VERSION_DIGITS]
