"""How long things may take, in one place, so that tests can use shorter times."""

from dataclasses import dataclass
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..meter.bus_scan import BusTiming


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing(BusTiming):
    """Durations in s, and the range of a scan."""

    entries_resume: float = 30.0
    """after a scan, if the person in the flow does not go on"""
    preview: float = 2.0
    """between two updates of a form's preview"""


DATA_TIMING: HassKey[Timing] = HassKey(f"{DOMAIN}_timing")
_DEFAULT: Final = Timing()


@callback
def async_timing(hass: HomeAssistant) -> Timing:
    """Return how long things may take."""
    return hass.data.get(DATA_TIMING, _DEFAULT)
