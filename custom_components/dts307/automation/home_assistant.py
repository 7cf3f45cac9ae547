"""The one place where automations reach into Home Assistant's private names.

Home Assistant's ``EntityConditionBase`` finds the entities of a target, matches any or all of them,
and keeps the time ``for`` which they match, also out of the recorder's history. It offers no public
way to pause that time. ``tests/private_names.py`` lists the names that do it, and says which one is
missing when Home Assistant changes.
"""

from datetime import timedelta
from typing import Final, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import ConditionConfig, EntityConditionBase

from .targets import NO_VALUE

_DOMAINS: Final = {BINARY_SENSOR_DOMAIN: DomainSpec(), SENSOR_DOMAIN: DomainSpec()}


class PausingCondition(EntityConditionBase):
    """An entity condition whose time ``for`` pauses while an entity has no value.

    On a serial bus a response gets lost now and then. Home Assistant's own conditions restart the
    time after each of them.
    """

    _domain_specs = _DOMAINS
    _primary_entities_only = False

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Start with nothing paused."""
        super().__init__(hass, config)
        self.hass = hass
        self._paused_after: dict[str, timedelta] = {}

    def has_value(self, state: State) -> bool:
        """Return whether the condition can be judged by this state."""
        return state.state not in NO_VALUE

    @override
    def _should_include(self, _state: State) -> bool:
        return self.has_value(_state)

    @override
    def _update_valid_since(self, entity_id: str, _state: State | None) -> None:
        since = self._valid_since.get(entity_id)
        super()._update_valid_since(entity_id, _state)
        if _state is not None and not self.has_value(_state):
            if since is not None:
                self._paused_after[entity_id] = _state.last_changed - since
            return
        held = self._paused_after.pop(entity_id, timedelta())
        if since is None and entity_id in self._valid_since:
            self._valid_since[entity_id] -= held

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        # Entities without a value are left out; if none is left, "all" would be true.
        return bool(states) and super()._check_all_match_state(states)
