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
    """Soak as the command line says; return 1 if anything was not as it must be."""
    parser = ArgumentParser(prog="scripts/soak", description="Poll three meters through faults.")
    parser.add_argument("--polls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=307)
    parser.add_argument("--framing", type=Framing, choices=list(Framing), default=Framing.SOCKET)
    parser.add_argument("--fault-every", type=int, default=FAULT_EVERY, metavar="ROUNDS")
    options = parser.parse_args()
    keep_heap_steady()
    # What has been imported stays; looking through it time and again costs up to a fifth of a run.
    gc.freeze()
    report = lapse.run(_soak(options.polls, options.seed, options.framing, options.fault_every))
    report.judge_memory()
    sys.stdout.write(report.table())
    return 1 if report.deviations else 0


async def _soak(polls: int, seed: int, framing: Framing, fault_every: int) -> Report:
    """Soak, telling how it goes; an interrupt ends the polling, and a second one everything."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def interrupt() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    def tell(report: Report) -> None:
        sys.stdout.write(report.progress(polls))
        sys.stdout.flush()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    return await run(polls, seed, framing, fault_every=fault_every, progress=tell, stop=stop)
