"""The format of the house consumption."""

from typing import Final

import voluptuous as vol

from .fields import flag, number, record, text, whole

HOUSE: Final = record(
    {
        vol.Required("latest"): flag,
        vol.Required("signs"): {text: vol.All(whole, vol.In([1, -1]))},
        vol.Required("published"): number,
        vol.Required("offset"): vol.Maybe(number),
        vol.Required("margin"): vol.All(number, vol.Range(min=0)),
    }
)
