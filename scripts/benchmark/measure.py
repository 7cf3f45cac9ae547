"""Measure the cost of polls, the contenders in turn, and calculate medians."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median
import time

from tests.wire.wire import Traffic

from .contender import Contender

type Action = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Sample:
    """The cost of one call: elapsed seconds, CPU seconds of this process, and traffic."""

    wall: float
    cpu: float
    traffic: Traffic


@dataclass(frozen=True)
class Cost:
    """Medians of samples; ``minimum`` is the physical minimum for the bytes, in s."""

    wall: float
    cpu: float
    requests: int
    size: int
    minimum: float
    samples: int


@dataclass(frozen=True)
class Task:
    """An action to measure ``times`` times in each round."""

    contender: Contender
    action: Action
    times: int = 1


async def take(task: Task) -> Sample:
    """Measure once, on a bus that was used just before."""
    wire = task.contender.bus.wire
    await task.contender.touch()
    wire.reset()
    wall, cpu = time.perf_counter(), time.process_time()
    await task.action()
    cpu = time.process_time() - cpu
    wall = time.perf_counter() - wall
    return Sample(wall, cpu, wire.reset())


async def by_turns(tasks: Sequence[Task], rounds: int) -> list[Cost]:
    """Measure tasks round by round, so that other load of the machine affects all of them."""
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
