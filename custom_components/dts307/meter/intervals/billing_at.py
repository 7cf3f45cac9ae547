"""What can be compared with the bill as of the latest reading."""

from datetime import tzinfo

from .bill import Billing
from .ledger import Ledger
from .periods import local_day, local_midnight


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
        at_billing_day=ledger.registers_at(this_period.start.timestamp(), now, zone),
        at_midnight=ledger.registers_at(midnight, now, zone),
    )
