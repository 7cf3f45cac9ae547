"""Keep what energy has cost, and up to when that is booked: across restarts, kills and outages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import inf
from typing import Any, Final

from homeassistant.components.recorder import DOMAIN as RECORDER
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util import dt as dt_util

from ..meter.intervals import (
    EXPORTED,
    IMPORTED,
    CostAccount,
    HourEnd,
    IntervalGrid,
    Prices,
    cost_hours,
)
from ..options import MeterOptions, PriceSource
from ..prices import async_past_prices, price_of
from .billing import BillingKeeper
from .formats import COST
from .kept_state import KeptState
from .state_saver import AT_ONCE, StateSaver

FILE_COST: Final = "cost"

_FREE: Final = Decimal()
"""the price while none is chosen"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCost:
    """What the file of costs holds, by counter."""

    accounts: Mapping[str, CostAccount] = field(default_factory=dict)
    sources: Mapping[str, str | None] = field(default_factory=dict)
    """where the prices come from, as text"""
    known_until: float = 0.0
    """s; up to when the prices are known"""


class CostKeeper:
    """The running cost of what each counter of one meter counts, where a price is chosen."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        options: MeterOptions,
        saver: StateSaver,
        billing: BillingKeeper,
    ) -> None:
        """Begin with nothing booked; ``async_load`` brings what was."""
        self._hass = hass
        self._interval = options.interval
        self._fills_outages = options.fill_outages
        self._saver = saver
        self._billing = billing
        chosen = {IMPORTED: options.import_price, EXPORTED: options.export_price}
        self.sources: Mapping[str, PriceSource] = {
            name: source for name, source in chosen.items() if source is not None
        }
        """the prices that are chosen, by counter"""
        self._stored = StoredCost()
        self._accounts: dict[str, CostAccount] = {}
        self._follows = False
        self._file = KeptState(
            hass,
            entry,
            FILE_COST,
            parse=parse_cost,
            content="the energy cost and the compensation, which start again at 0",
        )

    async def async_load(self) -> None:
        """Restore what was booked."""
        stored = await self._file.async_load()
        if stored is None and not self.sources:
            return
        self._stored = stored or self._stored
        self._accounts = dict(self._stored.accounts)
        self._saver.add(self._file, self._as_dict)
        if not self.sources:
            self.async_follow()

    async def async_learn(self) -> None:
        """Learn from the recorder what the prices were since they were last known."""
        since, now = self._stored.known_until, _wall()
        for name, source in self.sources.items():
            # If another price was chosen, the former one holds until now.
            if isinstance(source, str) and self._stored.sources.get(name) == source:
                for at, price in await async_past_prices(self._hass, source, since, now):
                    self._note(name, at, price)

    @callback
    def async_follow(self) -> None:
        """Use the chosen prices from now on; ``async_price_changed`` passes in each change."""
        now = _wall()
        for name in self._accounts.keys() | self.sources.keys():
            self._accounts.setdefault(
                name, CostAccount(prices=Prices(((0.0, _FREE),)), until=self._grid.start(now))
            )
            price = self._price_now(self.sources.get(name, _FREE))
            if price is not None:
                self._note(name, now, price)
        self._follows = True
        self._saver.async_changed(self._file, AT_ONCE)

    @callback
    def async_price_changed(self, state: State) -> None:
        """Note what a price entity shows now; a state that is no price changes nothing."""
        price = price_of(state)
        for name, source in self.sources.items():
            if source == state.entity_id and price is not None:
                self._note(name, state.last_updated_timestamp, price)

    @property
    def is_due(self) -> bool:
        """Whether an interval has ended, and is known, that is not booked."""
        return any(self._due())

    async def async_book(self) -> None:
        """Book all intervals that have ended and are known, and store that before it is shown."""
        for name, border in list(self._due()):
            since = self._accounts[name].until
            counts = await self._billing.async_counter(name, since, border)
            if self._saver.finished:
                return
            account = self._accounts[name].booked(counts, border)
            # Only filling outages needs the totals of past hours.
            keeps_hours = self._fills_outages and RECORDER in self._hass.config.components
            self._accounts[name] = account if keeps_hours else account.without_hours_before(inf)
        await self._saver.async_write(self._file)

    def total(self, name: str) -> Decimal | None:
        """Return what a counter's energy has cost, up to its latest read; None if it has none.

        The interval in progress is taken to end with that read.
        """
        track = self._billing.settled.tracks.get(name)
        return None if track is None else self._accounts[name].after([track.latest]).total

    async def async_hour_ends(self, name: str, start: float, end: float) -> Sequence[HourEnd]:
        """Return what a counter's energy had cost at the end of each hour, as far as it is kept.

        Hours before ``start`` are not kept any longer.
        """
        if name not in self._accounts:
            return []
        self._accounts[name] = self._accounts[name].without_hours_before(start)
        hours = await self._billing.async_hour_ends(name, start, end)
        return cost_hours(hours, dict(self._accounts[name].hours))

    def _due(self) -> Iterator[tuple[str, float]]:
        """Yield the counters of which something is to be booked, and up to which border in s.

        If the clock went back, that border is before the one up to which was booked.
        """
        tracks = self._billing.settled.tracks
        for name in self._accounts.keys() & tracks.keys():
            until, latest = self._accounts[name].until, tracks[name].latest.at
            border = self._grid.start(latest)
            # While it is not known which of two clocks was right, nothing is booked.
            if tracks[name].provisional is None and (border > until or latest < until):
                yield name, border

    def _note(self, name: str, at: float, price: Decimal) -> None:
        account = self._accounts[name]
        self._accounts[name] = replace(account, prices=account.prices.after(at, price))

    def _price_now(self, source: PriceSource) -> Decimal | None:
        if isinstance(source, Decimal):
            return source
        state = self._hass.states.get(source)
        return None if state is None else price_of(state)

    @property
    def _grid(self) -> IntervalGrid:
        return IntervalGrid(zone=dt_util.get_default_time_zone(), seconds=self._interval)

    def _as_dict(self) -> dict[str, Any]:
        sources: Mapping[str, str | None] = self._stored.sources
        if self._follows:
            sources = {name: str(source) for name, source in self.sources.items()}
        return {
            "known_until": _wall() if self._follows else self._stored.known_until,
            "accounts": {
                name: {**account.as_dict(), "source": sources.get(name)}
                for name, account in self._accounts.items()
            },
        }


def parse_cost(stored: Any) -> StoredCost:
    """Return what a stored file holds.

    Raises vol.Invalid.
    """
    parsed = COST(stored)
    accounts = parsed["accounts"]
    return StoredCost(
        accounts={name: CostAccount.from_dict(each) for name, each in accounts.items()},
        sources={name: each["source"] for name, each in accounts.items()},
        known_until=parsed["known_until"],
    )


def _wall() -> float:
    return dt_util.utcnow().timestamp()
