"""Search a bus for meters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Final, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
import typer

from .exit_codes import ExitCode, exit_code
from .links import OwnLinks
from .meter import MeterError
from .meter.address import BusAddress, Framing, NetworkAdapter, SerialPort
from .meter.bus_scan import MeterScan, cause_of, results_text
from .meter.modbus import ScanResult, ScanStage
from .output import Json, console, print_json
from .program import fail, run
from .target import Target, bus_text, takes_target
from .texts import failure_text, search_text

Thorough = Annotated[
    bool, typer.Option("--all", help="Try all unit IDs, even after a meter is found: a minute.")
]
Everything = Annotated[
    bool,
    typer.Option("--full", help="Try every unit ID with all usual settings: up to eight minutes."),
]

_STAGES: Final = {
    ScanStage.SETTINGS: "Trying unit ID {unit_id} at {settings}",
    ScanStage.UNIT_IDS: "Trying the other unit IDs at {settings}: {unit_id}",
    ScanStage.EVERYTHING: "Trying all unit IDs with all settings: {unit_id} at {settings}",
    ScanStage.NEIGHBOURS: "Looking for more meters: unit ID {unit_id}",
}


@takes_target
def scan(
    target: Target,
    *,
    thorough: Thorough = False,
    everything: Everything = False,
    json: Json = False,
) -> None:
    """Search a bus for meters: their unit IDs, and the settings of the line.

    It only reads. Close other programs that use the same port or adapter before.

    [bold]Examples[/bold]

        dts307 scan /dev/ttyUSB0
        dts307 scan COM3 --all
        dts307 scan 192.168.1.50
        dts307 scan gateway:4196 --json
    """
    run(_scan(target, thorough=thorough, everything=everything, as_json=json))


async def _scan(target: Target, *, thorough: bool, everything: bool, as_json: bool) -> None:
    with _progress() as show:
        search = new_search(target, show, thorough=thorough, everything=everything)
        await search.run()
    report(search, as_json=as_json)


def new_search(
    target: Target,
    on_progress: Callable[[MeterScan, float], None],
    *,
    thorough: bool = False,
    everything: bool = False,
    links: OwnLinks | None = None,
) -> MeterScan:
    """Return a search for meters on the bus of a target.

    ``on_progress`` is called before each probe, with the share of the stage that is done.
    """
    search = MeterScan(
        links or OwnLinks(),
        target,
        is_wanted=lambda result: result.identity is not None,
        on_progress=lambda share: on_progress(search, share),
        thorough=thorough,
        everything=everything,
    )
    return search


def report(search: MeterScan, *, as_json: bool) -> None:
    """Print what a search has found.

    Raises typer.Exit if it has found no meter.
    """
    if as_json:
        print_json(list(map(_result_data, search.results)))
    elif search.wanted:
        console().print(_results_table(search.results))
        example = search.wanted[0]
        typer.echo(f"Read the first one with:\n  dts307 read {arguments_for(example)}")
    if not search.wanted:
        raise _failed(search)


def arguments_for(result: ScanResult[BusAddress]) -> str:
    """Return the arguments that lead a command to a device that was found."""
    bus, unit = result.settings, f"--unit {result.unit_id}"
    if isinstance(bus, SerialPort):
        parity = "" if bus.parity == "N" else f" --parity {bus.parity}"
        stop_bits = "" if bus.stopbits == 1 else f" --stop-bits {bus.stopbits}"
        return f"{bus.device} --baud {bus.baudrate}{parity}{stop_bits} {unit}"
    return f"{bus_text(bus)}{' --rtu-over-tcp' if bus.framing is Framing.RTU else ''} {unit}"


def _failed(search: MeterScan) -> typer.Exit:
    """Say why a search has found no meter."""
    cause = cause_of(search)
    if isinstance(cause, str):
        is_there = cause == "no_meter_among"
        code = ExitCode.NO_METER if is_there else ExitCode.NO_ANSWER
        return fail(search_text(cause, devices=results_text(search.results)), code)
    # Other errors mean that something else holds a connection, which here nothing does.
    err, bus = cast("MeterError", cause[0]), cause[1]
    return fail(failure_text(err, bus), exit_code(err))


def _results_table(results: list[ScanResult[BusAddress]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for heading in ("Unit ID", "Manufacturer", "Model", "Version", "Serial number", "Settings"):
        table.add_column(heading, justify="right" if heading == "Unit ID" else "left")
    for result in results:
        identity = result.identity
        if identity is None:
            cells = ["no meter", "", "", ""]
        else:
            cells = [
                # What is in brackets is no markup of ours.
                escape(text)
                for text in (
                    identity.manufacturer,
                    identity.model,
                    identity.version,
                    identity.serial_number,
                )
            ]
        table.add_row(str(result.unit_id), *cells, result.settings.settings_text)
    return table


def _result_data(result: ScanResult[BusAddress]) -> dict[str, Any]:
    """Return what was found for JSON."""
    error = result.error
    return {
        "unit_id": result.unit_id,
        "settings": settings_data(result.settings),
        "identity": result.identity and asdict(result.identity),
        "error": error and error.reason,
        "message": error and failure_text(error, result.settings),
    }


def settings_data(bus: BusAddress) -> dict[str, Any]:
    """Return where a bus is, for JSON."""
    if isinstance(bus, NetworkAdapter):
        return {"host": bus.host, "port": bus.port, "rtu_over_tcp": bus.framing is Framing.RTU}
    return {
        "device": bus.device,
        "baud": bus.baudrate,
        "parity": bus.parity,
        "stop_bits": bus.stopbits,
    }


class _Shown:
    """A progress bar on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1.0)

    def show(self, search: MeterScan, share: float) -> None:
        """Show what is probed, and how much of the stage is done."""
        probe = search.probe
        text = _STAGES[probe.stage].format(
            unit_id=probe.unit_id, settings=probe.settings.settings_text
        )
        found = len(search.wanted)
        self._progress.update(
            self._task, completed=share, description=f"{text}. Found: {found}" if found else text
        )


@contextmanager
def _progress() -> Iterator[Callable[[MeterScan, float], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    shown = Console(stderr=True)
    with Progress(
        *columns, console=shown, transient=True, disable=not shown.is_terminal
    ) as progress:
        yield _Shown(progress).show
