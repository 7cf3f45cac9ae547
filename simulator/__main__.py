"""Run the simulator: `python -m simulator --help`."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, tzinfo
import json
import logging
from pathlib import Path
import signal
import sys
from zoneinfo import ZoneInfo

from . import (
    Framing,
    MeterConfig,
    Page,
    PageConfig,
    PtyConfig,
    Replay,
    Role,
    SerialConfig,
    Simulator,
    SimulatorConfig,
    TcpConfig,
)

_DEFAULT_METERS = (
    "model=203,unit=100,role=grid,days=365",
    "model=201,unit=101,role=solar,days=365",
)
_ACCURACY_CLASS = 0.5
"""Percent; the meter is certified to ANSI C12.20 class 0.5."""
_DESCRIPTION = """\
A simulated DTS 307 energy meter: its SunSpec registers over Modbus, its LEDs, and a realistic
house behind it. Everything listens on this machine only.
"""
_EPILOG = """\
a meter is described by NAME=VALUE pairs, all of them optional:
  model=203      SunSpec model: 201 single phase, 202 split phase, 203 wye, 204 delta (integers);
                 211 to 214 the same as float32
  unit=100       Modbus address
  role=grid      grid: net of load and solar power; solar: at the inverter, production is export
  site=home      meters of one site share a house and its weather
  serial=TEXT    serial number
  product=TEXT   model name ("DTS 307", or "DTS 307/1" for single phase)
  version=1.00   firmware version
  ct=200 sets=1  CT rating in A and parallel CT sets
  accuracy=0     accuracy class in percent, by which the shown values scatter (0.5 with --noise);
                 the counters count the true energy
  days=0         start the counters as if the meter had been in service for so many days
  TotWhImp=0     start of any energy counter, by its SunSpec name
  missing=A+PhV  points to report as not implemented
  base=40000     address of the SunS marker: 40000, 50000 or 0
  l1=66          length of model 1: 66 or 65
  settable=1     whether its Modbus address can be written (default: 0)
  empty=0        content of unimplemented integer counters, such as 0x80000000

once everything is ready, one line of JSON on standard output lists the addresses:
  {"ready": true, "tcp": [{"host": ..., "port": ..., "framing": ...}], "pty": ..., "serial": ...,
   "page": "http://..."}

example:
  python -m simulator --tcp 127.0.0.1:5020 --page 127.0.0.1:8307 \\
      --meter model=203,unit=100,role=grid,days=365 --meter model=201,unit=101,role=solar,days=365
"""

_METER_FIELDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "model": ("model", int),
    "unit": ("unit", int),
    "role": ("role", Role),
    "site": ("site", str),
    "serial": ("serial", str),
    "product": ("product", str),
    "version": ("version", str),
    "ct": ("ct_rating", float),
    "sets": ("ct_sets", int),
    "accuracy": ("accuracy", float),
    "days": ("days_in_service", int),
    "missing": ("missing", lambda names: frozenset(names.split("+"))),
    "base": ("base", int),
    "l1": ("identity_length", int),
    "settable": ("settable", lambda number: bool(int(number))),
    "empty": ("empty_counter", lambda number: int(number, 0)),
}


def meter(text: str) -> MeterConfig:
    """Return the meter that NAME=VALUE pairs describe."""
    values: dict[str, object] = {}
    counters: dict[str, int] = {}
    try:
        for pair in filter(None, text.split(",")):
            name, _, value = pair.partition("=")
            if name.startswith("Tot"):
                counters[name] = int(value)
            elif name in _METER_FIELDS:
                field, convert = _METER_FIELDS[name]
                values[field] = convert(value)
            else:
                raise ArgumentTypeError(f"unknown name {name!r} in a meter's description")
        return MeterConfig(**values, counters=counters)  # type: ignore[arg-type]
    except ValueError as err:
        raise ArgumentTypeError(str(err)) from err


def dump(text: str) -> Replay:
    """Return the registers in a file."""
    try:
        return Replay.load(Path(text))
    except (OSError, ValueError) as err:
        raise ArgumentTypeError(str(err)) from err


def host_port(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT; an IPv6 address is in brackets."""
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def time_zone(text: str) -> tzinfo:
    """Return the time zone with a name."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError) as err:
        raise ArgumentTypeError(f"unknown time zone {text!r}") from err


def parser() -> ArgumentParser:
    """Return the parser of the command line."""
    arguments = ArgumentParser(
        prog="python -m simulator",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add = arguments.add_argument
    add(
        "--meter",
        type=meter,
        action="append",
        metavar="NAME=VALUE,...",
        help="a meter; repeatable (default: a DTS 307 at the grid as unit 100 and"
        " a DTS 307/1 at the inverter as unit 101, both a year in service)",
    )
    add(
        "--dump",
        type=dump,
        action="append",
        default=[],
        metavar="FILE",
        help="replay the registers of a real meter, from dts307 dump or the integration's"
        " diagnostics; repeatable; the default meters are then absent",
    )
    add(
        "--tcp",
        type=host_port,
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="serve Modbus on a TCP port, 0 for a free one; repeatable",
    )
    add(
        "--framing",
        type=Framing,
        choices=list(Framing),
        default=Framing.SOCKET,
        help="frames on the TCP ports: socket is Modbus TCP, rtu is RTU over TCP (default: socket)",
    )
    add("--pty", type=Path, metavar="PATH", help="serve RTU on a pseudo-terminal linked at PATH")
    add("--serial", metavar="PORT", help="serve RTU on a serial port")
    add(
        "--baud",
        type=int,
        help="speed of the serial port (default: 9600); if given, the pseudo-terminal ignores"
        " clients at other speeds",
    )
    add("--parity", choices=list("NEO"), default="N", help="parity of the serial port (default: N)")
    add("--stop-bits", type=int, choices=[1, 2], default=1, help="stop bits of the serial port")
    add("--page", type=host_port, metavar="HOST:PORT", help="serve the page with the faceplates")
    add("--speed", type=float, default=1, help="speed of simulated time, 0 to stop it (default: 1)")
    add(
        "--start",
        type=datetime.fromisoformat,
        metavar="ISO8601",
        help="simulated time at the start (default: now)",
    )
    add(
        "--timezone",
        type=time_zone,
        default=datetime.now().astimezone().tzinfo,
        metavar="NAME",
        help="local time of the house, such as America/New_York (default: this machine's)",
    )
    add("--latitude", type=float, default=40.0, help="degrees north (default: 40)")
    add("--volts", type=float, default=120.0, help="nominal voltage to neutral (default: 120)")
    add("--hertz", type=float, default=60.0, help="nominal frequency (default: 60)")
    add("--solar", type=float, default=5000.0, help="peak power of the plant in W (default: 5000)")
    add(
        "--noise",
        action="store_true",
        help="real life: meters of accuracy class 0.5, whose values scatter around the truth, in"
        " busy households with about a thousand switching events a day",
    )
    add("--seed", type=int, default=307, help="seed of the house's random values (default: 307)")
    return arguments


def configuration(options: Namespace) -> SimulatorConfig:
    """Return the configuration for these options.

    Raises:
        ValueError: a part of the configuration refuses its values.
    """
    meters: list[MeterConfig] = options.meter or [
        meter(text) for text in (() if options.dump else _DEFAULT_METERS)
    ]
    if options.noise:
        meters = [replace(each, accuracy=each.accuracy or _ACCURACY_CLASS) for each in meters]
    return SimulatorConfig(
        meters=meters,
        replays=options.dump,
        tcp=[
            TcpConfig(host=host, port=port, framing=options.framing) for host, port in options.tcp
        ],
        pty=None if options.pty is None else PtyConfig(link=options.pty, baud=options.baud),
        serial=None
        if options.serial is None
        else SerialConfig(
            port=options.serial,
            baud=options.baud or 9600,
            parity=options.parity,
            stop_bits=options.stop_bits,
        ),
        start=options.start,
        speed=options.speed,
        timezone=options.timezone,
        latitude=options.latitude,
        nominal_voltage=options.volts,
        nominal_frequency=options.hertz,
        solar_peak=options.solar,
        busy=options.noise,
        seed=options.seed,
    )


def page_configuration(options: Namespace) -> PageConfig | None:
    """Return the configuration of the page, if it is to be served.

    Raises:
        ValueError: the address is not a loopback address.
    """
    return PageConfig(host=options.page[0], port=options.page[1]) if options.page else None


async def run(config: SimulatorConfig, page_config: PageConfig | None) -> None:
    """Simulate until SIGINT or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator(config))
        ready = {"ready": True, **simulator.endpoints(), "page": None}
        if page_config is not None:
            page = await stack.enter_async_context(Page(simulator, page_config))
            ready["page"] = page.url
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    logging.basicConfig(level=logging.WARNING)
    command = parser()
    options = command.parse_args(arguments)
    if not (options.tcp or options.pty or options.serial or options.page):
        command.error("give at least one of --tcp, --pty, --serial or --page")
    try:
        asyncio.run(run(configuration(options), page_configuration(options)))
    except (OSError, ValueError) as err:
        command.exit(1, f"{command.prog}: {err}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
