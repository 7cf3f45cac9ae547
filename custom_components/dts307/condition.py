"""Conditions of automations: export, surplus, overload, current level, direction of power."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, Final, cast, override

from homeassistant.const import (
    CONF_OPTIONS,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.condition import (
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityConditionBase,
    EntityNumericalConditionWithUnitBase,
    EntityStateConditionBase,
)
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.unit_conversion import PowerConverter
import voluptuous as vol

from .automation.targets import (
    BINARY_SENSORS,
    CONF_DIRECTION,
    CONF_LEVEL,
    SENSORS,
    PowerDirection,
    entities_showing,
    one_or_more_of,
    refuse_other_entities,
    surplus,
)
from .meter.alarms import CurrentLevel


class MeterCondition(EntityConditionBase):
    """Tests what one kind of entity of the meters in a target shows.

    On a serial bus a reply gets lost now and then. While nothing is known, nothing holds; but the
    time ``for`` which something has held does not begin anew afterwards, it goes on.
    """

    _primary_entities_only = False
    _needs_duration_tracking = True
    _key: ClassVar[str]

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Begin without anything that was interrupted."""
        super().__init__(hass, config)
        self._held: dict[str, timedelta] = {}

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        config = cast(ConfigType, cls._schema(config))
        refuse_other_entities(hass, cls._key, config)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return entities_showing(self._hass, self._key, super().entity_filter(entities))

    @override
    def _update_valid_since(self, entity_id: str, _state: State | None) -> None:
        since = self._valid_since.get(entity_id)
        super()._update_valid_since(entity_id, _state)
        if _state is not None and not self._should_include(_state):
            if since is not None:
                self._held[entity_id] = _state.last_changed - since
            return
        held = self._held.pop(entity_id, timedelta())
        if since is None and entity_id in self._valid_since:
            self._valid_since[entity_id] -= held

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        # Home Assistant leaves out what is not known, and says of nothing that all of it matches.
        return bool(states) and super()._check_all_match_state(states)


def _state_condition(key: str, state: str) -> type[MeterCondition]:
    """Return a condition that holds while the binary sensor with this key shows a state."""

    class StateCondition(MeterCondition, EntityStateConditionBase):
        _domain_specs = BINARY_SENSORS
        _key = key

        def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
            super().__init__(hass, config)
            self._states = {state}

    return StateCondition


class NotAnsweringCondition(MeterCondition):
    """Holds while nothing is heard of the meter: it is silent, or could not be set up at all."""

    _domain_specs = BINARY_SENSORS
    _key = "answering"

    @override
    def _should_include(self, _state: State) -> bool:
        return True

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        return entity_state.state != STATE_ON


def _choice_condition(key: str, option: str, choices: type[StrEnum]) -> type[MeterCondition]:
    """Return a condition that holds while the sensor with this key shows what ``option`` lists."""

    class ChoiceCondition(MeterCondition, EntityStateConditionBase):
        _schema = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
            {vol.Required(CONF_OPTIONS): {vol.Required(option): one_or_more_of(choices)}}
        )
        _domain_specs = SENSORS
        _key = key

        def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
            super().__init__(hass, config)
            self._states = set((config.options or {})[option])
            if STATE_UNKNOWN in self._states:
                # Of a meter that does not answer, nothing is known either.
                self._states.add(STATE_UNAVAILABLE)

        @override
        def _should_include(self, _state: State) -> bool:
            return _state.state in self._states or super()._should_include(_state)

    return ChoiceCondition


class SurplusCondition(MeterCondition, EntityNumericalConditionWithUnitBase):
    """Holds while the surplus, which is what the site exports, is beyond a threshold."""

    _domain_specs = SENSORS
    _key = "power"
    _base_unit = UnitOfPower.WATT
    _unit_converter = PowerConverter

    @override
    def _get_tracked_value(self, entity_state: State) -> float | None:
        return surplus(super()._get_tracked_value(entity_state))


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "is_exporting": _state_condition("exporting", STATE_ON),
    "is_not_exporting": _state_condition("exporting", STATE_OFF),
    "is_overloaded": _state_condition("overload", STATE_ON),
    "is_not_overloaded": _state_condition("overload", STATE_OFF),
    "is_not_answering": NotAnsweringCondition,
    "power_direction_is": _choice_condition("energy_direction", CONF_DIRECTION, PowerDirection),
    "current_level_is": _choice_condition("current_level", CONF_LEVEL, CurrentLevel),
    "surplus_is": SurplusCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of a meter."""
    return CONDITIONS
