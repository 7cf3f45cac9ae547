"""Helpers for tests of the ledger: reads at local times, and the resulting bill."""

from datetime import datetime
import json
from zoneinfo import ZoneInfo

from custom_components.dts307.meter.intervals import (
    Billing,
    BillingPeriod,
    Estimate,
    Ledger,
    PeriodEnergy,
    billing,
    ledger_as_dict,
    ledger_from_dict,
)
from custom_components.dts307.meter.sample import Sample

NEW_YORK = ZoneInfo("America/New_York")
SERIAL = "S307"


def at(day: str, clock: str = "00:00:00", zone: ZoneInfo = NEW_YORK) -> float:
    """Return an instant of 2026, such as ``at("06-01", "12:00:00")``."""
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=zone).timestamp()


def read(  # noqa: PLR0913 - a read has so many parts
    ledger: Ledger,
    when: float,
    imported: float,
    exported: float | None = None,
    *,
    carried: float = 0.0,
    serial: str = SERIAL,
) -> Ledger:
    """Return the ledger after a read; the published counter is ``carried`` Wh higher."""
    samples = {
        "imported": Sample(value=imported + carried, at=when),
        "register_imported": Sample(value=imported, at=when),
    }
    if exported is not None:
        samples["exported"] = samples["register_exported"] = Sample(value=exported, at=when)
    return ledger.after(samples, serial, NEW_YORK)


def bill(
    ledger: Ledger, billing_day: int = 1, zone: ZoneInfo = NEW_YORK
) -> tuple[BillingPeriod, Billing]:
    """Return the billing period in progress, and the whole billing."""
    result = billing(ledger, zone, billing_day)
    assert result.this_period is not None
    return result.this_period, result


def energy(counted: PeriodEnergy | None) -> Estimate:
    """Return an energy, which has to be known."""
    assert counted is not None
    return counted.energy


def value(known: PeriodEnergy | Estimate | None) -> float:
    """Return an energy in Wh, which has to be known."""
    estimate = energy(known) if isinstance(known, PeriodEnergy) else known
    assert estimate is not None
    return estimate.value


def entries(ledger: Ledger) -> int:
    """Return how many reads a ledger keeps for good."""
    return sum(map(len, ledger.kept.values()))


def stored(ledger: Ledger) -> Ledger:
    """Return the ledger after a restart."""
    return ledger_from_dict(json.loads(json.dumps(ledger_as_dict(ledger), allow_nan=False)))


def at_midnight(result: Billing) -> Estimate | None:
    """Return the import register at the last midnight."""
    assert result.at_midnight is not None
    return result.at_midnight.imported
