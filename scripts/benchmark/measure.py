"""Take samples of what a poll costs, the contenders by turns, and sum them up."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
import time

from tests.wire.wire import Traffic

from .contender import Contender

type Action = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Sample:
    """What one call cost: seconds that passed, seconds of this process' CPU, and the traffic."""

    wall: float
    cpu: float
    traffic: Traffic


@dataclass(frozen=True)
class Cost:
    """Medians over samples; ``minimum`` is the seconds that the bytes need at the very least."""

    wall: float
    cpu: float
    requests: int
    size: int
    minimum: float
    samples: int


@dataclass(frozen=True)
class Task:
    """Something to measure in each round, ``times`` times."""

    contender: Contender
    action: Action
    times: int = 1


async def take(task: Task) -> Sample:
    """Measure once, on a bus that has just been used."""
    wire = task.contender.bus.wire
    await task.contender.touch()
    wire.reset()
    wall, cpu = time.perf_counter(), time.process_time()
    await task.action()
    cpu = time.process_time() - cpu
    wall = time.perf_counter() - wall
    return Sample(wall, cpu, wire.reset())


async def by_turns(tasks: Sequence[Task], rounds: int) -> list[Cost]:
    """Measure tasks round by round, so that what else the machine does is shared by all."""
    samples: list[list[Sample]] = [[] for _ in tasks]
    for _ in range(rounds):
        for task, taken in zip(tasks, samples, strict=True):
            taken.extend([await take(task) for _ in range(task.times)])
    return [_cost(task, taken) for task, taken in zip(tasks, samples, strict=True)]


def _cost(task: Task, samples: Sequence[Sample]) -> Cost:
    traffic = [sample.traffic for sample in samples]
    timing = task.contender.bus.wire.timing
    return Cost(
        wall=median(sample.wall for sample in samples),
        cpu=median(sample.cpu for sample in samples),
        requests=round(median(each.requests for each in traffic)),
        size=round(median(each.request_bytes + each.reply_bytes for each in traffic)),
        minimum=median(each.minimum(timing) for each in traffic),
        samples=len(samples),
    )
