"""How a repair names the counters that it asks about."""

from collections.abc import Iterable

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..meter.phases import PHASE_LABELS, TOTAL
from ..meter.validation import QuestionedCounter
from ..number_text import number_text

_UNITS = {"energy": "kWh", "apparent": "kVAh", "reactive": "kvarh"}


def counter_list(hass: HomeAssistant, counters: Iterable[QuestionedCounter]) -> str:
    """Return a list in Markdown: each counter, its register before and now, and since when."""
    texts = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)

    def line(counter: QuestionedCounter) -> str:
        quantity, _, part = counter.key.partition(".")
        key = quantity if part == TOTAL else f"{quantity}_phase"
        path = f"component.{DOMAIN}.entity.{Platform.SENSOR}.{key}.name"
        name = texts.get(path, key).replace("{phase}", PHASE_LABELS.get(part, ""))
        before, now = (
            number_text(hass, register / 1000, digits=3)
            for register in (counter.register_before, counter.register_now)
        )
        since = dt_util.as_local(dt_util.utc_from_timestamp(counter.since))
        unit = _UNITS[quantity.partition("_")[0]]
        return f"- **{name}**: {before} → {now} {unit} ({since:%Y-%m-%d %H:%M})"

    return "\n".join(map(line, counters))
