"""The formats of the ledger, and of the latest reading and the demand."""

from typing import Any, Final

import voluptuous as vol

from ...meter.intervals import PHASE_TRACKS
from ...meter.phases import PHASES
from .fields import (
    LATEST_INSTANT,
    POINT,
    by_name,
    flag,
    instant,
    instant_and_two,
    number,
    pair,
    record,
    text,
)

_TRACKS: Final = ("seen", "imported", "exported", "register_imported", "register_exported")
_READS: Final = by_name((*_TRACKS, *PHASE_TRACKS), POINT)

_LEAST_IN_TRACK: Final = 2
"""The first reading and the latest, which may be the same."""


def _track(value: Any) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = vol.Schema([POINT])(value)
    instants = [at for at, _ in points]
    if len(points) < _LEAST_IN_TRACK or instants != sorted(instants):
        raise vol.Invalid("not readings in the order of time")
    return points


_ESTIMATE: Final = record(
    {
        vol.Required("value"): number,
        vol.Required("lowest"): vol.Maybe(number),
        vol.Required("highest"): vol.Maybe(number),
        vol.Required("estimated"): flag,
    }
)
LEDGER: Final = record(
    {
        vol.Required("tracks"): by_name(_TRACKS, _track),
        vol.Required("behind"): by_name(_TRACKS, _track),
        vol.Required("meters"): [pair(instant, text)],
        vol.Required("opened"): instant,
        vol.Required("credit"): _ESTIMATE,
        vol.Optional("unread", default=[]): [pair(instant, number)],
        vol.Optional("edited", default=[]): [instant],
        vol.Optional("edited_phases", default=[]): [pair(instant, vol.In(PHASES))],
        vol.Optional("seams", default=[]): [instant_and_two],
        vol.Optional("phase_seams", default={}): by_name(PHASES, [instant_and_two]),
    }
)


def _part_of_an_hour(value: Any) -> float:
    if (seconds := number(value)) < 1 or 3600 % seconds:
        raise vol.Invalid("intervals of this length do not begin on the hour")
    return seconds


_INTERVAL: Final = record(
    {
        vol.Required("start"): instant,
        vol.Required("seconds"): number,
        vol.Required("power"): number,
        vol.Required("uncertainty"): number,
    }
)
_ELAPSED: Final = vol.All(number, vol.Range(0, LATEST_INSTANT))
_RUN: Final = record(
    {
        vol.Required("boot"): vol.Maybe(text),
        vol.Required("clock"): record(
            {
                vol.Required("wall"): instant,
                vol.Required("elapsed"): _ELAPSED,
                vol.Required("now"): instant,
                vol.Required("begun"): instant,
                vol.Required("steady_since"): _ELAPSED,
                vol.Required("stepped"): number,
            }
        ),
        vol.Required("doubted"): flag,
        vol.Required("pending"): [
            record(
                {
                    vol.Required("samples"): vol.All(_READS, vol.Contains("seen")),
                    vol.Required("power"): number,
                    vol.Required("resolution"): number,
                }
            )
        ],
    }
)
TOTALS: Final = record(
    {
        vol.Optional("run", default=None): vol.Maybe(_RUN),
        vol.Required("points"): _READS,
        vol.Required("serial_number"): text,
        vol.Required("demand"): record(
            {
                vol.Required("window"): _part_of_an_hour,
                vol.Required("running"): vol.Maybe(
                    record(
                        {
                            vol.Required("start"): instant,
                            vol.Required("opening"): vol.Maybe(_ESTIMATE),
                            vol.Required("point"): POINT,
                        }
                    )
                ),
                vol.Required("latest"): vol.Maybe(_INTERVAL),
                vol.Required("peaks"): [_INTERVAL],
            }
        ),
    }
)
