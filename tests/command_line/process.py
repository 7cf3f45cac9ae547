"""Start the program as a process."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import sys
from typing import IO

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def started(
    *arguments: str, stdout: int | IO[str] = PIPE, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """Run the program as a process, which ends at the latest with the test.

    It can be interrupted, even if the tests run in the background of a shell, which ignores that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dts307",
            *arguments,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=PIPE,
            stdout=stdout,
            stderr=PIPE,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
