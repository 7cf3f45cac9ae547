"""Every text is there, in both languages, and none is there that nobody can see."""

import ast
from collections.abc import Iterator
import json
import re
from typing import Any

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import SelectSelector, selector
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.dts307 import binary_sensor, config_flow, forms, rows, sensor
from custom_components.dts307.const import TRANSPORT_NETWORK, TRANSPORT_SERIAL
from custom_components.dts307.link import failure_key
from custom_components.dts307.meter import MeterError
from custom_components.dts307.rows.link import LINK_BINARY_SENSORS, LINK_SENSORS
from tests.integration.home import ENGLISH, INTEGRATION

FRENCH: dict[str, Any] = json.loads((INTEGRATION / "translations/fr.json").read_text())
ICONS: dict[str, Any] = json.loads((INTEGRATION / "icons.json").read_text())["entity"]

SAME_IN_FRENCH = {
    r"config\.step\.(reconfigure_)?serial\.data\.device": "a French port is a port",
    r"config\.step\.(reconfigure_)?network\.data\.port": "a French port is a port",
    r"options\.step\.init\.title": "French options are options",
    r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
    r"selector\.(baudrate|stopbits)\.options\.\d+": "numbers",
    r"selector\.demand_window\.options\.\d+": "minutes are minutes",
    r"selector\.framing\.options\.tcp": "the name of a protocol",
}

TRANSPORTS = (TRANSPORT_SERIAL, TRANSPORT_NETWORK)

ONLY_IN_A_FORM = {"no_serial_number", "answers_at"}
"""A meter without a serial number never becomes an entry, and a form can be corrected."""

SERIAL_DATA = {
    "transport": TRANSPORT_SERIAL,
    "device": "/dev/ttyUSB0",
    "baudrate": 9600,
    "parity": "none",
    "stopbits": 1,
    "unit_id": 100,
}

ENTITIES: dict[str, tuple[rows.Row[Any], ...]] = {
    "sensor": sensor.OF_THE_METER + sensor.OF_ITS_PHASES + LINK_SENSORS,
    "binary_sensor": binary_sensor.OF_THE_METER + LINK_BINARY_SENSORS,
}


def texts(tree: dict[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """Go through the texts of a language, by the dotted path of their keys."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from texts(value, *path, key)
        else:
            yield ".".join((*path, key)), value


def placeholders(text: str) -> list[str]:
    """Return the names in braces."""
    return sorted(re.findall(r"{(\w+)}", text))


def failures() -> set[str]:
    """Return the keys of all that can go wrong with a meter, over either kind of link."""
    kinds = [MeterError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {
        failure_key(kind(), {"transport": transport})
        for kind in kinds[1:]
        for transport in TRANSPORTS
    }


def refusals() -> set[str]:
    """Return the keys that the config flow names itself."""
    source = ast.parse((INTEGRATION / "config_flow.py").read_text())
    named = {
        argument.value
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == config_flow.LinkRefusedError.__name__
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    return named | {config_flow.OtherSettingsError(dict(SERIAL_DATA)).key}


def test_the_languages_say_the_same() -> None:
    english, french = dict(texts(ENGLISH)), dict(texts(FRENCH))
    assert list(english) == list(french)
    for path, text in english.items():
        assert text.strip() == text, path
        assert french[path].strip() == french[path], path
        assert placeholders(text) == placeholders(french[path]), path


def test_french_is_french() -> None:
    french = dict(texts(FRENCH))
    same = {path for path, text in texts(ENGLISH) if french[path] == text}
    allowed = {path for path in french if any(re.fullmatch(p, path) for p in SAME_IN_FRENCH)}
    assert same <= allowed
    for pattern in SAME_IN_FRENCH:
        assert any(re.fullmatch(pattern, path) for path in same), f"{pattern} is needless"


def test_every_failure_is_explained() -> None:
    assert len(failures()) > 10
    assert refusals() >= {"link_in_use", "another_meter", "no_serial_number"}
    assert set(ENGLISH["config"]["error"]) == failures() | refusals()
    assert set(ENGLISH["exceptions"]) == failures() | refusals() - ONLY_IN_A_FORM
    for reason, exception in ENGLISH["exceptions"].items():
        assert exception["message"] == ENGLISH["config"]["error"][reason]


def test_every_step_has_its_texts() -> None:
    steps = {
        name.removeprefix("async_step_")
        for name in vars(config_flow.Dts307ConfigFlow)
        if name.startswith("async_step_")
    }
    assert set(ENGLISH["config"]["step"]) == steps
    for step in ("user", "reconfigure"):
        menu = ENGLISH["config"]["step"][step]["menu_options"]
        assert set(menu) <= steps
    assert set(ENGLISH["config"]["abort"]) == {"already_configured", "reconfigure_successful"}


def form_texts() -> Iterator[tuple[dict[str, Any], Any]]:
    """Go through the forms, each with the texts that belong to it."""
    steps = ENGLISH["config"]["step"]
    for transport in TRANSPORTS:
        form = forms.link_form(transport, None)
        yield steps[transport], form
        yield steps[f"reconfigure_{transport}"], form
    yield steps["current_transformers"], forms.CURRENT_TRANSFORMERS_FORM
    yield ENGLISH["options"]["step"]["init"], forms.OPTIONS_FORM


def test_every_field_has_a_label_and_a_description() -> None:
    for told, form in form_texts():
        sections = {str(k): v for k, v in form.schema.items() if isinstance(v, section)}
        fields = {str(key) for key in form.schema} - sections.keys()
        assert set(told["data"]) == fields
        assert set(told["data_description"]) == fields
        assert told.get("sections", {}).keys() == sections.keys()
        for name, inner in sections.items():
            fields = {str(key) for key in inner.schema.schema}
            assert set(told["sections"][name]["data"]) == fields
            assert set(told["sections"][name]["data_description"]) == fields


def test_every_choice_has_a_label() -> None:
    forms = [form for _, form in form_texts()]
    for form in forms:
        forms += [part.schema for part in form.schema.values() if isinstance(part, section)]
    selects = [field for form in forms for field in form.schema.values()]
    for kind in ("triggers", "conditions"):
        described = load_yaml_dict(str(INTEGRATION / f"{kind}.yaml"))
        for key, told in described.items():
            if not key.startswith("."):
                selects += [selector(field["selector"]) for field in told["fields"].values()]
    choices = {
        field.config["translation_key"]: set(field.config["options"])
        for field in selects
        if isinstance(field, SelectSelector)
    }
    assert choices == {key: set(told["options"]) for key, told in ENGLISH["selector"].items()}


@pytest.mark.parametrize("platform", ENTITIES)
def test_every_entity_has_a_name(platform: str) -> None:
    names = ENGLISH["entity"][platform]
    keys = [description.translation_key for description in ENTITIES[platform]]
    assert set(names) == set(keys)
    for description in ENTITIES[platform]:
        name = names[description.translation_key]["name"]
        assert placeholders(name) == sorted(description.translation_placeholders or ())
    shown = [
        names[d.translation_key]["name"].format(**d.translation_placeholders or {})
        for d in ENTITIES[platform]
    ]
    assert len(set(shown)) == len(shown)
    assert set(ENGLISH["entity"]) == set(ENTITIES)


@pytest.mark.parametrize("platform", ENTITIES)
def test_icons_belong_to_entities(platform: str) -> None:
    keys = {description.translation_key for description in ENTITIES[platform]}
    assert ICONS[platform].keys() <= keys
    assert ICONS.keys() == ENTITIES.keys()
    # Where there is no device class, there is no icon either, unless we give one.
    plain = {d.translation_key for d in ENTITIES[platform] if d.device_class is None}
    assert plain <= ICONS[platform].keys()
    for icons in ICONS[platform].values():
        assert icons["default"].startswith("mdi:")
        assert all(icon.startswith("mdi:") for icon in icons.get("state", {}).values())
