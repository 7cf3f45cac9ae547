"""Put on Home Assistant's path: a pseudo-terminal has no parity, so a file passes it on."""

import os
from pathlib import Path
from typing import Any

import serialx

_connect = serialx.create_serial_connection


def _tell_parity(*args: Any, **settings: Any) -> Any:
    Path(os.environ["PARITY_FILE"]).write_text(str(settings["parity"].value))
    return _connect(*args, **settings | {"parity": serialx.Parity.NONE})


serialx.create_serial_connection = _tell_parity
