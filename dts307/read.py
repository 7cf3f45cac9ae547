"""Read a meter once."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from .connect import connected
from .meter import Meter, PerPhase, Reading
from .meter.modbus import retry_once
from .meter.phases import PAIR_LABELS, PARTS, PHASE_LABELS, TOTAL
from .meter.validation import believable
from .output import (
    Invert,
    Json,
    console,
    event_names,
    import_positive,
    meter_text,
    numbers,
    print_json,
    reading_data,
)
from .program import explained, run
from .quantities import QUANTITIES, phases_of
from .target import Target, takes_target

_KILO: Final = {"Wh": ("kWh", 1000)}
"""Units that tables show in thousands, as the meter's display does."""

_SHOWN: Final = QUANTITIES[:9]
"""Without apparent and reactive energies, which --json has."""


@takes_target
def read(target: Target, *, invert: Invert = False, json: Json = False) -> None:
    """Read a meter once.

    Power has the meter's own sign. If the exported energy rises while power is positive, add
    --invert.

    [bold]Examples[/bold]

        dts307 read /dev/ttyUSB0
        dts307 read COM3 --baud 19200 --unit 101
        dts307 read 192.168.1.50 --json
        dts307 read gateway:4196 --rtu-over-tcp
    """
    run(_read(target, invert=invert, as_json=json))


async def _read(target: Target, *, invert: bool, as_json: bool) -> None:
    with explained(target.bus):
        async with connected(target.bus) as connection:
            meter = await connection.identify(target.unit_id)
            reading = believable(await retry_once(meter.read))
            reading = import_positive(reading, invert=invert)
            at = datetime.now(UTC)
    if as_json:
        print_json(
            {
                "time": at.isoformat(timespec="milliseconds"),
                "unit_id": target.unit_id,
                "identity": asdict(meter.identity),
                "model": meter.model.model_id,
                "reading": reading_data(reading),
            }
        )
    else:
        console().print(reading_report(meter, target.unit_id, reading))


def reading_report(meter: Meter, unit_id: int, reading: Reading) -> Group:
    """Return what a meter is and measures, in total and for each phase."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("")
    table.add_column("Total", justify="right", style="bold")
    phases = phases_of(reading)
    for phase in phases:
        table.add_column(f"{PHASE_LABELS[phase]} / {PAIR_LABELS[phase]}", justify="right")
    table.add_column("Unit")
    for quantity in _SHOWN:
        values: PerPhase = getattr(reading, quantity.field)
        if any(getattr(values, part) is not None for part in PARTS):
            unit, divisor = _KILO.get(quantity.unit, (quantity.unit, 1))
            shown = [getattr(values, part) for part in (TOTAL, *phases)]
            cells = numbers([value and value / divisor for value in shown], reading)
            table.add_row(quantity.label, *cells, unit)
    table.add_row("Frequency", *numbers([reading.frequency], reading), *([""] * len(phases)), "Hz")
    events = ", ".join(event_names(reading)).replace("_", " ")
    return Group(
        Text(meter_text(meter.identity, unit_id), style="bold"),
        table,
        Text(f"Event flags: {events or 'none'}"),
    )
