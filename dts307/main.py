"""The commands of the program."""

from typing import Annotated

import typer

from .doctor import doctor
from .dump import dump
from .exit_codes import ExitCode
from .log import log
from .read import read
from .release import own_version
from .scan import scan
from .serve import serve
from .set_address import set_address
from .watch import watch

_EXIT_CODES = "\n\n".join(f"{code.value:>3}  {code.text}" for code in ExitCode)

app = typer.Typer(
    name="dts307",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"[bold]Exit codes[/bold]\n\n{_EXIT_CODES}",
)
_COMMANDS = (
    scan,
    read,
    watch,
    log,
    serve,
    doctor,
    dump,
    set_address,
)
for _command in _COMMANDS:
    app.command()(_command)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by Typer
    if wanted:
        typer.echo(f"dts307 {own_version()}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Read DTS 307 and other SunSpec energy meters, over RS-485 or a network.

    Begin with [bold]dts307 scan[/bold]: it finds the meters on a bus and their settings.
    """
