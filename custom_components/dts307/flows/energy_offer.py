"""Which of the meters that are being added are ticked for the Energy dashboard, and why not all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from homeassistant.core import HomeAssistant

from ..energy_dashboard import async_can_offer, async_meters_to_come, async_sources_there
from ..options import CONF_ROLE, Role
from .new_meter import NewMeter, names_of
from .preview import async_live_text

_REASONS: Final = {
    Role.GRID: "grid_source_there",
    Role.SOLAR: "solar_source_there",
    Role.BATTERY: "battery_source_there",
    Role.HOME: "home_source_there",
}
"""Why a meter is not ticked, by its role. A load never is: not every one is worth a place."""


@dataclass
class EnergyOffer:
    """What the form offers; nothing without an Energy dashboard."""

    labels: dict[str, str] = field(default_factory=dict)
    """The names of the meters, by unique ID."""
    ticked: list[str] = field(default_factory=list)
    """The unique IDs of the meters that are ticked at first."""
    reason: str = ""
    """Why meters are not ticked that others could be."""


async def async_energy_offer(hass: HomeAssistant, meters: Sequence[NewMeter]) -> EnergyOffer:
    """Tick the first meter at the grid, on a solar inverter, at a battery and of the whole home.

    The dashboard adds up all sources of a kind. So a meter is not ticked if there is such a source
    already, or if another meter is about to become one. The dashboard refuses a second meter of the
    whole home, so that is not offered.
    """
    if not async_can_offer(hass):
        return EnergyOffer()
    offer, reasons = EnergyOffer(names_of(meters)), []
    for role, reason in _REASONS.items():
        alike = [each.unique_id for each in meters if each.options[CONF_ROLE] == role]
        there = [*await async_sources_there(hass, role), *async_meters_to_come(hass, role)]
        if alike and not there:
            first = alike.pop(0)
            offer.ticked.append(first)
            there = [offer.labels[first]]
        if alike:
            others = ", ".join(offer.labels[each] for each in alike)
            text = await async_live_text(hass, reason, meters=others, sources=", ".join(there))
            reasons.append(text)
            if role is Role.HOME:
                for each in alike:
                    del offer.labels[each]
    offer.reason = "\n\n".join(reasons)
    return offer
