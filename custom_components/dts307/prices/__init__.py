"""Price entities: what they show and have shown, and what to do when one is renamed or missing."""

from .price_entity import async_past_prices, price_of
from .watch import async_watch_prices

__all__ = ["async_past_prices", "async_watch_prices", "price_of"]
