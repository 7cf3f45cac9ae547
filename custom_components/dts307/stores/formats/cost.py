"""The format of the cost of energy."""

import re
from typing import Any, Final

import voluptuous as vol

from .fields import by_name, instant, number, pair, record, text

_DECIMAL: Final = re.compile(r"-?\d{1,16}(\.\d{1,12})?", re.ASCII)


def _decimal(value: Any) -> str:
    if not _DECIMAL.fullmatch(digits := text(value)):
        raise vol.Invalid("not a decimal number")
    return digits


def _prices(value: Any) -> list[tuple[float, str]]:
    changes: list[tuple[float, str]] = vol.Schema([pair(instant, _decimal)])(value)
    instants = [at for at, _ in changes]
    if not instants or instants != sorted(instants):
        raise vol.Invalid("not prices in the order of time")
    return changes


COST: Final = record(
    {
        vol.Required("known_until"): instant,
        vol.Required("accounts"): by_name(
            ("imported", "exported"),
            record(
                {
                    vol.Required("source"): vol.Maybe(text),
                    vol.Required("until"): instant,
                    vol.Required("counter"): vol.Maybe(number),
                    vol.Required("total"): _decimal,
                    vol.Required("prices"): _prices,
                    vol.Optional("hours", default=[]): [pair(instant, _decimal)],
                }
            ),
        ),
    }
)
