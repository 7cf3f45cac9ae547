"""Make a file of a meter's interval data, as an owner asks for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util, slugify
import voluptuous as vol

from ..actions import ATTR_END, ATTR_MINUTES, ATTR_START
from ..const import DEFAULT_NAME, DOMAIN
from ..coordinator import Dts307ConfigEntry
from ..meter.exports import ExportError, Format, Source, export, needed_span
from ..meter.intervals import Interval
from ..meter.phases import PHASES
from ..meter.validation import ACTIVE_ENERGIES
from ..options import INTERVALS

ATTR_FORMAT: Final = "format"
ATTR_PHASES: Final = "phases"

_MOST_INTERVALS: Final = 110_000
"""Three years of intervals of 15 minutes, which is all that is kept."""

_YEARS: Final = range(2000, 2200)
"""Any other year is a slip, and a time zone may not know it."""

_LONGEST_NAME: Final = 100


def _instant(value: Any, *, ends: bool) -> datetime:
    """Return when a time begins or ends: an instant, or a local day as a whole.

    Raises vol.Invalid if it is neither.
    """
    found = value
    if isinstance(value, str):
        found = dt_util.parse_date(value) or dt_util.parse_datetime(value)
    if not isinstance(found, date) or found.year not in _YEARS:
        raise vol.Invalid("not a date or a time")
    if isinstance(found, datetime):
        return dt_util.as_local(found)
    return dt_util.start_of_local_day(found + timedelta(days=1) if ends else found)


def _start(value: Any) -> datetime:
    return _instant(value, ends=False)


def _end(value: Any) -> datetime:
    return _instant(value, ends=True)


REQUEST_FIELDS: Final = {
    vol.Required(ATTR_FORMAT): vol.Coerce(Format),
    vol.Required(ATTR_START): _start,
    vol.Optional(ATTR_END): _end,
    vol.Optional(ATTR_MINUTES, default=15): vol.All(vol.Coerce(int), vol.In(INTERVALS)),
}
"""What an owner asks for. A date stands for the whole day, as the end too; without an end, the file
goes as far as there is data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """A file of interval data."""

    phases: Collection[str]
    """of which it has columns"""

    name: str
    """which every file system takes"""
    text: str
    content_type: str


async def async_export_file(
    hass: HomeAssistant, entry: Dts307ConfigEntry, asked: dict[str, Any], user: User | None
) -> ExportFile:
    """Return the file of a meter, whose entry is loaded, that was asked for.

    ``asked`` has the REQUEST_FIELDS, and may have the only ``phases`` that are wanted. Without a
    user, it is an automation that asks.

    Raises:
        ServiceValidationError: there can be no such file; the message says why.
        Unauthorized: the user may not read the meter's energies.
    """
    if user is not None and not _may_read(hass, entry, user):
        raise Unauthorized
    zone, now = dt_util.get_default_time_zone(), dt_util.utcnow()
    begin, finish = asked[ATTR_START], asked.get(ATTR_END, now)
    if begin >= now:
        raise _refusal("nothing_known")
    if begin >= finish:
        raise _refusal("end_before_start")
    finish = min(finish, now)
    chosen, seconds = asked[ATTR_FORMAT], 60 * asked[ATTR_MINUTES]
    if (finish - begin).total_seconds() > _MOST_INTERVALS * seconds:
        raise _refusal("too_many_intervals", days=str(_MOST_INTERVALS * seconds // 86400))
    start, end = needed_span(chosen, begin.timestamp(), finish.timestamp(), zone)
    billing = entry.runtime_data.billing
    intervals = await billing.async_intervals(start, end, seconds)
    phases: Mapping[str, Sequence[Interval]] = {}
    if chosen is Format.CSV:
        known = await billing.async_phase_intervals(start, end, seconds)
        phases = {
            phase: found
            for phase, found in known.items()
            if phase in asked.get(ATTR_PHASES, PHASES)
            and (user is None or _may_read(hass, entry, user, f"_{phase}"))
        }
    source = Source(
        name=entry.title,
        serial_number=entry.runtime_data.serial_number,
        unique_id=str(entry.unique_id),
        zone=zone,
        seconds=seconds,
        created=now.timestamp(),
    )
    try:
        exported = await hass.async_add_executor_job(export, chosen, intervals, source, phases)
    except ExportError as err:
        raise _refusal(err.reason) from err
    name = slugify(entry.title)[:_LONGEST_NAME] or slugify(DEFAULT_NAME)
    return ExportFile(
        phases=phases.keys(),
        name=f"{name}_{exported.ending}",
        text=exported.text,
        content_type=exported.content_type,
    )


def _may_read(hass: HomeAssistant, entry: Dts307ConfigEntry, user: User, suffix: str = "") -> bool:
    """Return whether a user may read the energies as states, or those of a phase by its suffix."""
    if user.is_admin or user.permissions.access_all_entities(POLICY_READ):
        return True
    registry = er.async_get(hass)
    entities = [
        registry.async_get_entity_id(Platform.SENSOR, DOMAIN, f"{entry.unique_id}_{key}{suffix}")
        for key in ACTIVE_ENERGIES
    ]
    return all(
        entity_id is not None and user.permissions.check_entity(entity_id, POLICY_READ)
        for entity_id in entities
    )


def _refusal(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )
