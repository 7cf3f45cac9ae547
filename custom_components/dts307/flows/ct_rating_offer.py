"""Offer to enter the CT rating again, a day after a meter was added without it."""

from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..issues import async_raise_issue, async_withdraw_issue
from ..options import MeterOptions

CT_RATING_MISSING: Final = "ct_rating_missing"

_OFFER_AFTER: Final = timedelta(days=1)
"""An owner who has to look the rating up in the panel has done so by then."""


@callback
def async_offer_ct_rating(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Raise a repair in time, for an entry that is being set up, unless its rating is entered."""
    if MeterOptions.parse(entry.options).ct_rating is not None:
        async_withdraw_issue(hass, entry, CT_RATING_MISSING)
        return

    @callback
    def offer(_now: datetime) -> None:
        async_raise_issue(hass, entry, CT_RATING_MISSING, question={CT_RATING_MISSING: True})

    due, now = entry.created_at + _OFFER_AFTER, dt_util.utcnow()
    if now >= due:
        offer(now)
        return
    job = HassJob(offer, cancel_on_shutdown=True)
    entry.async_on_unload(async_call_later(hass, due - now, job))
