"""The blueprints can be imported, are well described, and the examples in the guide are real."""

from pathlib import Path
import re
from typing import Any, cast
from urllib.parse import unquote

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.automation.config import async_validate_config_item
from homeassistant.components.blueprint import importer
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import extract_inputs, load_yaml_dict, parse_yaml
import pytest

from tests.integration.blueprints import FOLDER, install
from tests.integration.home import INTEGRATION

REPOSITORY = INTEGRATION.parents[1]
GUIDE = (REPOSITORY / "docs/automations.md").read_text()
ADDRESS = "https://github.com/dts307/dts307/blob/main"
FILES = sorted(FOLDER.glob("*.yaml"))
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", GUIDE, flags=re.DOTALL | re.MULTILINE)
IMPORTS = re.findall(r"blueprint_import/\?blueprint_url=([^)]+)\)", GUIDE)


def address(file: Path) -> str:
    """Return where a blueprint is found by those who import it."""
    return f"{ADDRESS}/{file.relative_to(REPOSITORY)}"


def test_the_guide_has_a_link_to_each() -> None:
    assert len(FILES) == 5
    assert sorted(unquote(link) for link in IMPORTS) == [address(file) for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_each_is_well_described(hass: HomeAssistant, tmp_path: Path, file: Path) -> None:
    install(hass, tmp_path)
    assert await async_setup_component(hass, AUTOMATION, {})
    blueprint = await hass.data["automation_blueprints"].async_get_blueprint(f"dts307/{file.name}")
    about = blueprint.metadata
    assert about["source_url"] == address(file)
    assert f"**{about['name'].removesuffix(' (DTS 307)')}" in GUIDE
    assert about["homeassistant"]["min_version"] == "2026.10.0"
    assert blueprint.validate() is None
    assert importer._get_github_import_url(about["source_url"])  # noqa: SLF001 - what an import asks for
    required = [key for key, field in blueprint.inputs.items() if "default" not in field]
    assert 1 <= len(required) <= 3
    for field in blueprint.inputs.values():
        assert field["name"]
        assert field["description"].endswith(".")
        assert field["selector"]
    assert extract_inputs(blueprint.data) == blueprint.inputs.keys()


def test_no_blueprint_is_read_as_something_else() -> None:
    """YAML takes a bare on or off for true or false, also as a key."""
    for file in FILES:
        sections = load_yaml_dict(str(file))["blueprint"]["input"]
        assert all(isinstance(key, str) for key in sections)


@pytest.mark.parametrize("example", EXAMPLES)
async def test_the_examples_can_be_loaded(hass: HomeAssistant, example: str) -> None:
    assert await async_setup_component(hass, AUTOMATION, {})
    # The examples of single triggers and conditions leave out the rest of an automation.
    rest = {"alias": "example", "triggers": [], "actions": []}
    whole = {**rest, **cast(dict[str, Any], parse_yaml(example))}
    config = await async_validate_config_item(hass, "example", whole)
    assert config is not None
    assert config.validation_error is None
    assert config.validation_status == "ok"


def described(kind: str) -> dict[str, Any]:
    """Return the triggers or conditions of the integration, with the fields of each."""
    loaded = load_yaml_dict(str(INTEGRATION / f"{kind}s.yaml"))
    return {key: each for key, each in loaded.items() if not key.startswith(".")}


def test_the_guide_names_all_triggers_and_conditions() -> None:
    named = set(re.findall(r"`dts307\.(\w+)`", GUIDE))
    assert named == {*described("trigger"), *described("condition")}


@pytest.mark.parametrize("kind", ["trigger", "condition"])
def test_the_guide_has_a_section_on_each(kind: str) -> None:
    """Each has an example of its own, beside a list of all its parameters."""
    sections = GUIDE.partition("## Examples")[0].split("\n### ")
    for key, each in described(kind).items():
        (section,) = (part for part in sections if f"- {kind}: dts307.{key}\n" in part)
        parameters = set(re.findall(r"`(\w+)`", section))
        assert {"target", *each["fields"]} <= parameters, key
