"""How texts name the energy counters of a meter, and the units that are shown."""

from collections.abc import Iterable
from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations

from ..const import DOMAIN
from ..meter.phases import PHASE_LABELS, TOTAL

_UNITS: Final = {"energy": "kWh", "apparent": "kVAh", "reactive": "kvarh"}


def counter_name(hass: HomeAssistant, key: str) -> str:
    """Return the name of a counter in the language of Home Assistant.

    ``key`` is the quantity and its part, such as ``energy_imported.total``.
    """
    texts = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
    quantity, _, part = key.partition(".")
    translation_key = quantity if part == TOTAL else f"{quantity}_phase"
    path = f"component.{DOMAIN}.entity.{Platform.SENSOR}.{translation_key}.name"
    return texts.get(path, translation_key).replace("{phase}", PHASE_LABELS.get(part, ""))


def counter_unit(key: str) -> str:
    """Return the unit in which texts show a counter, a thousand times that of its register."""
    return _UNITS[key.partition("_")[0]]


def totals_of(keys: Iterable[str]) -> list[str]:
    """Return the counters of totals, or all if there is none among them."""
    named = list(keys)
    return [key for key in named if key.endswith(f".{TOTAL}")] or named


def in_kilo(value: float | None) -> float | None:
    """Convert Wh to kWh (or varh, VAh); the rounding is finer than any meter counts."""
    return None if value is None else round(value / 1000, 9)
