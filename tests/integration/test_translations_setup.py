"""Setup has all its texts, and none is unused."""

import ast
from pathlib import Path
from types import ModuleType

from custom_components.dts307 import config_flow
from custom_components.dts307.connection import (
    NetworkAdapter,
    SerialPort,
    Transport,
    failure_key,
)
from custom_components.dts307.flows import energy_offer, preview
from custom_components.dts307.meter import MeterError
from custom_components.dts307.meter.bus_scan import cause
from custom_components.dts307.meter.installation import NoMeasurement
from custom_components.dts307.meter.modbus import ScanStage
from custom_components.dts307.scan import explanation
from tests.integration.home import ENGLISH
from tests.integration.texts import placeholders, texts

DOUBTS = {*NoMeasurement, "current_above_rating", "solar_imports", "load_exports", "home_exports"}
"""Doubts about a meter's values that a form shows before it is added."""

ONLY_IN_A_FORM = {
    "only_known_meters",
    "other_meters",
    "no_meter_among",
    "responds_everywhere",
    "busy_everywhere",
    *(f"nothing_found_{transport}" for transport in Transport),
    "none_chosen",
    *DOUBTS,
}
"""What can go wrong with a search, or with what is entered, but not with an entry."""

ONLY_AT_AN_ENTRY = {"being_searched", "unexpected_error"}
"""What happens to an entry, but is not an answer to what was entered in a form."""

FROM_ACTIONS = {
    "nothing_known",
    "end_before_start",
    "nothing_to_restore",
    "too_many_intervals",
    "export_request",
    "nem12_interval_length",
    "nem12_no_whole_day",
}
"""What an action or a download is refused for."""

RANGES = {"ct_rating_range", "ct_sets_range", "port_range", "unit_id_range"}
"""What a number gets that is out of the range of its field."""

WITH_HOLDER = {"port_in_use_by", "link_in_use_by"}
"""Used instead of the same key without ``_by`` if the holder is known."""

WITH_DEVICES = {"only_known_meters", "other_meters", "no_meter_among"}
"""What names the devices that were found."""

PLACEHOLDERS: dict[str, set[str]] = {
    "user": set(),
    "reconfigure": set(),
    "serial": set(),
    "network": set(),
    "meters": set(),
    "meter": {
        "model",
        "serial_number",
        "unit_id",
        "position",
        "count",
        "measured",
        "identified",
    },
    "more_meters": set(),
    "finish": {"measured", "not_ticked"},
}
"""What each step fills into its texts."""

UNSEEN_STEPS = {"search", "searched", "neighbours", "taken_over", "integration_discovery"}
"""Steps that show progress, which has texts of its own, or what other steps show."""


def failures() -> set[str]:
    """Return the keys of all that can go wrong with a meter, over each kind of link."""
    kinds = [MeterError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    buses = (
        SerialPort(device="/dev/ttyUSB0"),
        SerialPort(device="rfc2217://gateway:2217"),
        NetworkAdapter(host="gateway"),
    )
    return {failure_key(kind(), bus) for kind in kinds[1:] for bus in buses}


def returned(module: ModuleType, function: str) -> set[str]:
    """Return the keys that a function gives back, be it as they are or with something to fill in.

    What is put together of several parts is not among them.
    """
    (found,) = (
        node
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
    )
    returns = [node for node in ast.walk(found) if isinstance(node, ast.Return)]
    parts = {
        part
        for node in returns
        for text in ast.walk(node)
        if isinstance(text, ast.JoinedStr)
        for part in ast.walk(text)
    }
    return {
        node.value
        for each in returns
        for node in ast.walk(each)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts
    }


def refusals() -> set[str]:
    """Return the keys that the config flow names itself."""
    told = returned(explanation, "async_explain") | returned(cause, "cause_of")
    told |= returned(preview, "doubt")
    nothing_found = {f"nothing_found_{transport}" for transport in Transport}
    return told | nothing_found | set(NoMeasurement) | {"none_chosen", "link_in_use"}


def test_every_failure_is_explained() -> None:
    assert len(failures()) > 10
    assert refusals() - failures() == ONLY_IN_A_FORM | {"link_in_use"}
    told = failures() | refusals() | WITH_HOLDER
    assert set(ENGLISH["config"]["error"]) == told | RANGES
    at_an_entry = ONLY_AT_AN_ENTRY | FROM_ACTIONS
    assert set(ENGLISH["exceptions"]) == (told - ONLY_IN_A_FORM) | at_an_entry
    for reason in told - ONLY_IN_A_FORM:
        message = ENGLISH["exceptions"][reason]["message"]
        assert message == ENGLISH["config"]["error"][reason]


def test_every_step_has_its_texts() -> None:
    flow = config_flow.Dts307ConfigFlow
    ours = [each for each in flow.mro() if each.__module__.startswith("custom_components")]
    steps = {
        name.removeprefix("async_step_")
        for each in ours
        for name in vars(each)
        if name.startswith("async_step_")
    }
    told = ENGLISH["config"]["step"]
    assert set(told) == steps - UNSEEN_STEPS
    assert steps > UNSEEN_STEPS
    for step in ("user", "reconfigure"):
        assert set(told[step]["menu_options"]) == set(Transport)
    assert {
        step: {name for _, text in texts(its) for name in placeholders(text)}
        for step, its in told.items()
    } == PLACEHOLDERS
    assert set(ENGLISH["config"]["abort"]) == {
        "already_configured",
        "entry_gone",
        "reconfigure_successful",
        "taken_over",
    }


def test_every_stage_of_a_search_is_told() -> None:
    told = ENGLISH["config"]["progress"]
    assert set(told) == set(ScanStage)
    for stage, text in told.items():
        assert set(placeholders(text)) <= {"settings", "unit_id", "count"}
        assert "{unit_id}" in text, stage


def test_what_is_told_of_errors_can_be_filled_in() -> None:
    filled_in = {
        key: names
        for key, text in ENGLISH["config"]["error"].items()
        if (names := placeholders(text))
    }
    assert filled_in == {
        **{key: ["devices"] for key in WITH_DEVICES},
        **{key: ["holder"] for key in WITH_HOLDER},
        "speaks_bacnet_serial": ["baudrate"],
    }


def test_what_is_measured_can_be_told() -> None:
    told = ENGLISH["selector"]["live"]["options"]
    constants = {
        node.value
        for module in (preview, energy_offer, config_flow)
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(node, ast.Constant)
    }
    assert set(told) <= constants
    assert {key: placeholders(text) for key, text in told.items()} == {
        "no_answer": [],
        "importing": ["power"],
        "exporting": ["power"],
        "grid_source_there": ["meters", "sources"],
        "solar_source_there": ["meters", "sources"],
        "battery_source_there": ["meters", "sources"],
        "home_source_there": ["meters", "sources"],
        "no_serial_number": ["address"],
        "shared_serial_number": ["serial_number"],
    }
