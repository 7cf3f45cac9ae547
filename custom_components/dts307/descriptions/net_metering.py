"""Sensors for net metering: the values to compare with the bill."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
import math
from operator import attrgetter
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower
from homeassistant.util import dt as dt_util

from ..meter import PerPhase
from ..meter.intervals import (
    EXPORTED,
    IMPORTED,
    BillingPeriod,
    DemandInterval,
    Estimate,
    PeriodEnergy,
    RegisterEstimates,
)
from ..snapshot import Snapshot
from ..wording import in_kilo
from .base import ENERGY_RECORDING, MeterSensorDescription
from .recording import RecordingRule

type Attributes = dict[str, Any]

_DECIMALS: Final = 6
"""Decimals of a kWh or kW: finer than any register; rounds interpolation noise away."""


_TOTALS: Final = {"imported": (IMPORTED,), "exported": (EXPORTED,), "net": (IMPORTED, EXPORTED)}


def _counts(direction: str) -> Callable[[Snapshot], bool]:
    """Return whether the meter counts what a value follows from, a function of the Snapshot."""
    counters = [attrgetter(f"reading.energy_{name}.total") for name in _TOTALS[direction]]
    return lambda now: all(counter(now) is not None for counter in counters)


def _kilo(value: float) -> float:
    return round(value / 1000, _DECIMALS)


def _kwh(energy: Estimate | None) -> float | None:
    return None if energy is None else _kilo(energy.value)


def _accuracy(energy: Estimate | None) -> Attributes:
    """Return whether a value is an estimate, and its bounds if they are known."""
    if energy is None:
        return {}
    bounds = {"lowest": energy.lowest, "highest": energy.highest}
    known = {name: _kilo(bound) for name, bound in bounds.items() if math.isfinite(bound)}
    return {"estimated": energy.estimated, **known}


def _period_sensor(
    direction: str,
    key: str,
    period_of: Callable[[Snapshot], BillingPeriod | None],
    counted_of: Callable[[BillingPeriod], PeriodEnergy | None],
    extra_attributes: Callable[[BillingPeriod], Attributes] = lambda _: {},
) -> MeterSensorDescription[Snapshot]:
    """Describe a sensor of a direction's energy in a billing period."""

    def counted(now: Snapshot) -> PeriodEnergy | None:
        period = period_of(now)
        return None if period is None else counted_of(period)

    def value(now: Snapshot) -> float | None:
        known = counted(now)
        return None if known is None else _kilo(known.energy.value)

    def attributes(now: Snapshot) -> Attributes:
        period, known = period_of(now), counted(now)
        if period is None or known is None:
            return _ended_before(now)
        return {
            "period_start": period.start,
            "period_end": period.end,
            "counted_since": known.since,
            **_accuracy(known.energy),
            **extra_attributes(period),
        }

    return MeterSensorDescription[Snapshot](
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        recording=ENERGY_RECORDING,
        value_fn=value,
        attributes_fn=attributes,
        measured_fn=_counts(direction),
    )


def _ended_before(now: Snapshot) -> Attributes:
    """Return why the energy of the last period is unknown: it ended before anything was read."""
    this = now.billing.this_period
    known = this and (this.imported or this.exported)
    return {"period_end": this.start, "counted_since": known.since} if this and known else {}


def _this_period(now: Snapshot) -> BillingPeriod | None:
    return now.billing.this_period


def _last_period(now: Snapshot) -> BillingPeriod | None:
    return now.billing.last_period


def _this_period_sensor(direction: str) -> MeterSensorDescription[Snapshot]:
    """Describe a sensor of the current period; it starts at zero, and may decrease."""
    counted_of = attrgetter(direction)

    def last_reset(now: Snapshot) -> datetime | None:
        period = _this_period(now)
        known = None if period is None else counted_of(period)
        return None if known is None else known.since

    def counted(now: Snapshot, start: datetime, end: datetime) -> float:
        totals = _TOTALS[direction]
        return _kilo(now.ledger.counted(start.timestamp(), end.timestamp(), *totals))

    return replace(
        _period_sensor(direction, f"{direction}_this_period", _this_period, counted_of),
        state_class=SensorStateClass.TOTAL,
        last_reset_fn=last_reset,
        counted_fn=counted,
    )


def _last_period_sensor(
    direction: str, extra_attributes: Callable[[BillingPeriod], Attributes] = lambda _: {}
) -> MeterSensorDescription[Snapshot]:
    """Describe a sensor of the last period. It has no state class: statistics cannot sum it."""
    return _period_sensor(
        direction,
        f"{direction}_last_period",
        _last_period,
        attrgetter(direction),
        extra_attributes,
    )


def _register_sensor(
    direction: str,
    instant: str,
    readings_of: Callable[[Snapshot], RegisterEstimates | None],
) -> MeterSensorDescription[Snapshot]:
    """Describe a sensor of the register read at an instant, as the meter's display showed it."""
    register_of = attrgetter(direction)

    def value(now: Snapshot) -> float | None:
        readings = readings_of(now)
        return None if readings is None else _kwh(register_of(readings))

    def attributes(now: Snapshot) -> Attributes:
        readings = readings_of(now)
        known = readings and {
            "read_at": readings.at,
            "serial_number": readings.serial_number,
            **_accuracy(register_of(readings)),
        }
        return known or {}

    key = f"register_{direction}_{instant}"
    return MeterSensorDescription[Snapshot](
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        recording=ENERGY_RECORDING,
        value_fn=value,
        attributes_fn=attributes,
        measured_fn=_counts(direction),
    )


def _demand_sensor(
    key: str,
    interval_of: Callable[[Snapshot], DemandInterval | None],
    extra_attributes: Callable[[Snapshot], Attributes],
) -> MeterSensorDescription[Snapshot]:
    """Describe a sensor of the average power in a demand interval."""

    def value(now: Snapshot) -> float | None:
        interval = interval_of(now)
        return None if interval is None else _kilo(interval.power)

    def attributes(now: Snapshot) -> Attributes:
        return {**_interval_attributes(interval_of(now)), **extra_attributes(now)}

    return MeterSensorDescription[Snapshot](
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        recording=RecordingRule(threshold=0.05),  # kW
        value_fn=value,
        attributes_fn=attributes,
        measured_fn=_counts("imported"),
    )


def _interval_attributes(interval: DemandInterval | None) -> Attributes:
    if interval is None:
        return {}
    return {
        "block_start": dt_util.as_local(dt_util.utc_from_timestamp(interval.start)),
        "block_end": dt_util.as_local(
            dt_util.utc_from_timestamp(interval.start + interval.seconds)
        ),
        "uncertainty": _kilo(interval.uncertainty),
    }


def _running_average(now: Snapshot) -> Attributes:
    running = now.demand.running
    return {"running": None if running is None else _kilo(running)}


def _last_peak(now: Snapshot) -> Attributes:
    peak = now.demand.last_peak
    return {
        "last_period_peak": None if peak is None else _kilo(peak.power),
        "last_period_peak_start": _interval_attributes(peak).get("block_start"),
    }


def _phase_sum_sensor(direction: str) -> MeterSensorDescription[Snapshot]:
    """Describe a sensor of the sum of the phase counters, which are not netted."""
    name = f"energy_{direction}"

    def value(now: Snapshot) -> float | None:
        energy: PerPhase = getattr(now.reading, name)
        counted = (energy.a, energy.b, energy.c)[: now.reading.phases]
        known = [count for count in counted if count is not None]
        # On single-phase meters the phase equals the total.
        if len(counted) <= 1 or len(known) < len(counted):
            return None
        return in_kilo(math.fsum(known))

    return MeterSensorDescription[Snapshot](
        key=f"{name}_phases",
        translation_key=f"{name}_phases",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        recording=ENERGY_RECORDING,
        value_fn=value,
    )


NET_METERING: Final = (
    *map(_this_period_sensor, ("imported", "exported", "net")),
    *(
        replace(_last_period_sensor(direction), entity_registry_enabled_default=False)
        for direction in ("imported", "exported")
    ),
    _last_period_sensor("net", lambda period: {"billed": _kwh(period.billed)}),
    replace(
        _period_sensor(
            "net",
            "credit",
            _this_period,
            attrgetter("brought_forward"),
            lambda period: {"if_period_ended_now": _kwh(period.carried_forward)},
        ),
        entity_registry_enabled_default=False,
    ),
    *(
        _register_sensor(direction, instant, readings_of)
        for instant, readings_of in (
            ("billing_day", lambda now: now.billing.at_billing_day),
            ("midnight", lambda now: now.billing.at_midnight),
        )
        for direction in ("imported", "exported")
    ),
    _demand_sensor("demand", lambda now: now.demand.latest, _running_average),
    _demand_sensor("demand_peak", lambda now: now.demand.peak, _last_peak),
    *map(_phase_sum_sensor, ("imported", "exported")),
)
