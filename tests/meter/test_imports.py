"""The device library needs neither Home Assistant nor a particular Modbus backend."""

import subprocess
import sys

_SCRIPT = """
import importlib, pkgutil, sys, types

for name in ("homeassistant", "serialx", "tmodbus", "pymodbus"):
    sys.modules[name] = None

# The integration itself, which contains the library, is Home Assistant's.
integration = types.ModuleType("custom_components.dts307")
integration.__path__ = ["custom_components/dts307"]
sys.modules["custom_components.dts307"] = integration

library = importlib.import_module("custom_components.dts307.meter")
modules = [info.name for info in pkgutil.walk_packages(library.__path__, library.__name__ + ".")]
for name in modules:
    if name.endswith(".modbus_server"):
        continue  # It is pymodbus' server, and imported when it starts.
    importlib.import_module(name)
print(len(modules))
"""


def test_every_module_is_imported_without_home_assistant_and_the_backends() -> None:
    """A computer without Home Assistant has one backend of modbus-connection, whichever it is."""
    run = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", _SCRIPT], check=False, capture_output=True, text=True
    )
    assert run.stderr == ""
    assert int(run.stdout) > 20
