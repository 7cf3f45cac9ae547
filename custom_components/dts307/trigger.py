"""Triggers of automations: export, surplus, overload, current level, and whether it answers.

Home Assistant's own entity triggers compare a state with the one just before: they miss a change
that happens while an entity is unavailable, and they drop a wait that an outage interrupts. On a
serial bus a response gets lost now and then, so ours compare with the last known value.
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
    NotTriggeredInfo,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .automation import (
    CONF_LEVEL,
    CONF_THRESHOLD,
    NO_VALUE,
    SURPLUS_SENSOR,
    NotComparableError,
    SurplusThreshold,
    SustainedChange,
    entities_showing,
    one_or_more_of,
    refuse_other_entities,
    threshold_field,
)
from .meter.alarms import CurrentLevel


def _schema(options: Mapping[Any, Any] | None = None) -> vol.Schema:
    """Return the schema of a trigger with a target, ``for`` how long, and further options."""
    fields = {vol.Optional(CONF_FOR): cv.positive_time_period, **(options or {})}
    return ENTITY_STATE_TRIGGER_SCHEMA.extend({vol.Required(CONF_OPTIONS, default={}): fields})


class MeterTrigger(Trigger):
    """Fires for each meter in a target whose entity changes to a wanted value.

    The value must stay wanted ``for`` the time asked. While the entity has no value, that time
    pauses.
    """

    schema: ClassVar[vol.Schema] = _schema()
    key: ClassVar[str]
    wanted: Collection[str]

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Keep what the automation asks for."""
        super().__init__(hass, config)
        self.hass = hass
        self.target = config.target or {}
        self.options = config.options or {}

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        config = cast(ConfigType, cls.schema(config))
        refuse_other_entities(hass, cls.key, config)
        return config

    def value_of(self, state: State) -> str:
        """Return what is compared with the wanted values.

        Raises NotComparableError if the state has no comparable value.
        """
        return state.state

    def _value(
        self, state: State | None, did_not_trigger: TriggerNotTriggeredReporter | None
    ) -> str | None:
        if state is None or state.state in NO_VALUE:
            return None
        try:
            return self.value_of(state)
        except NotComparableError as err:
            if did_not_trigger is not None:
                did_not_trigger(NotTriggeredInfo(err.reason, err.data), state.context)
            return None

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        watches: dict[str, _Watch] = {}

        def of_a_meter(entity_ids: set[str]) -> set[str]:
            return entities_showing(self.hass, self.key, entity_ids)

        @callback
        def targets_changed(
            added: set[str], removed: set[str], states: Mapping[str, State | None]
        ) -> None:
            for entity_id in removed:
                watches.pop(entity_id).cancel()
            for entity_id in added:
                duration = self.options.get(CONF_FOR)
                watches[entity_id] = _Watch(self.hass, self.wanted, duration, run_action)
                see(entity_id, states[entity_id])

        @callback
        def state_changed(data: TargetStateChangedData) -> None:
            changed = data.state_change_event.data
            see(changed["entity_id"], changed["new_state"])

        def see(entity_id: str, state: State | None) -> None:
            watches[entity_id].see(state, self._value(state, did_not_trigger))

        untrack = await async_track_target_selector_state_change_event(
            self.hass,
            self.target,
            state_changed,
            of_a_meter,
            targets_changed,
            primary_entities_only=False,
        )

        @callback
        def detach() -> None:
            untrack()
            for watch in watches.values():
                watch.cancel()

        return detach


class _Watch:
    """Waits until one entity shows, and goes on showing, what a trigger fires at."""

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
        self._change = SustainedChange(wanted, duration.total_seconds() if duration else 0)
        self._before: State | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None

    @callback
    def see(self, state: State | None, value: str | None) -> None:
        """Update with a state and the value in it; fire, start a timer, or cancel one."""
        now = self._hass.loop.time()
        waited_for = self._change.pending, self._change.due
        self._change.see(value, now)
        due = self._change.due
        if due is None and value is not None:
            self._before = state
        if waited_for == (self._change.pending, due):
            return
        self.cancel()
        if due is None or state is None:
            return

        @callback
        def fire(_now: datetime | None = None) -> None:
            before, self._before = self._before, state
            self._change.reach()
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


def _state_trigger(binary_key: str, state: str) -> type[MeterTrigger]:
    """Return a trigger that fires when the binary sensor with this key changes to a state."""

    class StateTrigger(MeterTrigger):
        key = binary_key
        wanted = (state,)

    return StateTrigger


class CurrentLevelTrigger(MeterTrigger):
    """Fires when the current reaches another of the STATUS light's levels (guide section 5)."""

    schema = _schema({vol.Optional(CONF_LEVEL): one_or_more_of(CurrentLevel)})
    key = "current_level"

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Wait for the chosen levels, or for all of them."""
        super().__init__(hass, config)
        self.wanted = self.options.get(CONF_LEVEL, CurrentLevel)


class SurplusTrigger(MeterTrigger):
    """Fires when the surplus, which is what the site exports, crosses a threshold."""

    schema = _schema({vol.Required(CONF_THRESHOLD): threshold_field(NumericThresholdMode.CROSSED)})
    key = SURPLUS_SENSOR
    wanted = (STATE_ON,)

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Keep the threshold."""
        super().__init__(hass, config)
        self._threshold = SurplusThreshold(hass, self.options[CONF_THRESHOLD])

    @override
    def value_of(self, state: State) -> str:
        return STATE_ON if self._threshold.is_met_by(state) else STATE_OFF


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
