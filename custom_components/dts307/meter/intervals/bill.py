"""What can be compared with a bill: billing periods, and what the meter's display showed."""

from dataclasses import dataclass, replace
from datetime import datetime

from .estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEnergy:
    """The energy of a billing period, in Wh."""

    since: datetime
    """from when on it is counted: the period's start, or the first read if that was later"""
    energy: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingPeriod:
    """A billing period, or what is known of it; energies in Wh.

    None is what the meter does not count, or had not counted by the period's end.
    """

    start: datetime
    end: datetime
    """when it ends, or will end"""
    imported: PeriodEnergy | None
    exported: PeriodEnergy | None
    net: PeriodEnergy | None
    """energy imported minus energy exported, from when on both are counted"""
    credit: Estimate
    """what earlier periods carried forward"""

    @property
    def brought_forward(self) -> PeriodEnergy | None:
        """The credit from earlier periods, which pays for net energy; it has its ``since``."""
        return None if self.net is None else replace(self.net, energy=self.credit)

    @property
    def billed(self) -> Estimate | None:
        """The net energy that is left to pay after the credit from earlier periods."""
        return None if self.net is None else (self.net.energy - self.credit).positive_part

    @property
    def carried_forward(self) -> Estimate:
        """The credit that the next period begins with."""
        return self.credit if self.net is None else (self.credit - self.net.energy).positive_part


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEstimates:
    """What the meter's display showed at an instant, in Wh; None if it was not known yet."""

    at: datetime
    serial_number: str
    imported: Estimate | None
    exported: Estimate | None

    @property
    def is_known(self) -> bool:
        """Whether one of the two was known."""
        return self.imported is not None or self.exported is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """What can be compared with the bill; None is not known yet."""

    this_period: BillingPeriod | None = None
    last_period: BillingPeriod | None = None
    at_billing_day: RegisterEstimates | None = None
    at_midnight: RegisterEstimates | None = None
