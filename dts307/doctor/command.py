"""Examine a line and an installation."""

from typing import Annotated

from rich.console import Console
from rich.text import Text
import typer

from dts307.exit_codes import ExitCode
from dts307.observer import Observer, alarm_options
from dts307.options import CtRating, CtSets, seconds
from dts307.output import Invert, Json, console, print_json, status
from dts307.program import run
from dts307.target import Target, takes_target

from .examination import examine
from .report import Report

For = Annotated[
    str, typer.Option("--for", help="How long to read the meter, such as 10s or 15min.")
]
NoFeedIn = Annotated[
    bool,
    typer.Option(
        "--no-feed-in", help="No solar plant, battery or generator feeds in while this runs."
    ),
]


@takes_target
def doctor(  # noqa: PLR0913 - they are the options of the command line
    target: Target,
    *,
    duration: For = "10s",
    ct_rating: CtRating = None,
    ct_sets: CtSets = 1,
    no_feed_in: NoFeedIn = False,
    invert: Invert = False,
    json: Json = False,
) -> None:
    """Say what is wrong with a line or an installation, and what to do next.

    If nothing answers, it tries the other usual settings of the line. Otherwise it reads the meter
    for some seconds, and looks for reversed or swapped CTs, missing phases, and voltages and
    currents out of their range. It also says what it cannot judge.

    [bold]Examples[/bold]

        dts307 doctor /dev/ttyUSB0
        dts307 doctor 192.168.1.50 --ct-rating 200 --no-feed-in
        dts307 doctor COM3 --for 15min --json
    """
    service_current = None if ct_rating is None else ct_rating * ct_sets
    options = alarm_options(service_current, hold=False)
    observer = Observer(options, dark=no_feed_in, inverted=invert)
    run(_doctor(target, seconds(duration), observer, as_json=json))


async def _doctor(target: Target, length: float, observer: Observer, *, as_json: bool) -> None:
    with status(f"Reading for {length:g} s") as show:
        report = await examine(
            target,
            observer,
            seconds=length,
            on_progress=show,
        )
    if as_json:
        print_json(report.as_dict())
    else:
        print_report(report, console())
    if report.found:
        raise typer.Exit(ExitCode.FOUND)


def print_report(report: Report, to: Console) -> None:
    """Print a report for people."""
    # Pipes on Windows have encodings without these characters.
    wrong, unjudged, fine = "x-+" if to.options.ascii_only else "✗·✓"
    to.print(Text(_heading(report), "bold"))
    for finding in report.found:
        mark = wrong if finding.certain else "?"
        to.print()
        to.print(Text(f"{mark} {finding.title}", "bold red"))
        _print_indented(to, finding.text)
    for title, texts, mark in (
        ("Not judged", [each.text for each in report.not_judged], unjudged),
        ("In order", report.in_order, fine),
    ):
        if texts:
            to.print()
            to.print(Text(title, "bold"))
            for text in texts:
                _print_indented(to, f"{mark} {text}")


def _print_indented(to: Console, text: str) -> None:
    """Print a text in lines that begin below each other, without blanks at their ends."""
    for line in Text(text).wrap(to, to.width - 4):
        line.rstrip()
        to.print(Text("  ").append_text(line))


def _heading(report: Report) -> str:
    place = f"{report.where}, unit {report.unit_id}"
    if report.identity is None:
        return f"{place}: no reading"
    named = f"{report.identity['model']} {report.identity['serial_number']}".strip()
    plural = "" if report.readings == 1 else "s"
    return f"{named} at {place}: {report.readings} reading{plural}, {report.failed} failed"
