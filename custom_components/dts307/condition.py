"""Conditions of automations: export, surplus, overload, current level, direction of power."""

from collections.abc import Collection
from typing import ClassVar, Final, cast, override

from homeassistant.const import (
    CONF_OPTIONS,
    STATE_OFF,
    STATE_ON,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.condition import (
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
)
from homeassistant.helpers.selector import NumericThresholdMode
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .automation import (
    CONF_LEVEL,
    CONF_THRESHOLD,
    NO_VALUE,
    SURPLUS_SENSOR,
    NotComparableError,
    PausingCondition,
    SurplusThreshold,
    entities_showing,
    one_or_more_of,
    refuse_other_entities,
    threshold_field,
)
from .meter.alarms import CurrentLevel, EnergyDirection

CONF_DIRECTION: Final = "direction"


def _schema(options: dict[vol.Marker, object]) -> vol.Schema:
    """Return the schema of a condition with a target, any or all, ``for``, and further options."""
    return ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend({vol.Required(CONF_OPTIONS): options})


class MeterCondition(PausingCondition):
    """Tests what one kind of entity shows, of each meter in a target.

    While an entity has no value, the condition does not hold.
    """

    schema: ClassVar[vol.Schema] = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL
    key: ClassVar[str]

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        config = cast(ConfigType, cls.schema(config))
        refuse_other_entities(hass, cls.key, config)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return entities_showing(self.hass, self.key, entities)


class StateCondition(MeterCondition):
    """Holds while an entity shows one of the wanted states, which may be that it has no value."""

    wanted: Collection[str]

    @override
    def has_value(self, state: State) -> bool:
        return state.state in self.wanted or super().has_value(state)

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        return entity_state.state in self.wanted


def _binary_condition(binary_key: str, *states: str) -> type[StateCondition]:
    """Return a condition that holds while the binary sensor with this key shows such a state."""

    class BinaryCondition(StateCondition):
        key = binary_key
        wanted = states

    return BinaryCondition


def _choice_condition(
    sensor_key: str, option: str, choices: Collection[str]
) -> type[StateCondition]:
    """Return a condition that holds while the sensor with this key shows what ``option`` lists."""

    class ChoiceCondition(StateCondition):
        schema = _schema({vol.Required(option): one_or_more_of(choices)})
        key = sensor_key

        def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
            super().__init__(hass, config)
            chosen = set((config.options or {})[option])
            # "Unknown" includes that the meter does not answer.
            self.wanted = chosen | NO_VALUE if STATE_UNKNOWN in chosen else chosen

    return ChoiceCondition


class SurplusCondition(MeterCondition):
    """Holds while the surplus, which is what the site exports, is beyond a threshold."""

    schema = _schema({vol.Required(CONF_THRESHOLD): threshold_field(NumericThresholdMode.IS)})
    key = SURPLUS_SENSOR

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Keep the threshold."""
        super().__init__(hass, config)
        self._threshold = SurplusThreshold(hass, (config.options or {})[CONF_THRESHOLD])

    @property
    @override
    def needs_polling(self) -> bool:
        return self._threshold.has_entities or super().needs_polling

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        try:
            return self._threshold.is_met_by(entity_state)
        except NotComparableError:
            return False


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "is_exporting": _binary_condition("exporting", STATE_ON),
    "is_not_exporting": _binary_condition("exporting", STATE_OFF),
    "is_overloaded": _binary_condition("overload", STATE_ON),
    "is_not_overloaded": _binary_condition("overload", STATE_OFF),
    "is_not_answering": _binary_condition("answering", STATE_OFF, *NO_VALUE),
    "power_direction_is": _choice_condition(
        "energy_direction", CONF_DIRECTION, (*EnergyDirection, STATE_UNKNOWN)
    ),
    "current_level_is": _choice_condition("current_level", CONF_LEVEL, CurrentLevel),
    "surplus_is": SurplusCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of a meter."""
    return CONDITIONS
