"""Every text is there, in all languages, and none is unused."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

from homeassistant import components
from homeassistant.data_entry_flow import section
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.selector import NumberSelector, SelectSelector, selector
from homeassistant.util.yaml import load_yaml_dict
import pytest
import voluptuous as vol

from custom_components.dts307 import binary_sensor, descriptions, sensor
from custom_components.dts307.connection import Transport
from custom_components.dts307.descriptions.connection import (
    CONNECTION_BINARY_SENSORS,
    CONNECTION_SENSORS,
)
from custom_components.dts307.descriptions.cost import COST_SENSORS
from custom_components.dts307.descriptions.house import HOUSE_SENSORS
from custom_components.dts307.descriptions.logged import LOGGED_EVENTS
from custom_components.dts307.descriptions.production import PRODUCTION_SENSOR
from custom_components.dts307.energy_dashboard import NOT_IN_DASHBOARD, EnergyDashboardError
from custom_components.dts307.flows import option_forms, setup_forms, sharing_form
from custom_components.dts307.flows.energy_offer import EnergyOffer
from custom_components.dts307.flows.options_flow import Dts307OptionsFlow
from custom_components.dts307.meter.reading_gaps import ReadingGap, Totals
from custom_components.dts307.meter.validation import CounterAnswer, CounterChange
from custom_components.dts307.meter_events import (
    METER_EVENTS,
    Answered,
    EventType,
    Outage,
    Replaced,
    RolledOver,
)
from custom_components.dts307.options import Role
from tests.integration.dashboard import have_home_source
from tests.integration.home import ENGLISH, INTEGRATION
from tests.integration.texts import TRANSLATED, placeholders, texts, told_in

SAME_IN_ALL = {
    r"config\.flow_title": "nothing but a placeholder",
    r"config\.step\.meter\.title": "nothing but placeholders",
    r"selector\.(baudrate|stopbits)\.options\.\d+": "numbers",
    r"selector\.framing\.options\.tcp": "the name of a protocol",
    r"selector\.export_format\.options\.\w+": "names of formats",
}
SAME: dict[str, dict[str, str]] = {
    "de": {
        r"config\.step\.network\.data\.(host|port)": "technicians' words",
        r"options\.step\.sharing\.data\.port": "a technicians' word",
        r"config\.step\.meter\.data\.name": "a German name is a name",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
        r"services\.export\.fields\.format\.name": "a German format is a format",
    },
    "es": {
        r"config\.step\.network\.data\.host": "a technicians' word",
        r"entity\.binary_sensor\.(exporting|answering)\.state\.off": "no is no",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
    },
    "fr": {
        r"config\.step\.serial\.data\.device": "a French port is a port",
        r"config\.step\.network\.data\.port": "a French port is a port",
        r"options\.step\.sharing\.data\.port": "a French port is a port",
        r"options\.step\.init\.title": "French options are options",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
        r"selector\.(demand_window|interval)\.options\.\d+": "minutes are minutes",
        r"services\.export\.fields\.format\.name": "a French format is a format",
    },
    "nl": {
        r"config\.step\.network\.data\.host": "a technicians' word",
        r"config\.step\.(more_)?meters\.data\.meters": "Dutch meters are meters",
        r"config\.step\.network\.sections\.known\.data\.framing": "a protocol is a protocol",
        r"selector\.parity\.options\.even": "even is even",
        r"services\.\w+\.fields\.config_entry_id\.name": "a Dutch meter is a meter",
    },
    "pt-BR": {
        r"config\.step\.network\.data\.host": "a technicians' word",
        r"entity\.sensor\.current_level\.state\.normal": "normal is normal",
    },
}
"""What is the same as in English by right, and why."""

NAMED_BY_ROLE = {
    (each.translation_key, each.key): each
    for role in Role
    for each in descriptions.named_for(role, sensor.SENSORS)
    if each not in sensor.SENSORS
}

ENTITIES: dict[str, tuple[EntityDescription, ...]] = {
    "sensor": (
        *sensor.SENSORS,
        *NAMED_BY_ROLE.values(),
        PRODUCTION_SENSOR,
        *HOUSE_SENSORS,
        *COST_SENSORS.values(),
        descriptions.CT_RATING_SENSOR,
        *CONNECTION_SENSORS,
        *descriptions.SHARING_SENSORS,
    ),
    "binary_sensor": binary_sensor.BINARY_SENSORS + CONNECTION_BINARY_SENSORS,
    "event": (LOGGED_EVENTS,),
}

CLASS_NAMES: dict[str, dict[str | None, str]] = {
    platform: {
        device_class: told["name"]
        for device_class, told in json.loads(
            (Path(components.__path__[0]) / platform / "translations/en.json").read_text()
        )["entity_component"].items()
    }
    for platform in ENTITIES
}
"""Home Assistant's own names of entities, by their device class."""

NAMED_BY_CLASS = {
    "apparent_power",
    "current",
    "frequency",
    "power",
    "power_factor",
    "reactive_power",
    "voltage_line_to_neutral",
}
"""The keys of the sensors without a name of ours."""


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
    assert len(reasons) == 5
    explained = dict(ENGLISH["issues"][NOT_IN_DASHBOARD]["fix_flow"]["abort"])
    del explained["ignored"]
    assert set(explained) == reasons
    told = ENGLISH["options"]["abort"]
    assert told == {**explained, "added": told["added"], "already_there": told["already_there"]}


LONGEST_LABEL = 36
"""Characters; in a field on a phone that is 390 px wide"""

NUMBERS = {"config": 3, "options": 5}
"""How many numbers the forms of a flow ask for outside of their sections."""
IN_SECTIONS = {"config": 1, "options": 7}


def setup_fields() -> dict[Any, Any]:
    """Return the fields of the setup."""
    address = setup_forms.address_form(Transport.NETWORK, again=True).schema
    return {**address, **setup_forms.meter_form().schema}


def option_fields() -> dict[Any, Any]:
    """Return the fields of the options."""
    sharing: dict[Any, Any] = sharing_form.sharing_form(1, {}, "all").schema
    return {**option_forms.options_form({}).schema, **sharing}


def form_texts() -> Iterator[tuple[dict[str, Any], Any]]:
    """Go through the forms, each with the texts that belong to it."""
    steps = ENGLISH["config"]["step"]
    for transport in Transport:
        # Once nothing was found, the form has all the fields that there are.
        yield steps[transport], setup_forms.address_form(transport, again=True)
    yield steps["meters"], setup_forms.meters_form({})
    yield steps["more_meters"], setup_forms.meters_form({})
    yield steps["meter"], setup_forms.meter_form()
    yield steps["finish"], setup_forms.energy_form(EnergyOffer({"serial number": "name"}))
    # The form of a solar meter has all the fields that there are.
    options = ENGLISH["options"]["step"]
    yield options["settings"], option_forms.options_form({"role": Role.SOLAR})
    yield options["sharing"], sharing_form.sharing_form(1, {}, "all")


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


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_every_number_out_of_its_range_is_told_the_range(language: str) -> None:
    """Home Assistant translates what a field's validation says, but not in a section."""
    told = told_in(language)

    def assert_told(path: str, limits: Any) -> None:
        text = re.sub(r"(?<=\d)\D(?=000|600)", "", told[path])
        for number in (limits["min"], limits["max"]):
            assert re.search(rf"\b{number:g}\b", text), path

    for flow, forms in {"config": setup_fields(), "options": option_fields()}.items():
        limited = {field: limits for field, limits in forms.items() if isinstance(limits, vol.All)}
        assert len(limited) == NUMBERS[flow]
        for field, limits in limited.items():
            config = limits.validators[0].config
            for wrong in (config["min"] - 1, config["max"] + 1):
                with pytest.raises(vol.Invalid) as refused:
                    vol.Schema({field: limits})({str(field): wrong})
                assert_told(f"{flow}.error.{refused.value.errors[0].error_message}", config)
        parts = [part.schema.schema for part in forms.values() if isinstance(part, section)]
        in_sections = {
            str(key): field.config
            for part in parts
            for key, field in part.items()
            if isinstance(field, NumberSelector) and "min" in field.config
        }
        assert len(in_sections) == IN_SECTIONS[flow]
        for key, config in in_sections.items():
            assert_told(f"{flow}.error.{key}_range", config)


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_labels_of_empty_fields_fit_on_a_phone(language: str) -> None:
    """Home Assistant writes them into the field, where a second line has no room."""
    empty = {str(key) for key in setup_fields() if key.default is vol.UNDEFINED}
    assert {"host", "ct_rating"} <= empty
    labels = {
        path: text
        for path, text in told_in(language).items()
        if ".data." in path and path.rpartition(".")[2] in empty
    }
    assert len(labels) > len(empty)
    assert {path: text for path, text in labels.items() if len(text) > LONGEST_LABEL} == {}


def test_every_choice_has_a_label(monkeypatch: pytest.MonkeyPatch) -> None:
    have_home_source(monkeypatch)
    option_forms = [form for _, form in form_texts()]
    for form in option_forms:
        option_forms += [part.schema for part in form.schema.values() if isinstance(part, section)]
    selects = [field for form in option_forms for field in form.schema.values()]
    for kind in ("triggers", "conditions", "services"):
        described = load_yaml_dict(str(INTEGRATION / f"{kind}.yaml"))
        for key, told in described.items():
            if not key.startswith("."):
                selects += [selector(field["selector"]) for field in told["fields"].values()]
    choices = {
        field.config["translation_key"]: {
            each["value"] if isinstance(each, dict) else each for each in field.config["options"]
        }
        for field in selects
        # Meters go by the names that they have.
        if isinstance(field, SelectSelector) and "translation_key" in field.config
    }
    # Those of what is measured live, and of the logbook, are no choices.
    no_choices = {"live", "logbook"}
    told = {key: set(told["options"]) for key, told in ENGLISH["selector"].items()}
    assert choices == {key: options for key, options in told.items() if key not in no_choices}


@pytest.mark.parametrize("platform", ENTITIES)
def test_every_entity_has_a_name(platform: str) -> None:
    told = ENGLISH["entity"][platform]
    assert told.keys() <= {description.translation_key for description in ENTITIES[platform]}
    shown = []
    for description in ENTITIES[platform]:
        of_class = CLASS_NAMES[platform].get(description.device_class)
        name = told.get(description.translation_key, {}).get("name", of_class)
        assert placeholders(name) == sorted(description.translation_placeholders or ())
        shown.append(name.format(**description.translation_placeholders or {}))
    assert len(set(shown)) == len(shown)
    assert set(ENGLISH["entity"]) == set(ENTITIES)


def test_sensors_take_the_name_of_their_device_class() -> None:
    """Home Assistant has these names in more languages than we do."""
    told = ENGLISH["entity"]["sensor"]
    unnamed = {d.key for d in ENTITIES["sensor"] if d.translation_key not in told}
    assert unnamed == NAMED_BY_CLASS
    for description in ENTITIES["sensor"]:
        if description.key not in unnamed:
            own_name = told[description.translation_key]["name"]
            assert own_name != CLASS_NAMES["sensor"].get(description.device_class)


def test_every_event_has_its_texts() -> None:
    """Its type and the owner's answer are words in the state, its attributes have names."""
    told = ENGLISH["entity"]["event"][METER_EVENTS]["state_attributes"]
    assert set(told["event_type"]["state"]) == set(EventType)
    assert set(told["answer"]["state"]) == set(CounterAnswer)
    gap = ReadingGap(begin=0, end=0, energy=Totals(), with_start=False)
    change = CounterChange(key="energy_imported.total", before=0, now=0, counted=0)
    events = (
        Outage(gap),
        RolledOver((change,)),
        Answered(CounterAnswer.REAL, (change,)),
        Replaced("", ""),
    )
    assert {event.type for event in events} == set(EventType)
    assert set(told) == {"event_type", *(name for event in events for name in event.attributes)}
