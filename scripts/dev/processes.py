"""Child processes that end with their parent, even if it is killed."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
import shutil
import socket

import aiohttp

LOOPBACK = "127.0.0.1"
REPOSITORY = Path(__file__).resolve().parents[2]
_SECONDS_TO_STOP = 30.0
_SECONDS_TO_ANSWER = 120.0
_SECONDS_BETWEEN_ATTEMPTS = 0.1
_LOG_LINES_SHOWN = 25


class StartError(Exception):
    """Something did not start; the message is for the user at the terminal."""


@asynccontextmanager
async def running(command: Sequence[str], log: Path) -> AsyncIterator[Process]:
    """Run ``command`` in the repository's folder until the context ends, with output to ``log``.

    It has its own session, so that Ctrl-C reaches only this process, which terminates each child
    once. If this process is killed, the kernel terminates the child.
    """
    die_with_parent = ("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *die_with_parent,
            *command,
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_SECONDS_TO_STOP):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def wait_until_answering(process: Process, url: str, log: Path) -> None:
    """Wait until ``url`` is served by a started process.

    Raises:
        StartError: the process ended, or did not answer within two minutes.
    """
    try:
        async with asyncio.timeout(_SECONDS_TO_ANSWER), aiohttp.ClientSession() as session:
            while process.returncode is None:
                with suppress(aiohttp.ClientError):
                    async with session.get(url):
                        return
                await asyncio.sleep(_SECONDS_BETWEEN_ATTEMPTS)
    except TimeoutError:
        pass
    raise StartError(f"{url} does not answer. The end of {log}:\n{_last_lines(log)}")


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:])


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
    return port


def require_free_port(port: int, option: str) -> None:
    """Raise StartError if something listens on ``port``; the message names ``option``."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as err:
            raise StartError(
                f"Port {port} is in use. Stop what uses it, or choose another with {option} PORT."
            ) from err
