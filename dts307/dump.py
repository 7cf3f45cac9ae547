"""Write the registers of a meter to a file, for a bug report or for the simulator."""

from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from .connect import connected
from .meter import Meter
from .meter.modbus import retry_once
from .meter.register_dump import map_data, register_data
from .output import print_json, reading_data
from .program import explained, fail, run
from .target import Target, takes_target

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A new file, instead of standard output.")
]


@takes_target
def dump(target: Target, *, output: Output = None) -> None:
    """Write all registers of a meter as JSON, without its serial number.

    A bug report with this file says what the meter sends. The simulator in the project's
    repository replays it: [bold]python -m simulator --dump meter.json --tcp 127.0.0.1:5020[/bold]

    [bold]Examples[/bold]

        dts307 dump /dev/ttyUSB0 -o meter.json
        dts307 dump 192.168.1.50 --unit 101
    """
    run(_dump(target, output))


async def _dump(target: Target, output: Path | None) -> None:
    with explained(target.bus):
        async with connected(target.bus) as connection:
            data = await dump_data(await connection.identify(target.unit_id), target.unit_id)
    if output is None:
        print_json(data)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            json.dump(data, file, indent=2)
    except OSError as err:
        raise fail(f"{output} cannot be written: {err.strerror}.") from err


async def dump_data(meter: Meter, unit_id: int) -> dict[str, Any]:
    """Return what a dump has, as the integration's diagnostics have it.

    Raises MeterError.
    """
    reading = await retry_once(lambda: meter.read(whole=True))
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "unit_id": unit_id,
        **map_data(meter),
        "registers": await register_data(meter),
        "reading": reading_data(reading),
    }
