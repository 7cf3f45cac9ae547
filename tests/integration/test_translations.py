"""Every text is there, in all languages, and none is there that nobody can see."""

import ast
from collections.abc import Iterator
import json
import re
from typing import Any

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import SelectSelector, selector
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.dts307 import binary_sensor, descriptions, sensor
from custom_components.dts307.descriptions.connection import LINK_BINARY_SENSORS, LINK_SENSORS
from custom_components.dts307.descriptions.production import production_row
from custom_components.dts307.energy_dashboard import NOT_IN_DASHBOARD, EnergyDashboardError
from custom_components.dts307.flows import option_forms, setup_forms
from custom_components.dts307.flows.options_flow import Dts307OptionsFlow
from custom_components.dts307.options import ProductionCounter, Role
from tests.integration.home import ENGLISH, INTEGRATION
from tests.integration.texts import TRANSLATED, TRANSPORTS, placeholders, texts, told_in

ICONS: dict[str, Any] = json.loads((INTEGRATION / "icons.json").read_text())["entity"]

SAME_IN_ALL = {
    r"config\.flow_title": "nothing but a placeholder",
    r"config\.step\.meter\.title": "nothing but placeholders",
    r"selector\.(baudrate|stopbits)\.options\.\d+": "numbers",
    r"selector\.framing\.options\.tcp": "the name of a protocol",
}
SAME: dict[str, dict[str, str]] = {
    "de": {
        r"config\.step\.network\.data\.(host|port)": "technicians' words",
        r"config\.step\.meter\.data\.name": "a German name is a name",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
    },
    "es": {
        r"config\.step\.network\.data\.host": "a technicians' word",
        r"entity\.binary_sensor\.(exporting|answering)\.state\.off": "no is no",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
    },
    "fr": {
        r"config\.step\.serial\.data\.device": "a French port is a port",
        r"config\.step\.network\.data\.port": "a French port is a port",
        r"options\.step\.init\.title": "French options are options",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
        r"selector\.demand_window\.options\.\d+": "minutes are minutes",
    },
    "nl": {
        r"config\.step\.network\.data\.host": "a technicians' word",
        r"config\.step\.meters\.data\.meters": "Dutch meters are meters",
        r"selector\.parity\.options\.even": "even is even",
    },
    "pt-BR": {
        r"config\.step\.network\.data\.host": "a technicians' word",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
    },
}
"""What is the same as in English by right, and why."""

ENTITIES: dict[str, tuple[descriptions.MeterEntityDescription[Any], ...]] = {
    "sensor": (
        *sensor.OF_THE_METER,
        *sensor.OF_ITS_PHASES,
        production_row(ProductionCounter.EXPORTED),
        *LINK_SENSORS,
    ),
    "binary_sensor": binary_sensor.OF_THE_METER + LINK_BINARY_SENSORS,
}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_languages_say_the_same(language: str) -> None:
    english, translated = dict(texts(ENGLISH)), told_in(language)
    assert list(english) == list(translated)
    for path, text in english.items():
        assert text.strip() == text, path
        assert translated[path].strip() == translated[path], path
        assert placeholders(text) == placeholders(translated[path]), path


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_is_not_english(language: str) -> None:
    translated = told_in(language)
    same = {path for path, text in texts(ENGLISH) if translated[path] == text}
    by_right = SAME_IN_ALL | SAME[language]
    allowed = {path for path in translated if any(re.fullmatch(p, path) for p in by_right)}
    assert same <= allowed
    for pattern in by_right:
        assert any(re.fullmatch(pattern, path) for path in same), f"{pattern} is needless"


def test_every_step_of_the_options_has_its_texts() -> None:
    steps = {
        name.removeprefix("async_step_")
        for name in vars(Dts307OptionsFlow)
        if name.startswith("async_step_")
    }
    told = ENGLISH["options"]["step"]
    assert set(told) == steps
    assert set(told["init"]["menu_options"]) == steps - {"init"}
    assert {
        placeholder
        for text in told["energy_dashboard"].values()
        for placeholder in placeholders(text)
    } == {"name", "sources"}


def test_all_that_is_in_the_way_of_the_dashboard_is_explained() -> None:
    source = ast.parse((INTEGRATION / "energy_dashboard.py").read_text())
    reasons = {
        node.args[0].value
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == EnergyDashboardError.__name__
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(reasons) == 3
    explained = ENGLISH["issues"][NOT_IN_DASHBOARD]["fix_flow"]["abort"]
    assert set(explained) == reasons
    told = ENGLISH["options"]["abort"]
    assert told == {**explained, "added": told["added"], "already_there": told["already_there"]}


def form_texts() -> Iterator[tuple[dict[str, Any], Any]]:
    """Go through the forms, each with the texts that belong to it."""
    steps = ENGLISH["config"]["step"]
    for transport in TRANSPORTS:
        # Once nothing was found, the form has all the fields that there are.
        yield steps[transport], setup_forms.link_form(transport, again=True)
    yield steps["meters"], setup_forms.meters_form({})
    yield steps["meter"], setup_forms.METER_FORM
    yield steps["finish"], setup_forms.energy_form({"serial number": "name"})
    # The form of a solar meter has all the fields that there are.
    yield ENGLISH["options"]["step"]["settings"], option_forms.options_form({"role": Role.SOLAR})


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
    option_forms = [form for _, form in form_texts()]
    for form in option_forms:
        option_forms += [part.schema for part in form.schema.values() if isinstance(part, section)]
    selects = [field for form in option_forms for field in form.schema.values()]
    for kind in ("triggers", "conditions"):
        described = load_yaml_dict(str(INTEGRATION / f"{kind}.yaml"))
        for key, told in described.items():
            if not key.startswith("."):
                selects += [selector(field["selector"]) for field in told["fields"].values()]
    choices = {
        field.config["translation_key"]: set(field.config["options"])
        for field in selects
        # Meters go by the names that they have.
        if isinstance(field, SelectSelector) and "translation_key" in field.config
    }
    # Those of what is measured live are no choices.
    told = {key: set(told["options"]) for key, told in ENGLISH["selector"].items() if key != "live"}
    assert choices == told


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
