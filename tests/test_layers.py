"""The layers of the integration: imports lead down, and into packages through ``__init__``."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import resolve_name
from inspect import ismodule
from pathlib import Path
import sys

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "custom_components.dts307"
FOLDER = ROOT / "custom_components/dts307"

LAYERS = (
    # The device library.
    "meter.clock meter.errors meter.hysteresis meter.identity meter.phases meter.sample",
    "meter.house_balance meter.reading_gaps",
    "meter.modbus",
    "meter.address",
    "meter.failure_key",
    "meter.sunspec",
    "meter.bus_scan meter.installation meter.register_dump meter.validation",
    "meter.alarms meter.intervals meter.session",
    "meter.exports",
    "meter.sharing",
    "meter",
    # Home Assistant's side.
    "const",
    "identification issues options snapshot wording",
    "meter_events prices solar",
    "automation connection descriptions sharing stores",
    "energy_dashboard lifecycle",
    "coordinator flows",
    "actions backup calculated cards diagnostics entity port_watch repairs scan",
    "binary_sensor condition config_flow data_export event llm logbook sensor trigger",
    "statistics_repair",
    "__init__",
)
"""A module or package of one line imports only from the lines before it, which excludes cycles."""

LEVEL = {unit: level for level, line in enumerate(LAYERS) for unit in line.split()}

PROGRAM = ROOT / "dts307"

SOURCES = sorted(FOLDER.rglob("*.py"))


def name_of(source: Path) -> str:
    """Return a module's name inside the integration, without ``__init__`` of its packages."""
    parts = source.relative_to(FOLDER).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def unit_of(module: str) -> str:
    """Return the module or package of the table that a module belongs to."""
    units = [unit for unit in LEVEL if module == unit or module.startswith(f"{unit}.")]
    return max(units, key=len, default=f"{module}, which LAYERS lacks")


def imports(source: Path) -> Iterator[str]:
    """Yield the full names of the modules that a module imports."""
    package = ".".join(source.parent.relative_to(ROOT).parts)
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            module = import_module(base)
            for alias in node.names:
                # A module that has not been imported yet is no attribute of its package.
                is_module = ismodule(getattr(module, alias.name, sys))
                yield f"{base}.{alias.name}" if is_module else base


def own_imports(source: Path) -> Iterator[str]:
    """Yield the names of the integration's modules that a module imports."""
    for name in imports(source):
        if name.startswith(f"{PACKAGE}."):
            yield name.removeprefix(f"{PACKAGE}.")
        elif name == PACKAGE:
            yield "__init__"


def test_the_table_lists_every_module() -> None:
    assert LEVEL.keys() == {unit_of(name_of(source)) for source in SOURCES}


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_packages_are_imported_through_their_init(source: Path) -> None:
    here = unit_of(name_of(source))
    for module in own_imports(source):
        assert unit_of(module) in {module, here}, module


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_imports_lead_down(source: Path) -> None:
    here = unit_of(name_of(source))
    for module in own_imports(source):
        there = unit_of(module)
        assert there == here or LEVEL[there] < LEVEL[here], module


@pytest.mark.parametrize("source", sorted((FOLDER / "meter").rglob("*.py")), ids=name_of)
def test_the_device_library_needs_no_home_assistant(source: Path) -> None:
    allowed = sys.stdlib_module_names | {"custom_components", "modbus_connection", "serialx"}
    if source.name == "modbus_server.py":
        allowed |= {"pymodbus"}
    assert {name.partition(".")[0] for name in imports(source)} <= allowed


@pytest.mark.parametrize("source", sorted(PROGRAM.rglob("*.py")), ids=lambda source: source.stem)
def test_the_program_needs_only_the_device_library_and_its_dependencies(source: Path) -> None:
    """Beside the library it shares, its symbolic links, nothing of the integration."""
    allowed = sys.stdlib_module_names | {"dts307", "modbus_connection", "paho", "rich"}
    names = {name.partition(".")[0] for name in imports(source)}
    assert names <= allowed | {"textual", "typer"}
