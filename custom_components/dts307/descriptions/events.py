"""Binary sensors of the meter's own event flags."""

from typing import Final

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.const import EntityCategory

from ..meter import MeterEvent
from ..snapshot import Snapshot
from .base import MeterBinarySensorDescription


def _event(key: str, flag: MeterEvent) -> MeterBinarySensorDescription[Snapshot]:
    def is_set(now: Snapshot) -> bool | None:
        events = now.reading.events
        return None if events is None else flag in events

    return MeterBinarySensorDescription[Snapshot](
        key=key,
        translation_key=key,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=is_set,
    )


EVENTS: Final = tuple(_event(flag.name.lower(), flag) for flag in MeterEvent if flag.name)
