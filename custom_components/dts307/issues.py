"""The repairs of one meter: what its owner is told, and asked."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .const import DOMAIN


@callback
def async_raise_issue(
    hass: HomeAssistant,
    entry: ConfigEntry,
    key: str,
    *,
    question: Mapping[str, Any] | None = None,
    placeholders: Mapping[str, str] | None = None,
) -> None:
    """Tell something about an entry's meter, or ask it if there is a ``question`` for the flow."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, key),
        data=None if question is None else {"entry_id": entry.entry_id, **question},
        is_fixable=question is not None,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={"name": entry.title, **(placeholders or {})},
    )


@callback
def async_withdraw_issue(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Take back what was told or asked, if it was."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key))


@callback
def async_delete_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take back all that was told and asked about an entry's meter."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}"):
            ir.async_delete_issue(hass, domain, issue_id)


@callback
def async_ask_nothing_of_disabled(hass: HomeAssistant) -> None:
    """Take back all about meters that are not to be used; what still holds is asked when they are.

    An entry that waits for its meter is not unloaded, so that it cannot do so itself.
    """

    @callback
    def entry_changed(_change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.disabled_by:
            async_delete_issues(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)


def _issue_id(entry: ConfigEntry, key: str) -> str:
    return f"{key}_{entry.entry_id}"
