"""Triggers fire when a meter changes to what they wait for, and only then."""

import asyncio
import logging
from typing import Any
from unittest.mock import Mock

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, UnitOfPower
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.helpers.trigger import (
    async_initialize_triggers,
    async_validate_trigger_config,
)
import pytest

from tests.integration.automations import StandIn, automate, stand_in, steps
from tests.integration.home import let_pass

BINARY = {
    "export_started": ("exporting", STATE_ON),
    "export_stopped": ("exporting", STATE_OFF),
    "overload_started": ("overload", STATE_ON),
    "overload_cleared": ("overload", STATE_OFF),
    "stopped_answering": ("answering", STATE_OFF),
    "answers_again": ("answering", STATE_ON),
}
OPPOSITE = {STATE_ON: STATE_OFF, STATE_OFF: STATE_ON}


def trigger(kind: str, entity: StandIn, **options: Any) -> dict[str, Any]:
    """Return a trigger that is aimed at the device of an entity."""
    return {
        "trigger": f"dts307.{kind}",
        "target": {"device_id": entity.device_id},
        "options": options,
    }


def threshold(kind: str, number: float, unit: str = UnitOfPower.WATT) -> dict[str, Any]:
    """Return a threshold as the automation editor puts it."""
    value = {"active_choice": "number", "number": number, "unit_of_measurement": unit}
    return {"type": kind, "value": value}


async def attach(
    hass: HomeAssistant, config: dict[str, Any], ran: Mock, note: Mock | None = None
) -> CALLBACK_TYPE:
    """Attach a trigger without an automation, and return what detaches it."""
    detach = await async_initialize_triggers(
        hass,
        await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA(config)),
        ran,
        "test",
        "test",
        logging.getLogger(__name__).log,
        did_not_trigger=note,
    )
    assert detach is not None
    return detach


def power_sensor(hass: HomeAssistant, unit: str = UnitOfPower.WATT) -> StandIn:
    """Register the sensor of a meter's power."""
    return stand_in(hass, "sensor", "power", unit_of_measurement=unit)


@pytest.mark.parametrize("kind", BINARY)
async def test_it_fires_at_each_change(hass: HomeAssistant, kind: str) -> None:
    key, wanted = BINARY[kind]
    entity = stand_in(hass, "binary_sensor", key)
    await entity.shows(wanted)
    ran = await automate(hass, triggers=trigger(kind, entity))
    for state in (wanted, OPPOSITE[wanted], wanted, wanted, OPPOSITE[wanted], wanted):
        await entity.shows(state)
    assert steps(ran) == [(OPPOSITE[wanted], wanted)] * 2
    assert {event.data["entity_id"] for event in ran} == {entity.entity_id}


@pytest.mark.parametrize("kind", BINARY)
async def test_other_entities_of_the_meter_do_not_trigger(hass: HomeAssistant, kind: str) -> None:
    key, wanted = BINARY[kind]
    entity = stand_in(hass, "binary_sensor", key)
    others = [stand_in(hass, "binary_sensor", other) for other, _ in BINARY.values()]
    foreign = stand_in(hass, "binary_sensor", key, domain="another")
    er.async_get(hass).async_update_entity(foreign.entity_id, device_id=entity.device_id)
    ran = await automate(hass, triggers=trigger(kind, entity))
    for other in [*others, foreign]:
        if other.entity_id != entity.entity_id:
            await other.shows(OPPOSITE[wanted])
            await other.shows(wanted)
    assert ran == []


@pytest.mark.parametrize("place", ["entity", "device", "area", "floor", "label"])
async def test_it_is_aimed_at_a_meter_or_a_place(hass: HomeAssistant, place: str) -> None:
    entity = stand_in(hass, "binary_sensor", "overload")
    elsewhere = stand_in(hass, "binary_sensor", "overload", serial="2")
    floor = fr.async_get(hass).async_create("Cellar")
    area = ar.async_get(hass).async_create("Meter cupboard", floor_id=floor.floor_id)
    label = lr.async_get(hass).async_create("Costly")
    dr.async_get(hass).async_update_device(
        entity.device_id, area_id=area.id, labels={label.label_id}
    )
    target = {
        "entity": entity.entity_id,
        "device": entity.device_id,
        "area": area.id,
        "floor": floor.floor_id,
        "label": label.label_id,
    }
    ran = await automate(
        hass,
        triggers={
            "trigger": "dts307.overload_started",
            "target": {f"{place}_id": target[place]},
        },
    )
    for state in (STATE_OFF, STATE_ON):
        await elsewhere.shows(state)
        await entity.shows(state)
    assert [event.data["entity_id"] for event in ran] == [entity.entity_id]


async def test_an_entity_that_comes_later_is_watched_too(hass: HomeAssistant) -> None:
    """A meter that is added later, or moves into the area."""
    answering = stand_in(hass, "binary_sensor", "answering")
    ran = await automate(hass, triggers=trigger("overload_started", answering))
    late = stand_in(hass, "binary_sensor", "overload")
    await hass.async_block_till_done()
    await late.shows(STATE_OFF)
    await late.shows(STATE_ON)
    assert len(ran) == 1
    er.async_get(hass).async_remove(late.entity_id)
    await hass.async_block_till_done()
    await late.shows(STATE_OFF)
    await late.shows(STATE_ON)
    assert len(ran) == 1


async def test_silence_neither_starts_nor_stops_anything(hass: HomeAssistant) -> None:
    entity = stand_in(hass, "binary_sensor", "overload")
    await entity.vanishes()
    ran = await automate(hass, triggers=trigger("overload_started", entity))
    for state in (
        STATE_ON,
        None,
        STATE_ON,
        STATE_UNKNOWN,
        STATE_ON,
        STATE_OFF,
        None,
        STATE_UNKNOWN,
    ):
        await (entity.vanishes() if state is None else entity.shows(state))
    assert ran == []
    # The overload began while the meter was silent.
    await entity.shows(STATE_ON)
    assert steps(ran) == [(STATE_OFF, STATE_ON)]
    hass.states.async_remove(entity.entity_id)
    await entity.shows(STATE_ON)
    assert len(ran) == 1


async def test_it_waits_for_as_long_as_asked(hass: HomeAssistant) -> None:
    entity = stand_in(hass, "binary_sensor", "exporting")
    await entity.shows(STATE_OFF)
    ran = await automate(hass, triggers=trigger("export_started", entity, **{"for": "00:01:00"}))
    await entity.shows(STATE_ON)
    await let_pass(hass, 59)
    await entity.shows(STATE_OFF)
    await let_pass(hass, 61)
    assert ran == []
    await entity.shows(STATE_ON)
    await entity.vanishes()
    await let_pass(hass, 3600)
    assert ran == []
    await entity.shows(STATE_ON)
    await let_pass(hass, 61)
    assert steps(ran) == [(STATE_OFF, STATE_ON)]


async def test_a_trigger_that_is_detached_ends_its_wait(hass: HomeAssistant) -> None:
    """An automation that is off would not run anyway; a script that waits for a trigger would."""
    entity = stand_in(hass, "binary_sensor", "exporting")
    await entity.shows(STATE_OFF)
    ran = Mock()
    detach = await attach(hass, trigger("export_started", entity, **{"for": 60}), ran)
    await entity.shows(STATE_ON)
    detach()
    await let_pass(hass, 61)
    ran.assert_not_called()


async def test_a_meter_that_leaves_the_target_ends_its_wait(hass: HomeAssistant) -> None:
    entity = stand_in(hass, "binary_sensor", "exporting")
    area = ar.async_get(hass).async_create("Meter cupboard")
    devices = dr.async_get(hass)
    devices.async_update_device(entity.device_id, area_id=area.id)
    await entity.shows(STATE_OFF)
    export = trigger("export_started", entity, **{"for": 60}) | {"target": {"area_id": area.id}}
    ran = await automate(hass, triggers=export)
    await entity.shows(STATE_ON)
    devices.async_update_device(entity.device_id, area_id=None)
    await hass.async_block_till_done()
    await let_pass(hass, 61)
    assert ran == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [("low", "normal"), ("normal", "high"), ("high", "over"), ("over", "normal")]),
        ({"level": ["high", "over"]}, [("normal", "high"), ("high", "over")]),
        ({"level": "normal"}, [("low", "normal"), ("over", "normal")]),
    ],
)
async def test_levels(
    hass: HomeAssistant, options: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    entity = stand_in(hass, "sensor", "current_level")
    await entity.shows("low")
    ran = await automate(hass, triggers=trigger("current_level_changed", entity, **options))
    for level in ("low", "normal", "normal", "high", "over", "normal"):
        await entity.shows(level)
    assert steps(ran) == expected


async def test_levels_may_take_turns(hass: HomeAssistant) -> None:
    """One of the wanted levels is there all the time: the trigger fires once."""
    entity = stand_in(hass, "sensor", "current_level")
    await entity.shows("normal")
    options = {"level": ["high", "over"], "for": {"milliseconds": 300}}
    ran = await automate(hass, triggers=trigger("current_level_changed", entity, **options))
    for level in ["high", "over"] * 100:
        await entity.shows(level)
        if ran:
            break
        await asyncio.sleep(0.01)
    _, reached = steps(ran)[0]
    assert steps(ran) == [("normal", reached)]
    # The other one has to last by itself.
    other = {"high": "over", "over": "high"}[reached]
    await entity.shows(other)
    await let_pass(hass)
    assert steps(ran) == [("normal", reached), (reached, other)]


@pytest.mark.parametrize(
    ("unit", "powers"),
    [
        (UnitOfPower.WATT, ["3000", "-1500", "-1501", "-2000", "-1400", "-9000"]),
        (UnitOfPower.KILO_WATT, ["3", "-1.5", "-1.501", "-2", "-1.4", "-9"]),
    ],
)
async def test_the_surplus_is_what_is_exported(
    hass: HomeAssistant, unit: str, powers: list[str]
) -> None:
    entity = power_sensor(hass, unit)
    await entity.shows(powers[0])
    options = {"threshold": threshold("above", 1.5, UnitOfPower.KILO_WATT)}
    ran = await automate(hass, triggers=trigger("surplus_crossed_threshold", entity, **options))
    for power in powers:
        await entity.shows(power)
    assert steps(ran) == [(powers[1], powers[2]), (powers[4], powers[5])]


async def test_the_surplus_goes_below(hass: HomeAssistant) -> None:
    entity = power_sensor(hass)
    await entity.shows("-1500")
    options = {"threshold": threshold("below", 0)}
    ran = await automate(hass, triggers=trigger("surplus_crossed_threshold", entity, **options))
    for power in ("0", "1", "-1", "100"):
        await entity.shows(power)
    assert steps(ran) == [("0", "1"), ("-1", "100")]


async def test_new_values_do_not_restart_the_wait(hass: HomeAssistant) -> None:
    """Every poll brings another power; what counts is that it is above the threshold."""
    entity = power_sensor(hass)
    await entity.shows("0")
    options = {"threshold": threshold("above", 1000), "for": {"milliseconds": 300}}
    ran = await automate(hass, triggers=trigger("surplus_crossed_threshold", entity, **options))
    watts = range(-2000, -1000)
    for power in watts:
        await entity.shows(str(power))
        if ran:
            break
        await asyncio.sleep(0.01)
    assert steps(ran) == [("0", str(watts[0]))]


async def test_a_cloud_restarts_the_wait(hass: HomeAssistant) -> None:
    entity = power_sensor(hass)
    await entity.shows("0")
    options = {"threshold": threshold("above", 1000), "for": "00:10:00"}
    ran = await automate(hass, triggers=trigger("surplus_crossed_threshold", entity, **options))
    for power in ("-2000", "-900", "-2000"):
        await let_pass(hass, 599)
        await entity.shows(power)
    assert ran == []
    await let_pass(hass, 601)
    assert steps(ran) == [("-900", "-2000")]


async def test_a_threshold_from_another_entity(hass: HomeAssistant) -> None:
    """What cannot be compared counts as no value."""
    entity = power_sensor(hass)
    await entity.shows("0")
    value = {"active_choice": "entity", "entity": "input_number.enough"}
    ran = await automate(
        hass,
        triggers=trigger(
            "surplus_crossed_threshold", entity, threshold={"type": "above", "value": value}
        ),
    )
    await entity.shows("-2000")
    assert ran == []
    for limit, power in (("1.9", "-1800"), ("many", "-2001"), ("1.9", "-2002"), ("1.9", "-2003")):
        hass.states.async_set("input_number.enough", limit, {"unit_of_measurement": "kW"})
        await entity.shows(power)
    assert steps(ran) == [("-1800", "-2002")]
    entity.attributes["unit_of_measurement"] = "apples"
    for power in ("0", "-3000"):
        await entity.shows(power)
    assert len(ran) == 1


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        ("overload_started", {}, "does not show the overload of a DTS 307"),
        ("current_level_changed", {}, "does not show the current_level of a DTS 307"),
        ("surplus_crossed_threshold", {}, "required key not provided"),
        ("current_level_changed", {"level": ["red"]}, "red"),
        ("current_level_changed", {"level": []}, "at least 1"),
        ("export_started", {"behavior": "each"}, "not a valid option at 'options.behavior'"),
    ],
)
async def test_what_cannot_work_is_refused(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    options: dict[str, Any],
    complaint: str,
) -> None:
    entity = stand_in(hass, "binary_sensor", "exporting")
    await automate(
        hass,
        triggers={
            "trigger": f"dts307.{kind}",
            "target": {"entity_id": entity.entity_id},
            "options": options,
        },
    )
    state = hass.states.get("automation.under_test")
    assert state is not None
    assert state.state == "unavailable"
    assert complaint in caplog.text


async def test_an_entity_that_is_not_there_yet_is_accepted(hass: HomeAssistant) -> None:
    ran = await automate(
        hass,
        triggers={
            "trigger": "dts307.overload_started",
            "target": {"entity_id": "binary_sensor.dts307_overload"},
        },
    )
    state = hass.states.get("automation.under_test")
    assert state is not None
    assert state.state == STATE_ON
    assert ran == []


@pytest.mark.parametrize("reported", [True, False])
async def test_what_cannot_be_compared_is_reported(hass: HomeAssistant, *, reported: bool) -> None:
    """In the trace of an automation; a script that waits for a trigger has no such trace."""
    entity = power_sensor(hass)
    await entity.shows("0")
    value = {"active_choice": "entity", "entity": "input_number.gone"}
    above = trigger(
        "surplus_crossed_threshold", entity, threshold={"type": "above", "value": value}
    )
    note, ran = Mock(), Mock()
    detach = await attach(hass, above, ran, note if reported else None)
    note.reset_mock()
    await entity.shows("-2000")
    detach()
    reasons = [call.args[1].reason for call in note.call_args_list]
    assert reasons == ["threshold_entity_not_found"] * reported
    ran.assert_not_called()
