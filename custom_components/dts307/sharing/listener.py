"""The server's port: opened as soon as that is possible, with a repair until then."""

import asyncio
from collections.abc import Set as AbstractSet
from datetime import datetime
import errno
import logging
import os
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from ..const import DOMAIN
from ..meter.sharing import SunSpecServer, load_server
from .adapters import ALL_ADAPTERS, async_listening_addresses
from .options import ServerSettings, allowed_networks

_LOGGER = logging.getLogger(__name__)

PORT_TAKEN: Final = "sharing_port_taken"
NOT_LISTENING: Final = "sharing_not_listening"
_ISSUES: Final = frozenset({PORT_TAKEN, NOT_LISTENING})

_RETRY: Final = 30.0
"""s between two attempts to open the port"""


class Listener:
    """The server of one Home Assistant: opens its port, and raises an issue while it cannot."""

    def __init__(self, hass: HomeAssistant, settings: ServerSettings) -> None:
        """Prepare to listen; ``load_server`` has been called."""
        self._hass = hass
        self._lock = asyncio.Lock()
        self._cancel_retry: CALLBACK_TYPE | None = None
        self.settings = settings
        self.server = SunSpecServer(
            [],
            settings.port,
            allowed=allowed_networks(settings.allowed),
            clock=hass.loop.time,
        )

    @classmethod
    async def async_create(cls, hass: HomeAssistant, settings: ServerSettings) -> Listener:
        """Return a server that is not open yet."""
        await hass.async_add_import_executor_job(load_server)
        return cls(hass, settings)

    async def async_open(self) -> None:
        """Open the port. If that fails, raise an issue and try again until it is open."""
        async with self._lock:
            self.server.hosts = await async_listening_addresses(self.settings.adapter)
            try:
                await self.server.start()
            except OSError as err:
                self._async_failed(err)
                self._cancel_retry = async_call_later(self._hass, _RETRY, self._async_retry)
            else:
                self._async_withdraw_issues()

    async def async_close(self) -> None:
        """Close the port and all connections."""
        async with self._lock:
            if self._cancel_retry is not None:
                self._cancel_retry()
            self._async_withdraw_issues()
            await self.server.stop()

    async def _async_retry(self, _now: datetime) -> None:
        self._cancel_retry = None
        await self.async_open()

    @callback
    def _async_failed(self, err: OSError) -> None:
        _LOGGER.debug("The SunSpec server cannot listen: %s", err)
        key = PORT_TAKEN if err.errno == errno.EADDRINUSE else NOT_LISTENING
        self._async_withdraw_issues(_ISSUES - {key})
        adapter = self.settings.adapter
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            key,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={
                "port": str(self.settings.port),
                "adapter": "*" if adapter == ALL_ADAPTERS else adapter,
                # asyncio sets no errno if this machine has none of the addresses.
                "error": os.strerror(err.errno or errno.EADDRNOTAVAIL),
            },
        )

    @callback
    def _async_withdraw_issues(self, keys: AbstractSet[str] = _ISSUES) -> None:
        for key in keys:
            ir.async_delete_issue(self._hass, DOMAIN, key)
