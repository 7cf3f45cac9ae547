"""A meter's options, parsed from its config entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

from homeassistant.const import CONF_SCAN_INTERVAL

from .meter.alarms import AlarmOptions
from .meter.installation import PowerSign
from .meter.intervals import as_price

CONF_ROLE: Final = "role"
CONF_PRODUCTION: Final = "production"
CONF_CT_RATING: Final = "ct_rating"
CONF_CT_SETS: Final = "ct_sets"
CONF_POWER_SIGN: Final = "direction"
CONF_EXPORT_THRESHOLD: Final = "export_threshold"
CONF_EXPORT_HOLD: Final = "export_hold"
CONF_OVERLOAD_THRESHOLD: Final = "overload_threshold"
CONF_OVERLOAD_HOLD: Final = "overload_hold"
CONF_PHASE_LOST_HOLD: Final = "phase_lost_hold"
CONF_VOLTAGE_HOLD: Final = "voltage_hold"
CONF_BILLING_DAY: Final = "billing_day"
CONF_DEMAND_WINDOW: Final = "demand_window"
CONF_INTERVAL: Final = "interval"
CONF_RECORDING: Final = "recording"
CONF_FILL_OUTAGES: Final = "fill_outages"
CONF_IMPORT_PRICE: Final = "import_price"
CONF_IMPORT_PRICE_ENTITY: Final = "import_price_entity"
CONF_EXPORT_PRICE: Final = "export_price"
CONF_EXPORT_PRICE_ENTITY: Final = "export_price_entity"

type PriceSource = Decimal | str
"""A fixed price per kWh, or the ID of the entity that shows it."""

POWER_SIGN_AUTO: Final = "auto"
DEMAND_WINDOWS: Final = (15, 30, 60)
"""min"""
INTERVALS: Final = (5, 15, 30, 60)
"""min"""
MOST_CT_SETS: Final = 3
"""Parallel CT sets per input (guide 3.4)."""

DEFAULTS: Final[Mapping[str, int]] = {
    CONF_SCAN_INTERVAL: 5,  # s
    CONF_CT_SETS: 1,
    CONF_EXPORT_THRESHOLD: 100,  # W
    CONF_EXPORT_HOLD: 30,  # s
    CONF_OVERLOAD_THRESHOLD: 100,  # % of the service current
    CONF_OVERLOAD_HOLD: 10,  # s
    CONF_PHASE_LOST_HOLD: 5,  # s; two readings at the default interval
    # s; C84.1 limits sustained voltages; IEEE 1159 calls variations over one minute long.
    CONF_VOLTAGE_HOLD: 60,
    CONF_BILLING_DAY: 1,
    CONF_DEMAND_WINDOW: 15,  # min
    CONF_INTERVAL: 15,  # min
}


class Role(StrEnum):
    """Where a meter is installed."""

    GRID = "grid"
    SOLAR = "solar"
    BATTERY = "battery"
    HOME = "home"
    LOAD = "load"


class Recording(StrEnum):
    """Which readings become states, and so rows of Home Assistant's recorder."""

    ECONOMICAL = "economical"
    EVERY_READING = "every_reading"


class ProductionCounter(StrEnum):
    """The counter of a solar meter's production, by its sensor's key."""

    EXPORTED = "energy_exported"
    IMPORTED = "energy_imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterOptions:
    """The options of one meter, with their defaults."""

    poll_interval: float
    """s"""
    ct_rating: float | None
    """A, primary; no SunSpec register contains it"""
    ct_sets: int
    role: Role | None
    production_counter: ProductionCounter | None
    """None for a solar meter whose production counter has not been found yet"""
    power_sign: PowerSign | None
    """None to detect it from the counters"""
    alarms: AlarmOptions
    billing_day: int
    """1 to 31; in a shorter month, its last day"""
    demand_window: int
    """s"""
    interval: int
    """s; the length of the intervals of interval data"""
    recording: Recording
    fill_outages: bool
    """whether hours without reads get their rows in Home Assistant's statistics"""
    import_price: PriceSource | None
    export_price: PriceSource | None
    """the prices of imported and exported energy, or None if none is chosen"""

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Self:
        """Parse a config entry's options; missing ones have their default."""
        chosen = {**DEFAULTS, **options}
        rating: float | None = chosen.get(CONF_CT_RATING)
        role, counter = chosen.get(CONF_ROLE), chosen.get(CONF_PRODUCTION)
        power_sign = chosen.get(CONF_POWER_SIGN, POWER_SIGN_AUTO)
        return cls(
            poll_interval=chosen[CONF_SCAN_INTERVAL],
            ct_rating=rating,
            ct_sets=chosen[CONF_CT_SETS],
            role=None if role is None else Role(role),
            production_counter=None if counter is None else ProductionCounter(counter),
            power_sign=None if power_sign == POWER_SIGN_AUTO else PowerSign(power_sign),
            alarms=AlarmOptions(
                export_threshold=chosen[CONF_EXPORT_THRESHOLD],
                export_hold=chosen[CONF_EXPORT_HOLD],
                overload_threshold=chosen[CONF_OVERLOAD_THRESHOLD] / 100,
                overload_hold=chosen[CONF_OVERLOAD_HOLD],
                service_current=None if rating is None else rating * chosen[CONF_CT_SETS],
                phase_lost_hold=chosen[CONF_PHASE_LOST_HOLD],
                voltage_hold=chosen[CONF_VOLTAGE_HOLD],
            ),
            billing_day=chosen[CONF_BILLING_DAY],
            demand_window=60 * chosen[CONF_DEMAND_WINDOW],
            interval=60 * chosen[CONF_INTERVAL],
            recording=Recording(chosen.get(CONF_RECORDING, Recording.ECONOMICAL)),
            fill_outages=chosen.get(CONF_FILL_OUTAGES, True),
            import_price=_price(chosen, CONF_IMPORT_PRICE_ENTITY, CONF_IMPORT_PRICE),
            export_price=_price(chosen, CONF_EXPORT_PRICE_ENTITY, CONF_EXPORT_PRICE),
        )

    @property
    def service_current(self) -> float | None:
        """CT rating times CT sets in A per phase (guide 3.4); None without a CT rating."""
        return self.alarms.service_current


def _price(chosen: Mapping[str, Any], entity: str, number: str) -> PriceSource | None:
    """Return the price entity, or the fixed price without one."""
    if entity_id := chosen.get(entity):
        return str(entity_id)
    fixed = chosen.get(number)
    return None if fixed is None else as_price(Decimal(str(fixed)))
