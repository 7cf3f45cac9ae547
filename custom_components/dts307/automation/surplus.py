"""The surplus, which is the power that the site exports, and the thresholds it is compared with.

Home Assistant compares numbers in its triggers and again in its conditions, each time behind
private methods. Ours compare in one way.
"""

from collections.abc import Callable, Mapping
import operator
from typing import Any, Final
from weakref import WeakSet

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfPower
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    NumericThresholdMode,
    NumericThresholdSelector,
    NumericThresholdSelectorConfig,
    NumericThresholdType,
)
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.unit_conversion import PowerConverter

from ..const import DOMAIN

CONF_THRESHOLD: Final = "threshold"
SURPLUS_SENSOR: Final = "power"
"""The key of the sensor that triggers and conditions on the surplus look at."""

_COMPARISONS: Final[Mapping[str, Callable[..., bool]]] = {
    NumericThresholdType.ABOVE: operator.gt,
    NumericThresholdType.BELOW: operator.lt,
    NumericThresholdType.BETWEEN: lambda surplus, low, high: low <= surplus <= high,
    NumericThresholdType.OUTSIDE: lambda surplus, low, high: not low <= surplus <= high,
}
_LIMITS: Final = ("value", "value_min", "value_max")
"""The limits of a threshold: the first for above and below, the others for between and outside."""
_THRESHOLDS: HassKey[WeakSet[SurplusThreshold]] = HassKey(f"{DOMAIN}_surplus_thresholds")


class NotComparableError(ValueError):
    """A state is not a power; the reason and the data are those of Home Assistant's own traces."""

    def __init__(self, reason: str, **data: str | None) -> None:
        """Name what is wrong with which state."""
        super().__init__(reason)
        self.reason = reason
        self.data = data


class SurplusThreshold:
    """A threshold from the automation editor: numbers, or the states of other entities.

    As long as it exists, a reading on the other side of it is written.
    """

    def __init__(self, hass: HomeAssistant, config: Mapping[str, Any]) -> None:
        """Take what ``threshold_field`` has validated."""
        self._hass = hass
        self._is_met = _COMPARISONS[config["type"]]
        self._limits = [config[name] for name in _LIMITS if name in config]
        hass.data.setdefault(_THRESHOLDS, WeakSet()).add(self)

    @property
    def has_entities(self) -> bool:
        """Whether a limit is the state of another entity."""
        return any("entity" in limit for limit in self._limits)

    def is_met_by(self, power: State) -> bool:
        """Return whether the surplus meets the threshold while the meter shows this power.

        Raises NotComparableError if the state or a limit is not a power.
        """
        return self.is_met_at(_watts(power, "entity"))

    def is_met_at(self, power: float) -> bool:
        """Return whether the surplus meets the threshold at a power in W, positive for import.

        Raises NotComparableError if a limit is not a power.
        """
        return self._is_met(-power, *map(self._limit, self._limits))

    def _limit(self, limit: Mapping[str, Any]) -> float:
        if "number" in limit:
            number, unit = limit["number"], limit["unit_of_measurement"]
            return PowerConverter.convert(number, unit, UnitOfPower.WATT)
        if (state := self._hass.states.get(limit["entity"])) is None:
            raise NotComparableError("threshold_entity_not_found", entity_id=limit["entity"])
        return _watts(state, "threshold")


@callback
def async_crosses_threshold(hass: HomeAssistant, before: float, after: float) -> bool:
    """Return whether an automation has a threshold between two powers in W."""

    def is_between(threshold: SurplusThreshold) -> bool:
        try:
            return threshold.is_met_at(before) != threshold.is_met_at(after)
        except NotComparableError:
            return False

    return any(map(is_between, hass.data.get(_THRESHOLDS, ())))


def threshold_field(mode: NumericThresholdMode) -> NumericThresholdSelector:
    """Return the field for a threshold in any unit of power."""
    units: list[str | None] = [str(unit) for unit in PowerConverter.VALID_UNITS]
    return NumericThresholdSelector(
        NumericThresholdSelectorConfig(mode=mode, unit_of_measurement=units)
    )


def _watts(state: State, role: str) -> float:
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    try:
        return PowerConverter.convert(float(state.state), unit, UnitOfPower.WATT)
    except ValueError:
        reason = f"{role}_value_not_numeric"
        raise NotComparableError(reason, entity_id=state.entity_id, value=state.state) from None
    except HomeAssistantError:
        reason = f"{role}_unit_not_supported"
        raise NotComparableError(reason, entity_id=state.entity_id, unit=unit) from None
