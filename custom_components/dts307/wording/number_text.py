"""Numbers in texts that the integration gives to Home Assistant."""

from typing import Final

from homeassistant.core import HomeAssistant, callback

_WITH_DECIMAL_COMMA: Final = frozenset({"de", "es", "fr", "nl", "pt-BR"})
"""The languages of the translations in which 5.000 would be read as five thousand."""


@callback
def number_text(hass: HomeAssistant, number: float, *, digits: int) -> str:
    """Return a number with so many decimals, as the language of this Home Assistant writes it."""
    text = f"{number:.{digits}f}"
    return text.replace(".", ",") if hass.config.language in _WITH_DECIMAL_COMMA else text
