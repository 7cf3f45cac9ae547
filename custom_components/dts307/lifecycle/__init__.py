"""What happens to a meter in use: it stops answering, or another answers in its place."""

from .outage import async_continue_outage, async_end_outage, async_withdraw_all
from .replacement import (
    MAY_BEGIN_AT_ZERO,
    ReplacementError,
    async_continue_with_new_meter,
    async_raise_replaced,
    async_withdraw_replaced,
)

__all__ = [
    "MAY_BEGIN_AT_ZERO",
    "ReplacementError",
    "async_continue_outage",
    "async_continue_with_new_meter",
    "async_end_outage",
    "async_raise_replaced",
    "async_withdraw_all",
    "async_withdraw_replaced",
]
