"""Read a model with as many requests as a gateway needs, and prove that the parts fit together.

docs/internals/split-reads.md explains why.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
import math
from typing import Any, Final

from modbus_connection import ModbusUnit
from modbus_connection.decode import decode_int16
from modbus_connection.model import ResolvedField
from modbus_connection.model.sunspec import SunSpecComponent, SunSpecModel

from ..errors import AddressRefusedError, MapChangedError
from ..modbus import READ_LIMIT, RequestLimit, read_registers, retry_once
from .models import FAST_BLOCKS, FLOAT_PRECISION, SLOW_BLOCKS, ScaleBlock

_HEADER: Final = 2
"""Registers of a model's header: its ID and length."""

_LONGEST_NUMBER: Final = 2
"""Registers of the longest number; a field with more is a text, which may be torn."""

_MOST_POWER: Final = 10e6
"""W (VA, var); more than the current transformers of any meter measure."""

type Points = dict[str, Any]
"""The decoded values of a model's points, by name."""


@dataclass(frozen=True, slots=True)
class ModelRead:
    """What was read of a model."""

    points: Points
    registers: tuple[int, ...]
    """the registers from the model's header to its last point that was read"""


class ModelReader:
    """Reads and decodes the points that a component declares, in one request if that is served.

    Otherwise it takes several. Points that share a scale factor stay together if they fit into one
    request. Everything is read twice, and the model's header is the first and the last that is
    read. So a caller can compare what was read before and after.
    """

    def __init__(
        self,
        unit: ModbusUnit,
        component: Callable[[ModbusUnit, SunSpecModel], SunSpecComponent],
        model: SunSpecModel,
        limit: RequestLimit,
    ) -> None:
        """Read ``model``, with requests of at most the ``limit``, which is learnt if need be."""
        self._unit = unit
        self._limit = limit
        self._model = model
        self._fields = component(unit, model).resolved_fields
        groups = list(_groups(self._fields.values(), model.address))
        self._plan = cache(partial(_requests, groups))
        """the requests for at most so many registers"""

    async def read(self) -> tuple[ModelRead, ModelRead]:
        """Return the model as it was read first and last: one object if in one request.

        Raises MeterError; MapChangedError if the model has another header.
        """
        first, last = await self._read()
        before = self._decoded(first)
        return before, before if last is first else self._decoded(last)

    def _decoded(self, registers: Mapping[int, int]) -> ModelRead:
        self._verify_header(registers)
        points: Points = {}
        for name, resolved in self._fields.items():
            address, scale = resolved.address, resolved.scale_address
            words = [registers[each] for each in range(address, address + resolved.count)]
            exponent = None if scale is None else decode_int16([registers[scale]])
            points[name] = resolved.field.decode(words, exponent)
        return ModelRead(points, tuple(registers[address] for address in sorted(registers)))

    def _verify_header(self, registers: Mapping[int, int]) -> None:
        header = [registers[self._model.address + offset] for offset in range(_HEADER)]
        if header != [self._model.model_id, self._model.length]:
            raise MapChangedError(f"model {header[0]} of length {header[1]} is in its place")

    async def _read(self) -> tuple[dict[int, int], dict[int, int]]:
        """Read all registers, with shorter requests if these are refused."""
        while True:
            requests = self._requests()
            try:
                return await self._read_twice(requests)
            except AddressRefusedError:
                longest = max(requests, key=len)
                if not await self._limit.learn(self._unit, longest.start, len(longest)):
                    raise

    def _requests(self) -> list[range]:
        """Return the requests; a single one can vary in length, so that old answers are recognized.

        Several requests recognize them by the header at their end.
        """
        most = self._limit.most
        requests = self._plan(most)
        is_longest = len(requests) == 1 and len(requests[0]) == most < READ_LIMIT
        return self._plan(most - 1) if is_longest else requests

    async def _read_twice(self, requests: Sequence[range]) -> tuple[dict[int, int], dict[int, int]]:
        head, *others = requests
        first = await self._read_one(head)
        if not others:
            return first, first
        last: dict[int, int] = {}
        for registers, order in ((first, others), (last, [*others, head])):
            for request in order:
                registers.update(await retry_once(partial(self._read_one, request)))
        return first, last

    async def _read_one(self, request: range) -> dict[int, int]:
        words = await read_registers(self._unit, request.start, len(request))
        return dict(zip(request, words, strict=True))


def _groups(resolved: Iterable[ResolvedField], header: int) -> Iterator[list[range]]:
    """Yield what belongs into one request, in the order of the registers.

    Each group lists its parts, for a request that is too short for all of it: numbers as a whole,
    and texts register by register. ``header`` is the address of the model.
    """
    yield [range(header, header + _HEADER)]
    fields = [
        (field.address if field.scale_address is None else field.scale_address, field)
        for field in resolved
        if field.address >= header + _HEADER
    ]
    fields.sort(key=lambda each: each[1].address)
    for _, group in groupby(fields, key=lambda each: each[0]):
        parts: list[range] = []
        for _, field in group:
            registers = range(field.address, field.address + field.count)
            is_text = field.count > _LONGEST_NUMBER
            parts += [range(each, each + 1) for each in registers] if is_text else [registers]
        yield parts


def _requests(groups: Sequence[Sequence[range]], most: int) -> list[range]:
    """Return the requests for groups of registers, each for at most ``most`` registers.

    The first request has no part of a group that is torn. It is the last one of the second read,
    and a scale factor has to be read before and after the values that it applies to.
    """
    requests: list[range] = []
    for group in groups:
        whole = range(group[0].start, group[-1].stop)
        is_torn = len(whole) > most
        for part in group if is_torn else [whole]:
            fits = bool(requests) and part.stop - requests[-1].start <= most
            if fits and not (is_torn and len(requests) == 1):
                requests[-1] = range(requests[-1].start, part.stop)
            else:
                requests.append(part)
    return requests


def check_coherent(before: Points, after: Points, seconds: float) -> None:
    """Compare what was read twice within ``seconds``, as it cannot have been read at one instant.

    Scale factors must be equal, and counters may have moved on by what energy flows in that time.
    Some meters count downwards.

    Raises MapChangedError.
    """
    for block in FAST_BLOCKS + SLOW_BLOCKS:
        if before.get(block.scale_point) != after.get(block.scale_point):
            raise MapChangedError(f"{block.scale_point} changed within a reading")
        for point in _counters(block):
            if point in before and not _has_moved_on(block, point, before, after, seconds):
                raise MapChangedError(f"{point} leapt within a reading")


def _counters(block: ScaleBlock) -> list[str]:
    return [point for each in block.quantities if each.counter for point in each.points]


def _has_moved_on(
    block: ScaleBlock, point: str, before: Points, after: Points, seconds: float
) -> bool:
    """Return whether a counter can have got from its first value to its last one."""
    then, now = before[point], after[point]
    if not (_is_known(then) and _is_known(now)):
        return _is_known(then) == _is_known(now)
    exponent = before.get(block.scale_point)
    step = abs(now) * FLOAT_PRECISION if block.scale_point not in before else 10 ** (exponent or 0)
    return bool(abs(now - then) <= _MOST_POWER * seconds / 3600 + step)


def _is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
