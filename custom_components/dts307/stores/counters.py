"""Keep the guard over a meter's counters: across restarts, and together with the owner."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..issues import async_raise_issue, async_withdraw_issue
from ..meter import Reading
from ..meter.validation import (
    CounterAnswer,
    CounterFilter,
    CounterFilters,
    CounterQuestion,
    Registers,
    carried_to_new_meter,
    questions,
    registers,
    settled,
    still_stale,
    validated,
    without,
)
from ..options import MeterOptions

_STORAGE_VERSION: Final = 1
_SECONDS_BETWEEN_SAVES: Final = 60.0


def counter_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the counters of an entry's meter are kept."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.counters")


class CounterKeeper:
    """The guarded counters of one meter in Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any history; ``async_load`` brings it."""
        self._hass = hass
        self._entry = entry
        self._store = counter_store(hass, entry)
        self._counters: CounterFilters = {}
        self._asked: frozenset[CounterQuestion] = frozenset()
        self._saving_since = 0.0
        self._stale: CounterFilters = {}
        self._service_current = MeterOptions.parse(entry.options).service_current

    async def async_load(self) -> None:
        """Go on from the counters that were last kept.

        If Home Assistant was killed, more may have been shown since they were kept. So that nothing
        that was shown falls, such a counter shows nothing until two readings of it are believed.
        """
        if stored := await self._store.async_load():
            self._counters = {
                key: CounterFilter.from_dict(counter) for key, counter in stored["counters"].items()
            }
            if stored["latest"]:
                # From now on more may be shown than is kept, and the next save is far off.
                await self._store.async_save({**stored, "latest": False})
            else:
                self._stale = self._counters
        for question in frozenset(CounterQuestion) - questions(self._counters):
            # It may have been asked before, perhaps about another meter in this place.
            async_withdraw_issue(self._hass, self._entry, f"counter_{question}")

    async def async_take_over(self) -> None:
        """Go on with the counters of another meter."""
        self._counters = carried_to_new_meter(self._counters)
        await self.async_save()

    @callback
    def async_check(self, reading: Reading) -> Reading:
        """Return a reading with what may be believed of its counters; ask if that is unclear."""
        now = dt_util.utcnow().timestamp()
        self._counters, checked = validated(self._counters, reading, now, self._service_current)
        self._async_ask()
        # A delayed save starts its delay anew with each call, which would be for ever here. One
        # is always under way, and is carried out early when Home Assistant stops.
        if not 0 <= now - self._saving_since < _SECONDS_BETWEEN_SAVES:
            self._saving_since = now
            self._store.async_delay_save(self.as_dict, _SECONDS_BETWEEN_SAVES)
        self._stale = still_stale(self._stale, self._counters)
        return without(checked, self._stale)

    @property
    def registers(self) -> Registers:
        """What the meter's own display shows, as far as it is believed."""
        return registers({k: v for k, v in self._counters.items() if k not in self._stale})

    @property
    def unconfirmed(self) -> bool:
        """Whether there are counters that show nothing, but may after a second reading.

        Only then is it worth the bus's time: a counter that is held for longer is not read twice.
        """
        return any(
            counter.awaits_confirmation
            for key, counter in self._counters.items()
            if counter.trusted is None or key in self._stale
        ) or any(
            self._counters[key].trusted != earlier.trusted for key, earlier in self._stale.items()
        )

    async def async_answer(self, answer: CounterAnswer, reading: Reading) -> None:
        """Take the owner's answer for all counters that it is about."""
        self._counters = settled(self._counters, answer, reading, self._service_current)
        self._async_ask()
        await self._store.async_save(self.as_dict())

    async def async_save(self) -> None:
        """Keep the counters as they are now, when nothing more will be shown."""
        await self._store.async_save({**self.as_dict(), "latest": True})

    def as_dict(self) -> dict[str, Any]:
        """Return the counters as JSON can hold them, and whether no later ones will be shown."""
        return {
            "latest": self._hass.is_stopping,
            "counters": {key: counter.as_dict() for key, counter in self._counters.items()},
        }

    @callback
    def _async_ask(self) -> None:
        """Raise a repair for each new question, and withdraw those that have settled."""
        asked = questions(self._counters)
        for question in asked - self._asked:
            async_raise_issue(
                self._hass,
                self._entry,
                f"counter_{question}",
                question={"question": question.value},
            )
        for question in self._asked - asked:
            async_withdraw_issue(self._hass, self._entry, f"counter_{question}")
        self._asked = asked
