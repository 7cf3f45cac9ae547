"""What can be compared with the bill and with the meter's display, as of the latest reading."""

from datetime import datetime, tzinfo
from typing import Final

from .bill import Billing, RegisterEstimates
from .estimate import Estimate
from .ledger import Ledger
from .periods import local_day, local_midnight
from .track import EXPORTED, IMPORTED, REGISTER

_ROUNDING_ERROR: Final = 1e-3
"""Wh that differences of large floats may be off; no register is that fine."""


def billing(ledger: Ledger, zone: tzinfo, billing_day: int) -> Billing:
    """Return what can be compared with the bill.

    ``billing_day`` is 1 to 31; in a month that is too short, its last day takes its place.
    """
    now = ledger.now
    if now is None:
        return Billing()
    *earlier, this_period = ledger.periods(zone, billing_day)
    midnight = local_midnight(local_day(now, zone), zone)
    return Billing(
        this_period=this_period,
        last_period=earlier[-1] if earlier else None,
        at_billing_day=registers_at(ledger, this_period.start.timestamp(), now, zone),
        at_midnight=registers_at(ledger, midnight, now, zone),
    )


def registers_at(ledger: Ledger, at: float, now: float, zone: tzinfo) -> RegisterEstimates:
    """Return what the meter's display showed at an instant in s, as far as that is known ``now``.

    Raises ValueError if nothing was ever read.
    """
    (_, first), *others = ledger.meters
    serials = [first, *(serial_number for since, serial_number in others if since <= at)]
    return RegisterEstimates(
        at=datetime.fromtimestamp(at, zone),
        serial_number=serials[-1],
        imported=_register(ledger, IMPORTED, at, now),
        exported=_register(ledger, EXPORTED, at, now),
    )


def _register(ledger: Ledger, name: str, at: float, now: float) -> Estimate | None:
    register, total = ledger.tracks.get(REGISTER + name), ledger.tracks.get(name)
    if register is None or total is None or at < register.since:
        return None
    before, after = register.around(at)
    total_before, total_after = total.around(at)
    moved, counted = after.value - before.value, total_after.value - total_before.value
    is_replaced = any(before.at < since <= after.at for since, _ in ledger.unread)
    is_set = is_replaced or abs(moved - counted) > _ROUNDING_ERROR
    if before.at < at < after.at and is_set:
        # The register was set back, rolled over, or is another meter's. Then interpolation
        # means nothing, and the read before is all that is known.
        return Estimate.unbounded(before.value)
    return register.at(at, now)
