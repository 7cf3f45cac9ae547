"""Handle a replaced meter: continue with the new one only if the owner confirms it.

Until then its readings are not used, so that two meters never mix in one history. Its registers
when it was first seen are stored, so that what it counts until the answer is not lost.
"""

from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from ..connection import MeterAddress, async_temporary_meter
from ..const import DOMAIN
from ..identification import CONF_SERIAL_NUMBER, identification, serial_number_of
from ..issues import async_raise_issue, async_withdraw_issue
from ..meter import Identity, Meter, MeterError, Reading
from ..meter.validation import FirstSight, believable
from ..meter_events import Replaced, async_report
from ..options import MeterOptions
from ..stores import CounterKeeper, async_carry_to_new_meter
from ..wording import number_text

_REPLACED: Final = "meter_replaced"
MAY_BEGIN_AT_ZERO: Final = "may_begin_at_zero"
"""The key of the question's data that says whether the registers can have begun at 0."""
_UNKNOWN: Final = "?"


class ReplacementError(Exception):
    """The entry cannot continue with the meter that answers; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        """Keep the translation key of the reason."""
        super().__init__(reason)
        self.reason = reason


async def async_raise_replaced(
    hass: HomeAssistant, entry: ConfigEntry, other: Meter, counters: CounterKeeper
) -> None:
    """Ask whether the ``other`` meter, which answers, replaces the entry's meter.

    Its registers are stored when it is first seen.
    """
    sight = counters.first_sight
    if sight is None or sight.serial_number != other.identity.serial_number:
        sight = await _async_first_sight(entry, other)
        await counters.async_keep_first_sight(sight)
    async_raise_issue(
        hass,
        entry,
        _REPLACED,
        question={MAY_BEGIN_AT_ZERO: counters.can_have_begun_at_zero},
        placeholders=_shown(hass, sight),
    )


@callback
def async_withdraw_replaced(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the question: the entry's own meter answers."""
    async_withdraw_issue(hass, entry, _REPLACED)


async def async_continue_with_new_meter(
    hass: HomeAssistant, entry: ConfigEntry, *, from_zero: bool
) -> None:
    """Continue with the meter that answers now: same entities and history.

    Its energy counts from when it was first seen, or ``from_zero``. Raises ReplacementError, and
    leaves the entry unchanged then.
    """
    identity, sight = await _async_answering(hass, entry)
    if sight is not None:
        entries = hass.config_entries.async_entries(DOMAIN)
        others = {other.unique_id for other in entries if other is not entry}
        if identity.has_serial_number and identity.serial_number in others:
            raise ReplacementError("already_configured")
        unique_id, kept = identification(identity, MeterAddress.parse(entry.data).place, others)
        # Entities and stored counters move to the other meter while nothing uses them.
        await hass.config_entries.async_unload(entry.entry_id)
        await _async_rename(hass, entry, unique_id, identity.serial_number)
        await async_carry_to_new_meter(hass, entry, sight, from_zero=from_zero)
        event = Replaced(old=serial_number_of(entry), new=identity.serial_number)
        async_report(hass, entry, event)
        data = {key: value for key, value in entry.data.items() if key != CONF_SERIAL_NUMBER}
        hass.config_entries.async_update_entry(entry, unique_id=unique_id, data={**data, **kept})
    await hass.config_entries.async_reload(entry.entry_id)


async def _async_answering(
    hass: HomeAssistant, entry: ConfigEntry
) -> tuple[Identity, FirstSight | None]:
    """Return the identity of the meter that answers, and how it was first seen; None if it is own.

    Raises ReplacementError.
    """
    is_loaded = entry.state is ConfigEntryState.LOADED
    sight: FirstSight | None = entry.runtime_data.counters.first_sight if is_loaded else None
    try:
        async with async_temporary_meter(hass, MeterAddress.parse(entry.data)) as meter:
            identity = meter.identity
            if identity.serial_number == serial_number_of(entry):
                return identity, None
            if sight is None or sight.serial_number != identity.serial_number:
                sight = await _async_first_sight(entry, meter)
    except (MeterError, HomeAssistantError) as err:
        raise ReplacementError("not_answering") from err
    if sight is None:
        raise ReplacementError("not_answering")
    return identity, sight


async def _async_first_sight(entry: ConfigEntry, meter: Meter) -> FirstSight | None:
    """Read the registers of a meter twice in a row; return None if that fails or they differ."""
    reads: list[tuple[float, Reading]] = []
    try:
        for _ in range(2):
            reading = believable(await meter.read(whole=True))
            reads.append((dt_util.utcnow().timestamp(), reading))
    except MeterError:
        return None
    service_current = MeterOptions.parse(entry.options).service_current
    return FirstSight.of(meter.identity.serial_number, reads[0], reads[1], service_current)


def _shown(hass: HomeAssistant, sight: FirstSight | None) -> dict[str, str]:
    """Return what the repair shows of the other meter's registers."""
    if sight is None:
        return dict.fromkeys(("time", "imported", "exported"), _UNKNOWN)

    def energy(register: float | None) -> str:
        return _UNKNOWN if register is None else number_text(hass, register / 1000, digits=3)

    seen = dt_util.as_local(dt_util.utc_from_timestamp(sight.at))
    return {
        "time": f"{seen:%Y-%m-%d %H:%M}",
        "imported": energy(sight.imported),
        "exported": energy(sight.exported),
    }


async def _async_rename(
    hass: HomeAssistant, entry: ConfigEntry, new: str, serial_number: str
) -> None:
    """Change the unique ID in the registries; entities and device keep their settings."""
    old = str(entry.unique_id)

    @callback
    def renamed(entity: er.RegistryEntry) -> dict[str, str] | None:
        if new == old:
            return None
        return {"new_unique_id": new + entity.unique_id.removeprefix(old)}

    await er.async_migrate_entries(hass, entry.entry_id, renamed)
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_device(
            device.id, new_identifiers={(DOMAIN, new)}, serial_number=serial_number or None
        )
