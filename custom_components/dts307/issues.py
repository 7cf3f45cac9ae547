"""Create and withdraw the repair issues of a meter."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

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
    """Create a repair issue about an entry's meter, fixable if there is a ``question``."""
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
    """Withdraw an issue if it exists."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, key))


@callback
def async_delete_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw all issues about an entry's meter."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}"):
            ir.async_delete_issue(hass, domain, issue_id)


def _issue_id(entry: ConfigEntry, key: str) -> str:
    return f"{key}_{entry.entry_id}"
