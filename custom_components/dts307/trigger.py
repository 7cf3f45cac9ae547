"""Triggers of automations: export, surplus, overload, current level, and whether it answers.

Home Assistant's own entity triggers compare a state with the one just before, so that they miss
what changes while an entity is unavailable, and never take up a wait that was interrupted. On a
serial bus a reply gets lost now and then: ours compare with what was known last.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, cast, override

from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_FOR,
    CONF_OPTIONS,
    STATE_OFF,
    STATE_ON,
    UnitOfPower,
)
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, State, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.selector import NumericThresholdMode
from homeassistant.helpers.target import (
    TargetStateChangedData,
    async_track_target_selector_state_change_event,
)
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityNumericalStateTriggerWithUnitBase,
    EntityTriggerBase,
    NotTriggeredInfo,
    NotTriggeredReasonReporter,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.unit_conversion import PowerConverter
import voluptuous as vol

from .automation.debounce import Debounce
from .automation.targets import (
    BINARY_SENSORS,
    CONF_LEVEL,
    CONF_THRESHOLD,
    SENSORS,
    entities_showing,
    one_or_more_of,
    power_threshold,
    refuse_other_entities,
    surplus,
)
from .meter.alarms import CurrentLevel


def _schema(options: Mapping[Any, Any] | None = None) -> vol.Schema:
    """Return the schema of a trigger with a target, ``for`` how long, and further options."""
    fields = {vol.Optional(CONF_FOR): cv.positive_time_period, **(options or {})}
    return ENTITY_STATE_TRIGGER_SCHEMA.extend({vol.Required(CONF_OPTIONS, default={}): fields})


class MeterTrigger(EntityTriggerBase):
    """Fires for each meter of a target whose entity begins to show what is waited for.

    What a subclass reads out of a state is compared with what was known before; it fires when it
    has become one of the values wanted, and stayed so ``for`` the time asked.
    """

    _schema = _schema()
    _primary_entities_only = False
    _key: ClassVar[str]
    _wanted: Collection[str]

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        config = cast(ConfigType, cls._schema(config))
        refuse_other_entities(hass, cls._key, config)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return entities_showing(self._hass, self._key, super().entity_filter(entities))

    def known_value(self, state: State, report: NotTriggeredReasonReporter) -> str | None:
        """Return what is compared in a state; None, after a report why, if it does not tell."""
        return state.state

    def _value(
        self, state: State, did_not_trigger: TriggerNotTriggeredReporter | None
    ) -> str | None:
        def report(reason: str, /, **data: Any) -> None:
            if did_not_trigger is not None:
                did_not_trigger(NotTriggeredInfo(reason=reason, data=data), state.context)

        known = state.state not in self._excluded_states
        return self.known_value(state, report) if known else None

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        watches: dict[str, _Watch] = {}

        @callback
        def targets_changed(
            added: set[str], removed: set[str], states: Mapping[str, State | None]
        ) -> None:
            for entity_id in removed:
                watches.pop(entity_id).cancel()
            for entity_id in added:
                watches[entity_id] = _Watch(self._hass, self._wanted, self._duration, run_action)
                see(entity_id, states[entity_id])

        @callback
        def state_changed(data: TargetStateChangedData) -> None:
            changed = data.state_change_event.data
            see(changed["entity_id"], changed["new_state"])

        def see(entity_id: str, state: State | None) -> None:
            value = None if state is None else self._value(state, did_not_trigger)
            watches[entity_id].see(state, value)

        untrack = await async_track_target_selector_state_change_event(
            self._hass,
            self._target,
            state_changed,
            self.entity_filter,
            targets_changed,
            primary_entities_only=self._primary_entities_only,
        )

        @callback
        def detach() -> None:
            untrack()
            for watch in watches.values():
                watch.cancel()

        return detach


class _Watch:
    """Waits for one entity to show, and to go on showing, what a trigger fires at."""

    def __init__(
        self,
        hass: HomeAssistant,
        wanted: Collection[str],
        duration: timedelta | None,
        run_action: TriggerActionRunner,
    ) -> None:
        self._hass = hass
        self._duration = duration
        self._run_action = run_action
        self._onset = Debounce(wanted, duration.total_seconds() if duration else 0)
        self._before: State | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None

    @callback
    def see(self, state: State | None, value: str | None) -> None:
        """Take note of a state, and of what is compared in it; fire, wait, or wait no more."""
        now = self._hass.loop.time()
        waited_for = self._onset.pending, self._onset.due
        self._onset.see(value, now)
        due = self._onset.due
        if due is None and value is not None:
            self._before = state
        if waited_for == (self._onset.pending, due):
            return
        self.cancel()
        if due is None or state is None:
            return

        @callback
        def fire(_now: datetime | None = None) -> None:
            before, self._before = self._before, state
            self._onset.reach()
            self._run_action(
                {
                    ATTR_ENTITY_ID: state.entity_id,
                    "from_state": before,
                    "to_state": state,
                    "for": self._duration,
                },
                f"state of {state.entity_id}",
                state.context,
            )

        if due <= now:
            fire()
        else:
            job = HassJob(fire, cancel_on_shutdown=True)
            self._cancel_timer = async_call_later(self._hass, due - now, job)

    @callback
    def cancel(self) -> None:
        """Stop waiting."""
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None


def _state_trigger(key: str, state: str) -> type[MeterTrigger]:
    """Return a trigger that fires when the binary sensor with this key begins to show a state."""

    class StateTrigger(MeterTrigger):
        _domain_specs = BINARY_SENSORS
        _key = key
        _wanted = (state,)

    return StateTrigger


class CurrentLevelTrigger(MeterTrigger):
    """Fires when the current reaches another of the STATUS light's levels (guide section 5)."""

    _schema = _schema({vol.Optional(CONF_LEVEL): one_or_more_of(CurrentLevel)})
    _domain_specs = SENSORS
    _key = "current_level"

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Wait for the levels that are chosen, or for all of them."""
        super().__init__(hass, config)
        self._wanted = self._options.get(CONF_LEVEL, CurrentLevel)


class SurplusTrigger(MeterTrigger, EntityNumericalStateTriggerWithUnitBase):
    """Fires when the surplus, which is what the site exports, crosses a threshold."""

    _schema = _schema({vol.Required(CONF_THRESHOLD): power_threshold(NumericThresholdMode.CROSSED)})
    _domain_specs = SENSORS
    _key = "power"
    _wanted = (STATE_ON,)
    _base_unit = UnitOfPower.WATT
    _unit_converter = PowerConverter

    @override
    def _get_tracked_value(self, state: State) -> float | None:
        return surplus(super()._get_tracked_value(state))

    @override
    def known_value(self, state: State, report: NotTriggeredReasonReporter) -> str | None:
        comparable = True

        def incomparable(reason: str, /, **data: Any) -> None:
            nonlocal comparable
            comparable = False
            report(reason, **data)

        beyond = STATE_ON if self.is_valid_state(state, incomparable) else STATE_OFF
        return beyond if comparable else None


TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "export_started": _state_trigger("exporting", STATE_ON),
    "export_stopped": _state_trigger("exporting", STATE_OFF),
    "overload_started": _state_trigger("overload", STATE_ON),
    "overload_cleared": _state_trigger("overload", STATE_OFF),
    "stopped_answering": _state_trigger("answering", STATE_OFF),
    "answers_again": _state_trigger("answering", STATE_ON),
    "current_level_changed": CurrentLevelTrigger,
    "surplus_crossed_threshold": SurplusTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers of a meter."""
    return TRIGGERS
