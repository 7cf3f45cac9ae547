"""The measurements, one function per table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
import logging

from .contender import Contender
from .field import ContendersDisagreeError, Field
from .measure import Task, by_turns, take
from .report import PollRow, SilenceRow


async def measure_one_meter(field: Field, rounds: int, times: int) -> list[PollRow]:
    """Measure polls and bare reads of one meter; fast contenders run ``times`` per round."""
    tasks = [
        Task(contender, action, times if contender in field.fast else 1)
        for contender in field.all
        for action in (
            partial(contender.poll, contender.bus.units[:1]),
            partial(contender.read_bare, contender.bus.units[:1]),
        )
    ]
    costs = iter(await by_turns(tasks, rounds))
    return [PollRow(1, each.name, next(costs), next(costs)) for each in field.all]


async def measure_meters(
    contenders: Sequence[Contender], meters: int, rounds: int
) -> list[PollRow]:
    """Measure polls of several meters on one bus."""
    tasks = [Task(each, partial(each.poll, each.bus.units[:meters])) for each in contenders]
    costs = await by_turns(tasks, rounds)
    return [
        PollRow(meters, each.name, cost, None) for each, cost in zip(contenders, costs, strict=True)
    ]


async def measure_silence(contenders: Sequence[Contender], rounds: int) -> list[SilenceRow]:
    """Measure how a silent meter delays a poll of three others before it."""
    firsts = [await take(Task(each, partial(_poll_with_one_silent, each))) for each in contenders]
    tasks = [
        Task(contender, action)
        for contender in contenders
        for action in (
            partial(contender.poll, contender.bus.units[:3]),
            partial(_poll_with_one_silent, contender),
        )
    ]
    costs = iter(await by_turns(tasks, rounds))
    return [
        SilenceRow(each.name, first.wall, next(costs), next(costs))
        for each, first in zip(contenders, firsts, strict=True)
    ]


async def _poll_with_one_silent(contender: Contender) -> None:
    units = contender.bus.units[:4]
    with contender.bus.muted(units[3]):
        values = await contender.poll(units)
    if [each is None for each in values] != [False, False, False, True]:
        raise ContendersDisagreeError(f"{contender.name} does not notice the silence: {values}")


async def measure_silent_sensor(field: Field) -> float:
    """Return the seconds for which one YAML sensor of a silent meter blocks the bus."""
    yaml = field.yaml_modbus
    silent = yaml.bus.units[3]
    with yaml.bus.muted(silent), _quiet_log():
        sample = await take(Task(yaml, partial(yaml.poll_one_sensor, silent)))
    return sample.wall


@contextmanager
def _quiet_log() -> Iterator[None]:
    """Hide the errors that pymodbus logs because of the silent meter."""
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
