"""Keep the guard over a meter's counters: across restarts, and together with the owner."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .current import service_current
from .meter import Reading
from .meter.counters import (
    Counter,
    Counters,
    Question,
    Registers,
    guarded,
    questions,
    registers,
    settled,
    taken_over,
    without,
)

_STORAGE_VERSION: Final = 1
_SECONDS_BETWEEN_SAVES: Final = 60.0


def guard_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the counters of an entry's meter are kept."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.counters")


class CounterGuard:
    """The guarded counters of one meter in Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any history; ``async_load`` brings it."""
        self._hass = hass
        self._entry = entry
        self._store = guard_store(hass, entry)
        self._counters: Counters = {}
        self._asked: frozenset[Question] = frozenset()
        self._saving_since = 0.0
        self._stale: frozenset[str] = frozenset()
        self._loaded_at = 0.0
        self._service_current = service_current(entry.options)

    async def async_load(self) -> None:
        """Go on from the counters that were last kept.

        If Home Assistant was killed, more may have been shown since they were kept. So that nothing
        that was shown falls, such a counter shows nothing until a reading of it is believed.
        """
        if stored := await self._store.async_load():
            self._loaded_at = dt_util.utcnow().timestamp()
            if stored["latest"]:
                # From now on more may be shown than is kept, and the next save is far off.
                await self._store.async_save({**stored, "latest": False})
            else:
                self._stale = frozenset(stored["counters"])
            self._counters = {
                key: Counter.from_dict(counter) for key, counter in stored["counters"].items()
            }

    async def async_take_over(self, reading: Reading) -> None:
        """Go on with the counters of another meter, which was just read."""
        self._counters = taken_over(self._counters, reading, dt_util.utcnow().timestamp())
        await self.async_save()

    @callback
    def async_check(self, reading: Reading) -> Reading:
        """Return a reading with what may be believed of its counters; ask if that is unclear."""
        now = dt_util.utcnow().timestamp()
        self._counters, checked = guarded(self._counters, reading, now, self._service_current)
        self._async_ask()
        # A delayed save starts its delay anew with each call, which would be for ever here. One
        # is always under way, and is carried out early when Home Assistant stops.
        if not 0 <= now - self._saving_since < _SECONDS_BETWEEN_SAVES:
            self._saving_since = now
            self._store.async_delay_save(self.as_dict, _SECONDS_BETWEEN_SAVES)
        self._stale = frozenset(key for key in self._stale if not self._believed_anew(key))
        return without(checked, self._stale)

    def _believed_anew(self, key: str) -> bool:
        trusted = self._counters[key].trusted
        return trusted is not None and trusted.last.at >= self._loaded_at

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
            counter.awaits_confirmation and (counter.trusted is None or key in self._stale)
            for key, counter in self._counters.items()
        )

    async def async_answer(self, question: Question, reading: Reading, *, real: bool) -> None:
        """Take the owner's answer for all counters that the question is about."""
        self._counters = settled(
            self._counters, question, reading, self._service_current, real=real
        )
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
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                self._issue_id(question),
                data={"entry_id": self._entry.entry_id, "question": question.value},
                is_fixable=True,
                severity=ir.IssueSeverity.WARNING,
                translation_key=f"counter_{question}",
                translation_placeholders={"name": self._entry.title},
            )
        for question in self._asked - asked:
            ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(question))
        self._asked = asked

    def _issue_id(self, question: Question) -> str:
        return f"counter_{question}_{self._entry.entry_id}"
