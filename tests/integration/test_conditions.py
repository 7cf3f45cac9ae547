"""Conditions hold while a meter shows what they ask for."""

from collections.abc import AsyncIterator
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, condition, device_registry as dr
import pytest
import voluptuous as vol

from tests.integration.automations import StandIn, stand_in

ABOVE_1_KW = {
    "type": "above",
    "value": {"active_choice": "number", "number": 1, "unit_of_measurement": "kW"},
}
CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, bool]]] = {
    "is_exporting": ("binary_sensor", "exporting", {}, {STATE_ON: True, STATE_OFF: False}),
    "is_overloaded": ("binary_sensor", "overload", {}, {STATE_ON: True, STATE_OFF: False}),
    "is_not_exporting": ("binary_sensor", "exporting", {}, {STATE_OFF: True, STATE_ON: False}),
    "is_not_overloaded": ("binary_sensor", "overload", {}, {STATE_OFF: True, STATE_ON: False}),
    "is_not_answering": ("binary_sensor", "answering", {}, {STATE_OFF: True, STATE_ON: False}),
    "power_direction_is": (
        "sensor",
        "energy_direction",
        {"direction": "exporting"},
        {"exporting": True, "importing": False},
    ),
    "current_level_is": (
        "sensor",
        "current_level",
        {"level": ["high", "over"]},
        {"low": False, "normal": False, "high": True, "over": True},
    ),
    "surplus_is": (
        "sensor",
        "power",
        {"threshold": ABOVE_1_KW},
        {"-1001": True, "-1000": False, "0": False, "2000": False},
    ),
}


@pytest.fixture
async def checkers() -> AsyncIterator[list[condition.ConditionChecker]]:
    """Unload, at the end of the test, the conditions that it made."""
    made: list[condition.ConditionChecker] = []
    yield made
    for checker in made:
        checker.async_unload()


async def checker_for(
    hass: HomeAssistant, kind: str, target: dict[str, Any], **options: Any
) -> condition.ConditionChecker:
    """Set up a condition as an automation does."""
    config = {"condition": f"dts307.{kind}", "target": target, "options": options}
    config = await condition.async_validate_condition_config(hass, config)
    return await condition.async_from_config(hass, config)


def entity_for(hass: HomeAssistant, kind: str, serial: str = "1") -> StandIn:
    """Register the entity that a condition looks at."""
    platform, key, _, _ = CASES[kind]
    return stand_in(hass, platform, key, serial=serial, unit_of_measurement=UnitOfPower.WATT)


@pytest.mark.parametrize("kind", CASES)
async def test_it_holds_while_the_meter_shows_so(
    hass: HomeAssistant, checkers: list[condition.ConditionChecker], kind: str
) -> None:
    _, _, options, expected = CASES[kind]
    entity = entity_for(hass, kind)
    wanted = next(state for state, holds in expected.items() if holds)
    for other in ("exporting", "overload", "answering"):
        if other != CASES[kind][1]:
            await stand_in(hass, "binary_sensor", other).shows(STATE_ON)
    checkers.append(await checker_for(hass, kind, {"device_id": entity.device_id}, **options))
    assert checkers[0].async_check() is False
    for state, holds in expected.items():
        await entity.shows(wanted)
        await entity.shows(state)
        assert checkers[0].async_check() is holds, state
    for silence in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        await entity.shows(silence)
        assert checkers[0].async_check() is (kind == "is_not_answering")


@pytest.mark.parametrize("kind", CASES)
async def test_it_may_have_to_hold_for_a_while(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    checkers: list[condition.ConditionChecker],
    kind: str,
) -> None:
    _, _, options, expected = CASES[kind]
    entity = entity_for(hass, kind)
    wanted = next(state for state, holds in expected.items() if holds)
    unwanted = next(state for state, holds in expected.items() if not holds)
    await entity.shows(unwanted)
    options = {**options, "for": {"minutes": 5}}
    checkers.append(await checker_for(hass, kind, {"device_id": entity.device_id}, **options))
    await entity.shows(wanted)
    freezer.tick(299)
    assert checkers[0].async_check() is False
    freezer.tick(2)
    assert checkers[0].async_check() is True
    await entity.shows(unwanted)
    await entity.shows(wanted)
    assert checkers[0].async_check() is False


@pytest.mark.parametrize("silence", [STATE_UNAVAILABLE, STATE_UNKNOWN])
@pytest.mark.parametrize("kind", sorted(CASES.keys() - {"is_not_answering"}))
async def test_a_lost_answer_pauses_the_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    checkers: list[condition.ConditionChecker],
    kind: str,
    silence: str,
) -> None:
    """As it pauses the wait of a trigger."""
    _, _, options, expected = CASES[kind]
    entity = entity_for(hass, kind)
    wanted = next(state for state, holds in expected.items() if holds)
    unwanted = next(state for state, holds in expected.items() if not holds)
    options = {**options, "for": {"minutes": 5}}
    checkers.append(await checker_for(hass, kind, {"device_id": entity.device_id}, **options))
    await entity.shows(wanted)
    for _ in range(3):
        freezer.tick(99)
        assert checkers[0].async_check() is False
        for nothing in (silence, STATE_UNAVAILABLE):
            await entity.shows(nothing)
            freezer.tick(1000)
            assert checkers[0].async_check() is False
        await entity.shows(wanted)
    freezer.tick(2)
    assert checkers[0].async_check() is False
    freezer.tick(2)
    assert checkers[0].async_check() is True
    # A change during the silence restarts the time.
    await entity.vanishes()
    await entity.shows(unwanted)
    await entity.shows(wanted)
    freezer.tick(299)
    assert checkers[0].async_check() is False


async def test_a_meter_that_was_away_restarts_the_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    checkers: list[condition.ConditionChecker],
) -> None:
    """It left the target for a while, or its entity was removed."""
    entity = stand_in(hass, "binary_sensor", "overload")
    area = ar.async_get(hass).async_create("Meter cupboard")
    devices = dr.async_get(hass)
    devices.async_update_device(entity.device_id, area_id=area.id)
    target = {"area_id": area.id}
    await entity.shows(STATE_ON)
    checkers.append(await checker_for(hass, "is_overloaded", target, **{"for": {"minutes": 5}}))
    freezer.tick(200)
    await entity.vanishes()
    for elsewhere in (None, area.id):
        devices.async_update_device(entity.device_id, area_id=elsewhere)
        await hass.async_block_till_done()
        await entity.shows(STATE_ON)
    freezer.tick(200)
    assert checkers[0].async_check() is False
    await entity.vanishes()
    hass.states.async_remove(entity.entity_id)
    await entity.shows(STATE_ON)
    freezer.tick(299)
    assert checkers[0].async_check() is False
    freezer.tick(2)
    assert checkers[0].async_check() is True


@pytest.mark.parametrize("behavior", ["any", "all"])
@pytest.mark.parametrize("kind", CASES)
async def test_of_a_silent_meter_nothing_holds(
    hass: HomeAssistant,
    checkers: list[condition.ConditionChecker],
    kind: str,
    behavior: str,
) -> None:
    """Not even "all", for want of an entity that does not match; only that it does not answer."""
    _, _, options, _ = CASES[kind]
    entity = entity_for(hass, kind)
    target = {"device_id": entity.device_id}
    checkers.append(await checker_for(hass, kind, target, behavior=behavior, **options))
    assert checkers[0].async_check() is False
    for silence in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        await entity.shows(silence)
        assert checkers[0].async_check() is (kind == "is_not_answering")


async def test_the_direction_may_not_be_known(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    checkers: list[condition.ConditionChecker],
) -> None:
    """The meter states no power, or does not answer, or one after the other."""
    entity = stand_in(hass, "sensor", "energy_direction")
    options = {"direction": "unknown", "for": {"minutes": 5}}
    target = {"device_id": entity.device_id}
    checkers.append(await checker_for(hass, "power_direction_is", target, **options))
    for silence in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        await entity.shows("importing")
        freezer.tick(301)
        assert checkers[0].async_check() is False
        await entity.shows(silence)
        freezer.tick(200)
        await entity.shows(STATE_UNKNOWN)
        freezer.tick(99)
        assert checkers[0].async_check() is False
        freezer.tick(2)
        assert checkers[0].async_check() is True


@pytest.mark.parametrize(("behavior", "holds"), [("any", True), ("all", False)])
@pytest.mark.parametrize("kind", CASES)
async def test_several_meters(
    hass: HomeAssistant,
    checkers: list[condition.ConditionChecker],
    kind: str,
    behavior: str,
    *,
    holds: bool,
) -> None:
    _, _, options, expected = CASES[kind]
    meters = [entity_for(hass, kind, serial) for serial in ("1", "2")]
    target = {"device_id": [meter.device_id for meter in meters]}
    checkers.append(await checker_for(hass, kind, target, behavior=behavior, **options))
    for meter, wanted in zip(meters, (True, False), strict=True):
        await meter.shows(next(state for state, is_so in expected.items() if is_so is wanted))
    assert checkers[0].async_check() is holds


@pytest.mark.parametrize(
    ("kind", "inside"), [("between", True), ("outside", False)], ids=["between", "outside"]
)
async def test_the_surplus_may_have_two_limits(
    hass: HomeAssistant,
    checkers: list[condition.ConditionChecker],
    kind: str,
    *,
    inside: bool,
) -> None:
    entity = entity_for(hass, "surplus_is")
    threshold = {
        "type": kind,
        "value_min": {"number": 1, "unit_of_measurement": "kW"},
        "value_max": {"entity": "input_number.enough"},
    }
    target = {"device_id": entity.device_id}
    checkers.append(await checker_for(hass, "surplus_is", target, threshold=threshold))
    hass.states.async_set("input_number.enough", "2000", {"unit_of_measurement": "W"})
    for power in ("-1000", "-1500", "-2000"):
        await entity.shows(power)
        assert checkers[0].async_check() is inside
    for power in ("-999", "-2001", "1500"):
        await entity.shows(power)
        assert checkers[0].async_check() is not inside


async def test_a_threshold_from_another_entity(
    hass: HomeAssistant, checkers: list[condition.ConditionChecker]
) -> None:
    """Nothing holds while that is no power. The editor polls it, as only the meter is followed."""
    entity = entity_for(hass, "surplus_is")
    target = {"device_id": entity.device_id}
    threshold = {"type": "above", "value": {"entity": "input_number.enough"}}
    checkers.append(await checker_for(hass, "surplus_is", target, threshold=threshold))
    checkers.append(await checker_for(hass, "surplus_is", target, threshold=ABOVE_1_KW))
    assert [checker.needs_polling for checker in checkers] == [True, False]
    await entity.shows("-1500")
    assert checkers[0].async_check() is False
    for limit, unit, holds in (
        ("1.4", "kW", True),
        ("1.6", "kW", False),
        ("many", "kW", False),
        ("1", "apples", False),
        ("1", None, False),
    ):
        hass.states.async_set("input_number.enough", limit, {"unit_of_measurement": unit})
        assert checkers[0].async_check() is holds


@pytest.mark.parametrize("kind", CASES)
async def test_another_entity_is_refused(hass: HomeAssistant, kind: str) -> None:
    _, key, options, _ = CASES[kind]
    other = stand_in(hass, "sensor", "frequency")
    with pytest.raises(vol.Invalid, match=f"{other.entity_id} does not show the {key}"):
        await checker_for(hass, kind, {"entity_id": other.entity_id}, **options)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("power_direction_is", {"direction": "sideways"}),
        ("power_direction_is", {}),
        ("current_level_is", {"level": []}),
        ("surplus_is", {}),
    ],
)
async def test_what_cannot_work_is_refused(
    hass: HomeAssistant, kind: str, options: dict[str, Any]
) -> None:
    entity = entity_for(hass, kind)
    with pytest.raises(vol.Invalid, match="options"):
        await checker_for(hass, kind, {"entity_id": entity.entity_id}, **options)
