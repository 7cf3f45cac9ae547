"""The formats of what is known of a meter's installation, and of its alarms."""

from typing import Final

import voluptuous as vol

from ...meter.installation import PowerSign
from ...meter.phases import PARTS, PHASES
from .fields import by_name, flag, instant, number, pair, record, text, whole

INSTALLATION: Final = record(
    {
        vol.Required("direction"): vol.In([sign.value for sign in PowerSign]),
        vol.Required("suspect_phases"): [vol.In(PHASES)],
        vol.Required("lead"): whole,
        vol.Required("opposition"): by_name(PHASES, number),
        vol.Optional("power_sign", default=0): whole,
        vol.Optional("imports", default=0): whole,
        vol.Optional("exports", default=0): whole,
        vol.Optional("flowing", default={}): by_name(PARTS, vol.All(whole, vol.In([1, -1]))),
        vol.Optional("senses", default={}): by_name(PARTS, flag),
        vol.Optional("steps", default={}): by_name(PHASES, whole),
        vol.Optional("swapped_phases", default=[]): [vol.In(PHASES)],
    }
)

_SERVICE: Final = pair(
    vol.In(["voltage_line_to_neutral", "voltage_line_to_line"]),
    vol.All(number, vol.Range(min=100, max=600)),
)
ALARMS: Final = record(
    {
        vol.Required("options"): vol.Schema({}, extra=vol.ALLOW_EXTRA),
        # A kind of alarm that a later version adds is not an error.
        vol.Required("on"): [pair(text, vol.In(PARTS))],
        vol.Required("detection"): record(
            {
                vol.Required("service"): vol.Maybe(_SERVICE),
                vol.Required("phases"): [vol.In(PHASES)],
                vol.Optional("interrupted", default=False): flag,
            }
        ),
        vol.Optional("seen", default=0.0): instant,
    }
)
