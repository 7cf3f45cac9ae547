"""Icons: that of the device class where it has one, and one that fits wherever the meter is."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

from homeassistant import components
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.helpers.entity import EntityDescription
import pytest

from custom_components.dts307 import binary_sensor, sensor
from custom_components.dts307.descriptions import (
    CONNECTION_BINARY_SENSORS,
    CONNECTION_SENSORS,
    COST_SENSORS,
    LOGGED_EVENTS,
    PRODUCTION_SENSOR,
    SHARING_SENSORS,
)
from tests.integration.home import INTEGRATION

ICONS: dict[str, Any] = json.loads((INTEGRATION / "icons.json").read_text())

DESCRIPTIONS: dict[str, tuple[EntityDescription, ...]] = {
    "sensor": (
        *sensor.SENSORS,
        PRODUCTION_SENSOR,
        *COST_SENSORS.values(),
        *CONNECTION_SENSORS,
        *SHARING_SENSORS,
    ),
    "binary_sensor": (*binary_sensor.BINARY_SENSORS, *CONNECTION_BINARY_SENSORS),
    "event": (LOGGED_EVENTS,),
}
"""Of all roles."""

ALL = [
    pytest.param(platform, each, id=f"{platform}-{each.key}")
    for platform, descriptions in DESCRIPTIONS.items()
    for each in descriptions
]


def icon_of_class(platform: str, description: EntityDescription) -> str | None:
    """Return the icon that Home Assistant has for a description's device class.

    Its eye for every ENUM says nothing of what an entity is, and has no icons for the states.
    """
    path = Path(components.__path__[0]) / platform / "icons.json"
    of_classes = json.loads(path.read_text())["entity_component"]
    if description.device_class is SensorDeviceClass.ENUM:
        return None
    icons: dict[str, str] = of_classes.get(description.device_class, {})
    return icons.get("default")


def icons_in(part: Any) -> Iterator[str]:
    """Yield all icons of a part of icons.json."""
    if isinstance(part, str):
        yield part
    else:
        for inner in part.values():
            yield from icons_in(inner)


@pytest.mark.parametrize(("platform", "description"), ALL)
def test_each_entity_has_one_icon(platform: str, description: EntityDescription) -> None:
    """Either its class has one, or we do."""
    has_own = description.translation_key in ICONS["entity"][platform]
    assert has_own is (icon_of_class(platform, description) is None)


@pytest.mark.parametrize("platform", DESCRIPTIONS)
def test_icons_belong_to_entities(platform: str) -> None:
    """None is left of an entity that is gone."""
    keys = {description.translation_key for description in DESCRIPTIONS[platform]}
    assert ICONS["entity"][platform].keys() <= keys
    assert ICONS["entity"].keys() == DESCRIPTIONS.keys()


def test_no_icon_shows_a_place() -> None:
    """A transmission tower is right at the grid connection, and wrong at an inverter or a load."""
    icons = set(icons_in(ICONS))
    assert all(icon.startswith("mdi:") for icon in icons)
    assert not {icon for icon in icons if "transmission-tower" in icon}
