"""Actions that answer how much energy a meter counted, and what its display showed."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonValueType
import voluptuous as vol

from .const import DOMAIN
from .coordinator import Dts307ConfigEntry
from .meter.intervals import (
    EnergyBetween,
    Estimate,
    Interval,
    RegisterEstimates,
    estimated_share,
)
from .options import INTERVALS

GET_ENERGY: Final = "get_energy"
GET_INTERVALS: Final = "get_intervals"
GET_REGISTERS: Final = "get_registers"

ATTR_START: Final = "start"
ATTR_END: Final = "end"
ATTR_AT: Final = "at"
ATTR_MINUTES: Final = "minutes"

MOST_INTERVALS: Final = 36_000
"""A year of intervals of 15 minutes, and a little more."""

_METER: Final = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
SPAN_FIELDS: Final = {
    **_METER,
    vol.Required(ATTR_START): cv.datetime,
    vol.Required(ATTR_END): cv.datetime,
}
"""The meter and the time that an action is about; see ``entry_of`` and ``span_of``."""

type Response = dict[str, JsonValueType]


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Register the actions once, for all meters."""
    for name, action, fields in (
        (GET_ENERGY, _async_get_energy, SPAN_FIELDS),
        (
            GET_INTERVALS,
            _async_get_intervals,
            {
                **SPAN_FIELDS,
                vol.Optional(ATTR_MINUTES): vol.All(vol.Coerce(int), vol.In(INTERVALS)),
            },
        ),
        (GET_REGISTERS, _async_get_registers, {**_METER, vol.Required(ATTR_AT): cv.datetime}),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            action,
            schema=vol.Schema(fields),
            supports_response=SupportsResponse.ONLY,
        )


async def _async_get_energy(call: ServiceCall) -> ServiceResponse:
    """Return the energy between two instants, in kWh, and the registers at both."""
    coordinator = entry_of(call).runtime_data
    start, end = span_of(call)
    span = start.timestamp(), end.timestamp()
    energy = await coordinator.billing.async_energy(*span)
    if energy is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_known")
    phases = await coordinator.billing.async_phase_energies(*span)
    return {
        **_energy(energy),
        "registers_at_start": _registers(energy.registers_at_start),
        "registers_at_end": _registers(energy.registers_at_end),
        **_of_phases({phase: _energy(each) for phase, each in phases.items()}),
    }


async def _async_get_intervals(call: ServiceCall) -> ServiceResponse:
    """Return the intervals between two instants, with energies in kWh."""
    coordinator = entry_of(call).runtime_data
    start, end = span_of(call)
    minutes = call.data.get(ATTR_MINUTES, coordinator.options.interval // 60)
    seconds = 60 * minutes
    if (end - start).total_seconds() > MOST_INTERVALS * seconds:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="too_many_intervals",
            translation_placeholders={"days": str(MOST_INTERVALS * seconds // 86400)},
        )
    span = start.timestamp(), end.timestamp()
    found = await coordinator.billing.async_intervals(*span, seconds)
    phases = await coordinator.billing.async_phase_intervals(*span, seconds)
    by_start = {phase: {each.start: each for each in known} for phase, known in phases.items()}
    return {
        "serial_number": coordinator.serial_number,
        "minutes": minutes,
        "intervals": [
            {
                "start": _local(interval.start),
                "end": _local(interval.end),
                **_counted(interval),
                **_of_phases(
                    {
                        phase: _counted(known[interval.start])
                        for phase, known in by_start.items()
                        if interval.start in known
                    }
                ),
            }
            for interval in found
        ],
        "estimated_share": round(estimated_share(found), 4),
    }


async def _async_get_registers(call: ServiceCall) -> ServiceResponse:
    """Return what the meter's display showed at an instant, in kWh."""
    coordinator = entry_of(call).runtime_data
    at = dt_util.as_local(call.data[ATTR_AT])
    registers = await coordinator.billing.async_registers(at.timestamp())
    if registers is None or at > dt_util.utcnow() or not registers.is_known:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_known")
    return _registers(registers)


def entry_of(call: ServiceCall) -> Dts307ConfigEntry:
    """Return the entry of the meter that is meant, or the only one if none is named.

    Raises ServiceValidationError if there is none, or it is not loaded.
    """
    return async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))


def span_of(call: ServiceCall) -> tuple[datetime, datetime]:
    """Return start and end; raise ServiceValidationError if they are the wrong way round."""
    start, end = (dt_util.as_local(call.data[name]) for name in (ATTR_START, ATTR_END))
    if start >= end:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="end_before_start")
    return start, end


def _energy(energy: EnergyBetween) -> Response:
    return {
        "start": _local(energy.start),
        "end": _local(energy.end),
        **_energies({"imported": energy.imported, "exported": energy.exported, "net": energy.net}),
        "estimated_share": round(energy.estimated_share, 4),
    }


def _counted(interval: Interval) -> Response:
    return {
        **_energies({"imported": interval.imported, "exported": interval.exported}),
        "quality": interval.quality.value,
    }


def _of_phases(responses: Response) -> Response:
    """Return what is known of phases as a part of a response, or nothing."""
    return {"phases": responses} if responses else {}


def _registers(registers: RegisterEstimates) -> Response:
    return {
        "at": registers.at.isoformat(),
        "serial_number": registers.serial_number,
        **_energies({"imported": registers.imported, "exported": registers.exported}),
    }


def _energies(estimates: Mapping[str, Estimate | None]) -> Response:
    """Return energies in kWh by name; with their bounds where they are estimates."""
    response: Response = {}
    for name, estimate in estimates.items():
        response[name] = None if estimate is None else _kwh(estimate.value)
        if estimate is not None and estimate.estimated:
            response[f"{name}_lowest"] = _kwh(estimate.lowest)
            response[f"{name}_highest"] = _kwh(estimate.highest)
    return response


def _kwh(energy: float) -> float | None:
    """Return Wh as kWh; None for infinity."""
    return round(energy / 1000, 6) if isfinite(energy) else None


def _local(at: float) -> str:
    return dt_util.as_local(dt_util.utc_from_timestamp(at)).isoformat()
