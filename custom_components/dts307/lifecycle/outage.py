"""Report a meter that has not answered for ten minutes, with the reason.

A short outage ends by itself, and the entities show it. A long one needs the owner, who may not be
looking at the entities, so it raises a repair.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..connection import Failure
from ..const import DOMAIN
from ..issues import async_delete_issues, async_raise_issue, async_withdraw_issue

REPORT_AFTER: Final = 600.0
"""Seconds; a router or an adapter has restarted by then."""

_NOT_ANSWERING: Final = "not_answering"


@dataclass(slots=True)
class _OngoingOutage:
    """The time since a meter last answered."""

    begun: float
    """s on the loop's clock"""
    since: datetime
    latest: Failure | None = None
    reported: bool = False


_ONGOING_OUTAGES: HassKey[dict[str, _OngoingOutage]] = HassKey(f"{DOMAIN}_outages")
"""By the ID of the config entry: an outage goes on while its entry is reloaded."""


async def async_continue_outage(hass: HomeAssistant, entry: ConfigEntry, failure: Failure) -> None:
    """Note a failure, and report the outage once it is long.

    A reason that differs from the reported one has to occur twice in a row to replace it.
    """
    outages = hass.data.setdefault(_ONGOING_OUTAGES, {})
    if (outage := outages.get(entry.entry_id)) is None:
        outage = outages[entry.entry_id] = _OngoingOutage(hass.loop.time(), dt_util.utcnow())
    lasting, outage.latest = failure == outage.latest, failure
    if hass.loop.time() - outage.begun < REPORT_AFTER or (outage.reported and not lasting):
        return
    outage.reported = True
    texts = await async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])
    text = texts[f"component.{DOMAIN}.exceptions.{failure.key}.message"]
    reason = text.format(**failure.placeholders)
    shown = {"reason": reason, **_in_parts(dt_util.as_local(outage.since))}
    async_raise_issue(hass, entry, _NOT_ANSWERING, placeholders=shown)


@callback
def async_end_outage(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the report.

    The meter answers, another meter answers in its place, or its entry is no longer in use.
    """
    if hass.data.get(_ONGOING_OUTAGES, {}).pop(entry.entry_id, None):
        async_withdraw_issue(hass, entry, _NOT_ANSWERING)


@callback
def async_withdraw_all(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw all repairs about a meter that is not in use any more."""
    async_end_outage(hass, entry)
    async_delete_issues(hass, entry)


def _in_parts(when: datetime) -> dict[str, str]:
    """Return a time in parts, so that each language can order them."""
    return {
        "time": when.strftime("%H:%M"),
        "day": when.strftime("%d"),
        "month": when.strftime("%m"),
        "year": when.strftime("%Y"),
    }
