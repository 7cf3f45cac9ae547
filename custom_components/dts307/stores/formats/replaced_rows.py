"""The format of the statistics that were replaced."""

from typing import Final

import voluptuous as vol

from .fields import instant, instant_and_two, record, text

REPLACED_ROWS: Final = record(
    {
        vol.Required("checked"): {text: instant},
        vol.Required("replaced"): [
            record(
                {
                    vol.Required("key"): text,
                    vol.Required("unit"): vol.Maybe(text),
                    vol.Required("rows"): [instant_and_two],
                }
            )
        ],
    }
)
