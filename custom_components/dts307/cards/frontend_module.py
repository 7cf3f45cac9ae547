"""Serve the cards and the dashboard strategy, and make the frontend load them."""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components import frontend
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant

from ..const import DOMAIN

_FOLDER: Final = Path(__file__).parents[1] / "www"
_MAIN: Final = "dts307.js"
_URL: Final = f"/{DOMAIN}"
_VERSION_DIGITS: Final = 12


async def async_serve_module(hass: HomeAssistant) -> None:
    """Serve the modules, and load the main one on every page if there is a frontend.

    The main module imports the others on demand. Browsers cache all of them for a month, and the
    URL of each contains a hash of its content, so an update has a new URL.
    """
    if frontend.DOMAIN not in hass.config.components:
        return
    version = await hass.async_add_executor_job(_version)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(_URL, str(_FOLDER), cache_headers=True)]
    )
    frontend.add_extra_js_url(hass, f"{_URL}/{_MAIN}?v={version}")


def _version() -> str:
    return sha256((_FOLDER / _MAIN).read_bytes()).hexdigest()[:_VERSION_DIGITS]
