"""The format of the counter filters."""

from typing import Final

import voluptuous as vol

from ...meter.phases import PARTS
from .fields import by_name, flag, instant, number, record, text, whole

_ENERGIES: Final = (
    "energy_imported",
    "energy_exported",
    "apparent_energy_imported",
    "apparent_energy_exported",
    "reactive_energy_q1",
    "reactive_energy_q2",
    "reactive_energy_q3",
    "reactive_energy_q4",
)
_SAMPLE: Final = record({vol.Required("value"): number, vol.Required("at"): instant})
_CANDIDATE: Final = record(
    {
        vol.Required("first"): _SAMPLE,
        vol.Required("before"): _SAMPLE,
        vol.Required("last"): _SAMPLE,
        vol.Optional("held", default=0.0): number,
        vol.Required("reads"): whole,
    }
)
_COUNTER: Final = record(
    {
        vol.Required("trusted"): vol.Maybe(
            record(
                {
                    vol.Required("last"): _SAMPLE,
                    vol.Required("before"): _SAMPLE,
                    vol.Required("offset"): number,
                    vol.Optional("held", default=0.0): number,
                    vol.Required("floor"): number,
                    vol.Optional("former", default=None): vol.Maybe(
                        record({vol.Required("confirmed"): _SAMPLE, vol.Required("offset"): number})
                    ),
                }
            )
        ),
        vol.Required("row"): vol.Maybe(_CANDIDATE),
        vol.Required("rival"): vol.Maybe(_CANDIDATE),
        vol.Required("base"): vol.Maybe(number),
    }
)
_COUNTER_KEYS: Final = [f"{energy}.{part}" for energy in _ENERGIES for part in PARTS]
_FIRST_SIGHT: Final = record(
    {
        vol.Required("serial_number"): text,
        vol.Required("at"): instant,
        vol.Required("registers"): by_name(_COUNTER_KEYS, number),
        vol.Required("possible_power"): number,
    }
)
_HELD_VALUES: Final = record(
    {
        vol.Required("digest"): str,
        vol.Required("at"): instant,
        vol.Required("earliest"): instant,
    }
)
COUNTERS: Final = record(
    {
        vol.Required("latest"): flag,
        vol.Optional("refresh_period", default=0.0): vol.All(number, vol.Range(0, 86_400)),
        vol.Optional("held_values", default=None): vol.Maybe(_HELD_VALUES),
        vol.Required("counters"): by_name(_COUNTER_KEYS, _COUNTER),
        vol.Optional("first_sight", default=None): vol.Maybe(_FIRST_SIGHT),
    }
)
