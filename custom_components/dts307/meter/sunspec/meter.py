"""Identify a meter on a Modbus unit, and read it."""

from collections.abc import Callable
import math
import time
from typing import Final, Self

from modbus_connection import ModbusUnit
from modbus_connection.model.sunspec import SunSpecModel

from ..errors import (
    DeviceFailureError,
    MapChangedError,
    NoMeterModelError,
    ReadRefusedError,
    meter_errors,
)
from ..identity import Identity
from ..modbus import RequestLimit, read_registers, retry_once
from .chain import Chain, find_chain
from .common import COMMON_LENGTH, COMMON_MODEL, SERIAL_NUMBER, read_common
from .model_reader import ModelRead, ModelReader, check_coherent
from .models import EVENTS_POINT, LAYOUTS, PHASE_COUNTS, Layout, MeterEvent
from .reading import Reading, reading_from_points, with_fast_points

FULL_READ_EVERY: Final = 60.0
"""Seconds between two reads of the whole model; polls in between read only its start."""

_EVENTS_NOT_IMPLEMENTED: Final = 0xFFFF_FFFF


class Meter:
    """A SunSpec electricity meter, identified on a Modbus unit."""

    def __init__(  # noqa: PLR0913 - identification has found each of them
        self,
        unit: ModbusUnit,
        identity: Identity,
        chain: Chain,
        model: SunSpecModel,
        *,
        common: tuple[int, ...] = (),
        limit: RequestLimit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read ``model`` of ``chain``, with requests of at most the ``limit``.

        ``common`` are the registers of model 1. ``clock`` returns monotonic seconds.
        """
        self.identity = identity
        self.common = common
        """the registers of model 1 with its header, as they were read; none without that model"""
        self.chain = chain
        self.model = model
        self._unit = unit
        self._limit = limit
        self._clock = clock
        self._layout: Layout = LAYOUTS[model.model_id]
        self._fast = ModelReader(unit, self._layout.fast, model, limit)
        self._full = ModelReader(unit, self._layout.full, model, limit)
        self._latest_whole: Reading | None = None
        self._read_at = self._full_read_at = -math.inf

    @classmethod
    async def identify(
        cls,
        unit: ModbusUnit,
        *,
        limit: RequestLimit | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Find the meter model on a unit, and read the meter's identity.

        ``limit`` is the longest request that the unit serves, as far as that is known. The
        identity is the last model 1 in front of the meter model: a device with several meters
        repeats model 1 for each.

        Raises NotSunSpecError, EndlessChainError or NoMeterModelError if the device is no meter;
        LinkDownError, MeterSilentError, MeterBusyError, GarbledReplyError, ReadRefusedError or
        MapChangedError if it cannot be read.
        """
        limit = limit or RequestLimit()
        chain = await find_chain(unit)
        common: SunSpecModel | None = None
        for model in chain.models:
            if model.model_id == COMMON_MODEL and model.length >= COMMON_LENGTH:
                common = model
            layout = LAYOUTS.get(model.model_id)
            if layout is not None and model.length >= layout.length:
                identity, words = (
                    await read_common(unit, common, limit) if common else (Identity(), ())
                )
                return cls(unit, identity, chain, model, common=words, limit=limit, clock=clock)
        found = ", ".join(str(model.model_id) for model in chain.models) or "none"
        raise NoMeterModelError(f"SunSpec models found: {found}")

    @property
    def phases(self) -> int:
        """How many phases the meter model measures, 1 to 3."""
        return PHASE_COUNTS[self.model.model_id]

    async def read(self, *, whole: bool = False) -> Reading:
        """Read the meter with one request, so that all values are of one instant.

        The request starts at the model's header, which reveals a response to another request. A
        gateway may serve too few registers for that: it takes several requests then, and the
        reading counts only if they do not contradict each other. Once
        a minute (``FULL_READ_EVERY``), or with ``whole``, it covers the whole model; readings in
        between repeat the apparent and reactive energies and event flags of the last whole one.
        Models 211-214 are longer than one request, so a second one then reads their event flags.

        Raises MeterError; a failed read does not affect the next one.
        """
        try:
            return await self._read(whole=whole)
        except MapChangedError:
            # If it was the response to another request, ours may still be due.
            with meter_errors(self._unit):
                await self._unit.disconnect()
            raise

    async def _read(self, *, whole: bool) -> Reading:
        now = self._clock()
        # Round to the nearest poll: half an interval early rather than late.
        half_interval = (now - self._read_at) / 2
        due = now + half_interval >= self._full_read_at + FULL_READ_EVERY
        self._read_at = now
        if self._latest_whole is not None and not (whole or due):
            fast = await self._read_model(self._fast)
            return with_fast_points(self._latest_whole, fast.points, fast.registers)
        self._latest_whole = await self._read_full()
        self._full_read_at = now
        return self._latest_whole

    async def probe(self) -> None:
        """Read only the header of the meter model, whatever it says.

        For a meter that did not respond to the last poll: the timeout for two registers is shorter
        than for a whole reading, and the other meters on the bus wait for it.

        Raises MeterError.
        """
        await read_registers(self._unit, self.model.address, 2)

    async def read_raw(self, *, redacted: bool) -> dict[int, list[int]]:
        """Return the registers of every model in the chain, header included, by their address.

        If ``redacted``, the registers of serial numbers are 0.

        Raises MeterError.
        """
        registers = {
            model.address: await self._limit.read(self._unit, model.address, model.span)
            for model in self.chain.models
        }
        if redacted:
            for model in self.chain.models:
                if model.model_id == COMMON_MODEL:
                    words = registers[model.address]
                    words[SERIAL_NUMBER] = [0] * len(words[SERIAL_NUMBER])
        return registers

    async def _read_full(self) -> Reading:
        full = await self._read_model(self._full)
        if self._layout.events_address is None:
            events: MeterEvent | None = full.points[EVENTS_POINT]
            registers = full.registers
        else:
            flags = await self._read_events(self.model.address + self._layout.events_address)
            events = None if flags == _EVENTS_NOT_IMPLEMENTED else MeterEvent(flags)
            registers = (*full.registers, flags >> 16, flags & 0xFFFF)
        return reading_from_points(full.points, events, self.phases, registers)

    async def _read_model(self, reader: ModelReader) -> ModelRead:
        begun = self._clock()
        before, after = await reader.read()
        check_coherent(before.points, after.points, self._clock() - begun)
        return after

    async def _read_events(self, address: int) -> int:
        """Read the event flags, and the next model's ID behind them to verify the response."""
        behind = self.model.address + self.model.span - address
        try:
            registers = await retry_once(
                lambda: read_registers(self._unit, address, behind + 1, most=self._limit.most),
                after=(DeviceFailureError,),
            )
        except ReadRefusedError:
            # A meter that refuses its flags can still be measured with.
            return _EVENTS_NOT_IMPLEMENTED
        if registers[-1] != self.chain.follower(self.model):
            raise MapChangedError(f"another model follows the meter model: {registers[-1]}")
        return registers[0] << 16 | registers[1]
