"""Run commands of the program, and see what they print."""

import asyncio
import json
from typing import Any, NamedTuple

from typer.testing import CliRunner

from dts307.main import app


class Ended(NamedTuple):
    """How a command ended: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


async def run(*arguments: object, answer: str | None = None) -> Ended:
    """Run a command beside the servers of this event loop; ``answer`` is what a person types."""
    texts = list(map(str, arguments))
    result = await asyncio.to_thread(CliRunner().invoke, app, texts, input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)
