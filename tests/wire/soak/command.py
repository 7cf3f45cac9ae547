"""The command line of scripts/soak."""

from argparse import ArgumentParser
import asyncio
import gc
import signal
import sys

from simulator import Framing
from tests.wire.soak import lapse
from tests.wire.soak.memory import keep_heap_steady
from tests.wire.soak.report import Report
from tests.wire.soak.run import FAULT_EVERY, run


def main() -> int:
    """Run the soak of the command line; return 1 if there were deviations."""
    parser = ArgumentParser(prog="scripts/soak", description="Poll three meters through faults.")
    parser.add_argument("--polls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=307)
    parser.add_argument("--framing", type=Framing, choices=list(Framing), default=Framing.SOCKET)
    parser.add_argument("--fault-every", type=int, default=FAULT_EVERY, metavar="ROUNDS")
    options = parser.parse_args()
    keep_heap_steady()
    # Imported modules stay; collecting them repeatedly costs up to a fifth of a run.
    gc.freeze()
    report = lapse.run(_soak(options.polls, options.seed, options.framing, options.fault_every))
    report.judge_memory()
    sys.stdout.write(report.table())
    return 1 if report.deviations else 0


async def _soak(polls: int, seed: int, framing: Framing, fault_every: int) -> Report:
    """Run a soak with progress; an interrupt ends the polling, a second one the process."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def interrupt() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    def show(report: Report) -> None:
        sys.stdout.write(report.progress(polls))
        sys.stdout.flush()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    return await run(polls, seed, framing, fault_every=fault_every, progress=show, stop=stop)
