"""How a repair names the counters that it asks about."""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..counter_names import counter_name, counter_unit
from ..meter.validation import QuestionedCounter


def counter_list(hass: HomeAssistant, counters: Iterable[QuestionedCounter]) -> str:
    """Return a list in Markdown: each counter, its register before and now, and since when."""

    def line(counter: QuestionedCounter) -> str:
        name, unit = counter_name(hass, counter.key), counter_unit(counter.key)
        before, now = counter.register_before / 1000, counter.register_now / 1000
        since = dt_util.as_local(dt_util.utc_from_timestamp(counter.since))
        return f"- **{name}**: {before:.3f} → {now:.3f} {unit} ({since:%Y-%m-%d %H:%M})"

    return "\n".join(map(line, counters))
