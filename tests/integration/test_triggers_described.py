"""The automation editor offers each trigger and condition, with texts, icons and fields."""

from collections.abc import Mapping
import json
from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    condition,
    config_validation as cv,
    device_registry as dr,
    label_registry as lr,
    selector,
    trigger,
)
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_conversion import PowerConverter
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)
import voluptuous as vol

from custom_components.dts307.condition import CONDITIONS
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.trigger import TRIGGERS
from tests.device import Device
from tests.integration.automations import stand_in
from tests.integration.home import ENGLISH, INTEGRATION, entry_for, load
from tests.lines import network, network_data

KINDS: dict[str, Mapping[str, type]] = {"trigger": TRIGGERS, "condition": CONDITIONS}
ICONS = json.loads((INTEGRATION / "icons.json").read_text())


def described(kind: str) -> dict[str, Any]:
    """Return what the YAML file says of the triggers, or of the conditions."""
    file = load_yaml_dict(str(INTEGRATION / f"{kind}s.yaml"))
    return {key: value for key, value in file.items() if not key.startswith(".")}


ALL = [(kind, key) for kind in KINDS for key in described(kind)]
each = pytest.mark.parametrize(("kind", "key"), ALL)


def fields(kind: str, key: str) -> dict[str, Any]:
    """Return the fields of a trigger or condition, by name."""
    found: dict[str, Any] = described(kind)[key]["fields"]
    return found


def filled_in(kind: str, key: str) -> dict[str, Any]:
    """Fill in the fields as the editor does: with the default, or else the first of the choices."""
    threshold = {
        "type": "above",
        "value": {"active_choice": "number", "number": 2, "unit_of_measurement": "kW"},
    }

    def value(field: dict[str, Any]) -> Any:
        if "default" in field:
            return field["default"]
        if "numeric_threshold" in field["selector"]:
            return threshold
        chosen = field["selector"]["select"]
        return chosen["options"][:1] if chosen.get("multiple") else chosen["options"][0]

    return {name: value(field) for name, field in fields(kind, key).items()}


@pytest.mark.parametrize("kind", KINDS)
def test_all_are_described(kind: str) -> None:
    for texts in (described(kind), ENGLISH[f"{kind}s"], ICONS[f"{kind}s"]):
        assert texts.keys() == KINDS[kind].keys()


@each
def test_it_has_texts_and_an_icon(kind: str, key: str) -> None:
    told = ENGLISH[f"{kind}s"][key]
    assert told["name"]
    assert told["description"].endswith(".")
    assert list(told["fields"]) == list(fields(kind, key))
    assert all(field["name"] and field["description"] for field in told["fields"].values())
    assert ICONS[f"{kind}s"][key][kind].startswith("mdi:")


@pytest.mark.parametrize(
    ("kind", "key"), [("trigger", "surplus_crossed_threshold"), ("condition", "surplus_is")]
)
def test_a_threshold_may_have_each_unit_of_power(kind: str, key: str) -> None:
    """The number that is entered, and the helper that holds one."""
    threshold = fields(kind, key)["threshold"]["selector"]["numeric_threshold"]
    helper = next(each for each in threshold["entity"] if each["domain"] == "input_number")
    assert set(threshold["unit_of_measurement"]) == PowerConverter.VALID_UNITS
    assert set(helper["unit_of_measurement"]) == PowerConverter.VALID_UNITS


@each
async def test_its_fields_are_what_it_takes(hass: HomeAssistant, kind: str, key: str) -> None:
    """It takes what the editor fills in, and each choice has a label."""
    entity = stand_in(hass, "sensor", "power")
    config: dict[str, Any] = {
        kind: f"dts307.{key}",
        "target": {"device_id": entity.device_id},
        "options": filled_in(kind, key),
    }
    await validate(hass, kind, config)
    config["options"]["nonsense"] = 1
    with pytest.raises(vol.Invalid, match=r"options\.nonsense"):
        await validate(hass, kind, config)
    for field in fields(kind, key).values():
        choices = selector.selector(field["selector"])
        if isinstance(choices, selector.SelectSelector):
            labels = ENGLISH["selector"][choices.config["translation_key"]]["options"]
            assert list(labels) == choices.config["options"]


async def validate(hass: HomeAssistant, kind: str, config: dict[str, Any]) -> None:
    """Validate a trigger or a condition as Home Assistant does when it loads an automation."""
    assert await async_setup_component(hass, AUTOMATION, {})
    if kind == "trigger":
        await trigger.async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA(config))
    else:
        await condition.async_validate_condition_config(hass, config)


async def ask(client: MockHAClientWebSocket, command: str, **message: Any) -> Any:
    """Send a command as the editor does; return its result, or the first event."""
    await client.send_json_auto_id({"type": command, **message})
    result = await client.receive_json()
    assert result["success"], result
    if command.endswith("/subscribe"):
        return (await client.receive_json())["event"]
    return result["result"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_editor_offers_them(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, kind: str
) -> None:
    """For a meter, and for its area and its label, but not for another device."""
    device = Device()
    area = ar.async_get(hass).async_create("Meter cupboard")
    label = lr.async_get(hass).async_create("Costly")
    async with network(device) as line:
        assert await async_setup_component(hass, AUTOMATION, {})
        client = await hass_ws_client(hass)
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        shown = await ask(client, f"{kind}_platforms/subscribe")
        for key in KINDS[kind]:
            assert shown[f"{DOMAIN}.{key}"]["fields"].keys() == fields(kind, key).keys()

        registry = dr.async_get(hass)
        meter = dr.async_entries_for_config_entry(registry, entry.entry_id)[0]
        registry.async_update_device(meter.id, area_id=area.id, labels={label.label_id})
        foreign = stand_in(hass, "binary_sensor", "overload", domain="another")
        for target, expected in (
            ({"device_id": [meter.id]}, KINDS[kind].keys()),
            ({"area_id": [area.id]}, KINDS[kind].keys()),
            ({"label_id": [label.label_id]}, KINDS[kind].keys()),
            ({"device_id": [foreign.device_id]}, set()),
        ):
            offered = await ask(client, f"get_{kind}s_for_target", target=target)
            ours = {key.removeprefix(f"{DOMAIN}.") for key in offered if key.startswith(DOMAIN)}
            assert ours == expected, target
