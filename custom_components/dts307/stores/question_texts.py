"""How a repair names the counters that it asks about."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..meter.validation import QuestionedCounter
from ..wording import counter_name, counter_unit, number_text


def counter_list(hass: HomeAssistant, counters: Iterable[QuestionedCounter]) -> str:
    """Return a list in Markdown: each counter, its register before and now, and since when."""

    def line(counter: QuestionedCounter) -> str:
        name, unit = counter_name(hass, counter.key), counter_unit(counter.key)
        before, now = (
            number_text(hass, register / 1000, digits=3)
            for register in (counter.register_before, counter.register_now)
        )
        since = dt_util.as_local(dt_util.utc_from_timestamp(counter.since))
        return f"- **{name}**: {before} → {now} {unit} ({since:%Y-%m-%d %H:%M})"

    return "\n".join(map(line, counters))
