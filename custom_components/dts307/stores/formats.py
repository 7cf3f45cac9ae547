"""The formats of a meter's stored files.

Each schema refuses what is not well-typed, and drops keys that it does not know: a later version
may have added them. The ``from_dict`` functions of ``meter`` accept whatever a schema returns.
"""

from collections.abc import Iterable
import re
from typing import Any, Final

import voluptuous as vol

from ..meter.installation import PowerSign
from ..meter.phases import PARTS, PHASES

_LARGEST_NUMBER: Final = 1e40
"""No register holds more. Sums and products of such numbers stay finite."""

_LATEST_INSTANT: Final = 7_258_118_400.0
"""s; the year 2200. Billing goes through all months up to the latest reading."""

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
_TRACKS: Final = ("seen", "imported", "exported", "register_imported", "register_exported")
_PHASE_TRACKS: Final = tuple(
    f"{name}_{phase}" for phase in PHASES for name in ("imported", "exported")
)

_LEAST_IN_TRACK: Final = 2
"""The first reading and the latest, which may be the same."""


def _record(fields: dict[Any, Any]) -> vol.Schema:
    return vol.Schema(fields, extra=vol.REMOVE_EXTRA)


def _by_name(names: Iterable[str], value: Any) -> vol.Schema:
    """Return the schema of a mapping that has some of these names."""
    return _record({vol.Optional(name): value for name in names})


def _number(value: Any) -> float:
    # A bool is an int in Python, but no number in JSON.
    if type(value) not in {int, float} or not abs(value) <= _LARGEST_NUMBER:
        raise vol.Invalid("not a number")
    return float(value)


def _instant(value: Any) -> float:
    if not 0 <= (seconds := _number(value)) <= _LATEST_INSTANT:
        raise vol.Invalid("not a time")
    return seconds


def _part_of_an_hour(value: Any) -> float:
    if (seconds := _number(value)) < 1 or 3600 % seconds:
        raise vol.Invalid("intervals of this length do not begin on the hour")
    return seconds


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise vol.Invalid("not a whole number")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise vol.Invalid("neither true nor false")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise vol.Invalid("not a text")
    return value


def _pair(first: Any, second: Any) -> Any:
    """Return the schema of a list of two, each with a schema of its own."""

    def pair(value: Any) -> tuple[Any, Any]:
        match value:
            case [one, other]:
                return vol.Schema(first)(one), vol.Schema(second)(other)
        raise vol.Invalid("not a pair")

    return pair


_POINT: Final = _pair(_instant, _number)
_READS: Final = _by_name((*_TRACKS, *_PHASE_TRACKS), _POINT)


def _instant_and_two(value: Any) -> tuple[float, float, float]:
    match value:
        case [instant, one, other]:
            return _instant(instant), _number(one), _number(other)
    raise vol.Invalid("not an instant and two numbers")


def _track(value: Any) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = vol.Schema([_POINT])(value)
    instants = [at for at, _ in points]
    if len(points) < _LEAST_IN_TRACK or instants != sorted(instants):
        raise vol.Invalid("not readings in the order of time")
    return points


_SAMPLE: Final = _record({vol.Required("value"): _number, vol.Required("at"): _instant})
_CANDIDATE: Final = _record(
    {
        vol.Required("first"): _SAMPLE,
        vol.Required("before"): _SAMPLE,
        vol.Required("last"): _SAMPLE,
        vol.Optional("held", default=0.0): _number,
        vol.Required("reads"): _whole,
    }
)
_COUNTER: Final = _record(
    {
        vol.Required("trusted"): vol.Maybe(
            _record(
                {
                    vol.Required("last"): _SAMPLE,
                    vol.Required("before"): _SAMPLE,
                    vol.Required("offset"): _number,
                    vol.Optional("held", default=0.0): _number,
                    vol.Required("floor"): _number,
                    vol.Optional("former", default=None): vol.Maybe(
                        _record(
                            {vol.Required("confirmed"): _SAMPLE, vol.Required("offset"): _number}
                        )
                    ),
                }
            )
        ),
        vol.Required("row"): vol.Maybe(_CANDIDATE),
        vol.Required("rival"): vol.Maybe(_CANDIDATE),
        vol.Required("base"): vol.Maybe(_number),
    }
)
_COUNTER_KEYS: Final = [f"{energy}.{part}" for energy in _ENERGIES for part in PARTS]
_FIRST_SIGHT: Final = _record(
    {
        vol.Required("serial_number"): _text,
        vol.Required("at"): _instant,
        vol.Required("registers"): _by_name(_COUNTER_KEYS, _number),
        vol.Required("possible_power"): _number,
    }
)
_HELD_VALUES: Final = _record(
    {
        vol.Required("digest"): str,
        vol.Required("at"): _instant,
        vol.Required("earliest"): _instant,
    }
)
COUNTERS: Final = _record(
    {
        vol.Required("latest"): _flag,
        vol.Optional("refresh_period", default=0.0): vol.All(_number, vol.Range(0, 86_400)),
        vol.Optional("held_values", default=None): vol.Maybe(_HELD_VALUES),
        vol.Required("counters"): _by_name(_COUNTER_KEYS, _COUNTER),
        vol.Optional("first_sight", default=None): vol.Maybe(_FIRST_SIGHT),
    }
)

INSTALLATION: Final = _record(
    {
        vol.Required("direction"): vol.In([sign.value for sign in PowerSign]),
        vol.Required("suspect_phases"): [vol.In(PHASES)],
        vol.Required("lead"): _whole,
        vol.Required("opposition"): _by_name(PHASES, _number),
        vol.Optional("power_sign", default=0): _whole,
        vol.Optional("imports", default=0): _whole,
        vol.Optional("exports", default=0): _whole,
        vol.Optional("flowing", default={}): _by_name(PARTS, vol.All(_whole, vol.In([1, -1]))),
        vol.Optional("senses", default={}): _by_name(PARTS, _flag),
        vol.Optional("steps", default={}): _by_name(PHASES, _whole),
        vol.Optional("swapped_phases", default=[]): [vol.In(PHASES)],
    }
)

_SERVICE: Final = _pair(
    vol.In(["voltage_line_to_neutral", "voltage_line_to_line"]),
    vol.All(_number, vol.Range(min=100, max=600)),
)
ALARMS: Final = _record(
    {
        vol.Required("options"): vol.Schema({}, extra=vol.ALLOW_EXTRA),
        # A kind of alarm that a later version adds is not an error.
        vol.Required("on"): [_pair(_text, vol.In(PARTS))],
        vol.Required("detection"): _record(
            {
                vol.Required("service"): vol.Maybe(_SERVICE),
                vol.Required("phases"): [vol.In(PHASES)],
                vol.Optional("interrupted", default=False): _flag,
            }
        ),
        vol.Optional("seen", default=0.0): _instant,
    }
)

HOUSE: Final = _record(
    {
        vol.Required("latest"): _flag,
        vol.Required("signs"): {_text: vol.All(_whole, vol.In([1, -1]))},
        vol.Required("published"): _number,
        vol.Required("offset"): vol.Maybe(_number),
        vol.Required("margin"): vol.All(_number, vol.Range(min=0)),
    }
)

REPLACED_ROWS: Final = _record(
    {
        vol.Required("checked"): {_text: _instant},
        vol.Required("replaced"): [
            _record(
                {
                    vol.Required("key"): _text,
                    vol.Required("unit"): vol.Maybe(_text),
                    vol.Required("rows"): [_instant_and_two],
                }
            )
        ],
    }
)

_ESTIMATE: Final = _record(
    {
        vol.Required("value"): _number,
        vol.Required("lowest"): vol.Maybe(_number),
        vol.Required("highest"): vol.Maybe(_number),
        vol.Required("estimated"): _flag,
    }
)
LEDGER: Final = _record(
    {
        vol.Required("tracks"): _by_name(_TRACKS, _track),
        vol.Required("behind"): _by_name(_TRACKS, _track),
        vol.Required("meters"): [_pair(_instant, _text)],
        vol.Required("opened"): _instant,
        vol.Required("credit"): _ESTIMATE,
        vol.Optional("unread", default=[]): [_pair(_instant, _number)],
        vol.Optional("edited", default=[]): [_instant],
        vol.Optional("seams", default=[]): [_instant_and_two],
    }
)

_DECIMAL: Final = re.compile(r"-?\d{1,16}(\.\d{1,12})?", re.ASCII)


def _decimal(value: Any) -> str:
    if not _DECIMAL.fullmatch(text := _text(value)):
        raise vol.Invalid("not a decimal number")
    return text


def _prices(value: Any) -> list[tuple[float, str]]:
    changes: list[tuple[float, str]] = vol.Schema([_pair(_instant, _decimal)])(value)
    instants = [at for at, _ in changes]
    if not instants or instants != sorted(instants):
        raise vol.Invalid("not prices in the order of time")
    return changes


COST: Final = _record(
    {
        vol.Required("known_until"): _instant,
        vol.Required("accounts"): _by_name(
            ("imported", "exported"),
            _record(
                {
                    vol.Required("source"): vol.Maybe(_text),
                    vol.Required("until"): _instant,
                    vol.Required("counter"): vol.Maybe(_number),
                    vol.Required("total"): _decimal,
                    vol.Required("prices"): _prices,
                    vol.Optional("hours", default=[]): [_pair(_instant, _decimal)],
                }
            ),
        ),
    }
)

_INTERVAL: Final = _record(
    {
        vol.Required("start"): _instant,
        vol.Required("seconds"): _number,
        vol.Required("power"): _number,
        vol.Required("uncertainty"): _number,
    }
)
_ELAPSED: Final = vol.All(_number, vol.Range(0, _LATEST_INSTANT))
_RUN: Final = _record(
    {
        vol.Required("boot"): vol.Maybe(_text),
        vol.Required("clock"): _record(
            {
                vol.Required("wall"): _instant,
                vol.Required("elapsed"): _ELAPSED,
                vol.Required("now"): _instant,
                vol.Required("begun"): _instant,
                vol.Required("steady_since"): _ELAPSED,
                vol.Required("stepped"): _number,
            }
        ),
        vol.Required("doubted"): _flag,
        vol.Required("pending"): [
            _record(
                {
                    vol.Required("samples"): vol.All(_READS, vol.Contains("seen")),
                    vol.Required("power"): _number,
                    vol.Required("resolution"): _number,
                }
            )
        ],
    }
)
TOTALS: Final = _record(
    {
        vol.Optional("run", default=None): vol.Maybe(_RUN),
        vol.Required("points"): _READS,
        vol.Required("serial_number"): _text,
        vol.Required("demand"): _record(
            {
                vol.Required("window"): _part_of_an_hour,
                vol.Required("running"): vol.Maybe(
                    _record(
                        {
                            vol.Required("start"): _instant,
                            vol.Required("opening"): vol.Maybe(_ESTIMATE),
                            vol.Required("point"): _POINT,
                        }
                    )
                ),
                vol.Required("latest"): vol.Maybe(_INTERVAL),
                vol.Required("peaks"): [_INTERVAL],
            }
        ),
    }
)
