"""scripts/develop: run two simulated meters and a Home Assistant that shows them, until Ctrl-C."""

from argparse import ArgumentParser
import asyncio
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
import shutil
import signal
import sys
import time

from .client import PASSWORD, USERNAME, HomeAssistantError, signed_in
from .demo import prepare
from .homeassistant import RunningHomeAssistant, running_home_assistant
from .processes import REPOSITORY, StartError, require_free_port
from .simulator import RunningSimulator, running_simulator

_FOLDER = REPOSITORY / ".dev"
_OUTDATED = REPOSITORY / ".dev.before"
_PREPARED = _FOLDER / "prepared"
_VERSIONED = [Path(__file__).with_name(name) for name in ("demo.py", "energy.py", "intervals.py")]
_RESTART_EXIT_CODE = 100


def main() -> int:
    """Run the command line and return its exit status."""
    arguments = ArgumentParser(prog="scripts/develop", description=__doc__)
    arguments.add_argument(
        "--port", type=int, default=8123, help="Home Assistant's (default: 8123)"
    )
    arguments.add_argument(
        "--page-port", type=int, default=8307, help="the simulator's page's (default: 8307)"
    )
    options = arguments.parse_args()
    try:
        require_free_port(options.port, "--port")
        require_free_port(options.page_port, "--page-port")
        asyncio.run(_until_interrupted(options.port, options.page_port))
    except (StartError, HomeAssistantError) as err:
        print(f"develop: {err}", file=sys.stderr)
        return 1
    return 0


async def _until_interrupted(port: int, page_port: int) -> None:
    demo = asyncio.create_task(_run(port, page_port))

    def interrupt() -> None:
        # A second Ctrl-C must not interrupt the shutdown.
        if demo.cancelling():
            return
        demo.cancel()
        # After SIGHUP there may be no terminal to print on.
        with suppress(OSError):
            _say("stopping the simulator and Home Assistant")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, interrupt)
    with suppress(asyncio.CancelledError):
        await demo


async def _run(port: int, page_port: int) -> None:
    began = time.monotonic()
    _remove_outdated()
    config = _FOLDER / "config"
    config.mkdir(parents=True, exist_ok=True)
    _say("starting two simulated meters on one RS-485 bus")
    async with running_simulator(_FOLDER, page_port) as simulator:
        exit_code: int | None = _RESTART_EXIT_CODE
        while exit_code == _RESTART_EXIT_CODE:
            _say("starting Home Assistant")
            async with running_home_assistant(config, port) as home_assistant:
                await _show(home_assistant, simulator, config, time.monotonic() - began)
                exit_code = await home_assistant.process.wait()
                began = time.monotonic()
        raise StartError(
            f"Home Assistant ended by itself ({exit_code}); see {config / 'console.log'}."
        )


def _remove_outdated() -> None:
    """Remove an unfinished demo, and rename one that an older version of this code made."""
    if not _PREPARED.exists():
        shutil.rmtree(_FOLDER, ignore_errors=True)
    elif _PREPARED.read_text() != _version():
        shutil.rmtree(_OUTDATED, ignore_errors=True)
        _FOLDER.rename(_OUTDATED)
        _say(f"the demo has changed: making a new one; the old one is now {_OUTDATED}")


def _version() -> str:
    return sha256(b"".join(part.read_bytes() for part in _VERSIONED)).hexdigest()


async def _show(
    home_assistant: RunningHomeAssistant,
    simulator: RunningSimulator,
    config: Path,
    seconds: float,
) -> None:
    began = time.monotonic()
    async with signed_in(home_assistant.url) as client:
        await client.wait_until_running()
        if not _PREPARED.exists():
            _say("adding both meters, their dashboards and the past weeks")
            await prepare(client, simulator, config)
            _PREPARED.write_text(_version())
    seconds += time.monotonic() - began
    print(
        f"""
  Home Assistant  {home_assistant.url}   user {USERNAME}, password {PASSWORD}
  Energy          {home_assistant.url}/energy
  Both meters     {home_assistant.url}/dts-307
  Simulator       {simulator.page}   move load and sun, pull the cable
  Log             {config / "home-assistant.log"}

  Ready after {seconds:.0f} s. Ctrl-C stops everything.
""",
        flush=True,
    )


def _say(message: str) -> None:
    print(f"develop: {message}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
