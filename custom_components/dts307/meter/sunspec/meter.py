"""A meter on a Modbus unit: identify it, then read it."""

from collections.abc import Callable
import math
import time
from typing import Final, Self

from modbus_connection import ModbusUnit
from modbus_connection.model.sunspec import SunSpecComponent, SunSpecModel

from ..errors import (
    AnotherMeterError,
    MapChangedError,
    NoMeterModelError,
    ReadRefusedError,
    meter_errors,
)
from ..identity import Identity
from ..modbus import patiently, read_registers
from .chain import Chain, find_chain
from .models import (
    COMMON_LENGTH,
    COMMON_MODEL,
    EVENTS_POINT,
    LAYOUTS,
    PHASE_COUNTS,
    Common,
    Layout,
    MeterEvent,
)
from .reading import Reading, reading_from_points

FULL_READ_EVERY: Final = 60.0
"""Seconds between two reads of the whole model; in between, its head is enough."""

_EVENTS_NOT_IMPLEMENTED: Final = 0xFFFF_FFFF


class Meter:
    """A SunSpec electricity meter that has been identified on a Modbus unit."""

    def __init__(
        self,
        unit: ModbusUnit,
        identity: Identity,
        chain: Chain,
        model: SunSpecModel,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to read ``model``, which ``chain`` locates; ``clock`` gives seconds."""
        self.identity = identity
        self.chain = chain
        self.model = model
        self._unit = unit
        self._clock = clock
        self._layout: Layout = LAYOUTS[model.model_id]
        self._fast = self._layout.fast(unit, model)
        self._full = self._layout.full(unit, model)
        self._slow_points: dict[str, float | None] = {}
        self._events: MeterEvent | None = None
        self._read_at = self._full_read_at = -math.inf

    @classmethod
    async def identify(
        cls, unit: ModbusUnit, *, clock: Callable[[], float] = time.monotonic
    ) -> Self:
        """Find the meter model on a unit, and read who the meter is.

        The identity is the model 1 that precedes the meter model: a device that carries several
        meters repeats it in front of each.

        Raises NotSunSpecError, EndlessChainError, NoMeterModelError, or what keeps the meter from
        answering: LinkDownError, MeterSilentError, MeterBusyError, GarbledReplyError,
        ReadRefusedError.
        """
        chain = await find_chain(unit)
        common: SunSpecModel | None = None
        for model in chain.models:
            if model.model_id == COMMON_MODEL and model.length >= COMMON_LENGTH:
                common = model
            layout = LAYOUTS.get(model.model_id)
            if layout is not None and model.length >= layout.length:
                identity = await _read_identity(unit, common) if common else Identity()
                return cls(unit, identity, chain, model, clock=clock)
        found = ", ".join(str(model.model_id) for model in chain.models) or "none"
        raise NoMeterModelError(f"SunSpec models found: {found}")

    @property
    def phases(self) -> int:
        """How many phases the meter's model measures, 1 to 3."""
        return PHASE_COUNTS[self.model.model_id]

    async def read(self, *, whole: bool = False) -> Reading:
        """Take one snapshot of the meter, in one request.

        A request begins at the model's header, so that a late or foreign reply betrays itself.
        Once a minute, or if asked for, it covers the ``whole`` model: apparent and reactive
        energies and event flags in other readings are those of that moment. On models 211-214,
        whose flags do not fit into it, a second request follows then.

        Raises MeterError; the next call starts afresh.
        """
        try:
            return await self._read(whole=whole)
        except MapChangedError:
            # If it was somebody else's answer, ours may still be under way.
            with meter_errors(self._unit):
                await self._unit.disconnect()
            raise

    async def _read(self, *, whole: bool) -> Reading:
        now = self._clock()
        # If the next read were further off than this one, it is better early than late.
        half_way = (now - self._read_at) / 2
        due = now + half_way >= self._full_read_at + FULL_READ_EVERY
        self._read_at = now
        if whole or due:
            await self._read_full()
            self._full_read_at = now
            fresh = _points(self._full)
        else:
            await _update(self._unit, self._fast)
            fresh = _points(self._fast)
        points = self._slow_points | fresh
        return reading_from_points(points, self._events, self.phases, whole=whole or due)

    async def probe(self) -> None:
        """Ask for the header of the meter's model alone, whatever it says.

        For a meter that did not answer lately: on a shared bus, the others wait less for two
        registers that do not come than for a whole snapshot.

        Raises MeterError.
        """
        await read_registers(self._unit, self.model.address, 2)

    async def check_identity(self) -> None:
        """Make sure that this is still the meter that was identified, as after an outage.

        Raises AnotherMeterError, MapChangedError if the same meter has other models now, or what
        keeps the meter from answering.
        """
        found = await type(self).identify(self._unit)
        if found.identity.serial_number != self.identity.serial_number:
            raise AnotherMeterError("the serial number is another")
        if found.model != self.model:
            raise MapChangedError("the meter model is another")

    async def read_raw(self) -> dict[int, list[int]]:
        """Return the registers of every model in the chain, by the address of its header.

        Raises MeterError.
        """
        return {
            model.address: await read_registers(self._unit, model.address, model.span)
            for model in self.chain.models
        }

    async def _read_full(self) -> None:
        await _update(self._unit, self._full)
        if self._layout.events_address is None:
            events: MeterEvent | None = getattr(self._full, EVENTS_POINT)
        else:
            events = await self._read_events(self.model.address + self._layout.events_address)
        self._slow_points = _points(self._full)
        self._events = events

    async def _read_events(self, address: int) -> MeterEvent | None:
        """Read the event flags and, as a witness that they are ours, the header behind them."""
        behind = self.model.address + self.model.span - address
        try:
            registers = await read_registers(self._unit, address, behind + 1)
        except ReadRefusedError:
            # A meter that does not serve its flags is no worse at measuring.
            return None
        if registers[-1] != self.chain.follower(self.model):
            raise MapChangedError(f"another model follows the meter model: {registers[-1]}")
        flags = registers[0] << 16 | registers[1]
        return None if flags == _EVENTS_NOT_IMPLEMENTED else MeterEvent(flags)


async def _update(unit: ModbusUnit, component: SunSpecComponent) -> None:
    with meter_errors(unit):
        await component.async_update()


def _points(component: SunSpecComponent) -> dict[str, float | None]:
    return {name: getattr(component, name) for name in component.declared_fields}


async def _read_identity(unit: ModbusUnit, model: SunSpecModel) -> Identity:
    common = Common(unit, model)
    await patiently(lambda: _update(unit, common))
    return Identity(
        manufacturer=_text(common.Mn),
        model=_text(common.Md),
        options=_text(common.Opt),
        version=_text(common.Vr),
        serial_number=_text(common.SN),
    )


def _text(registers: str | None) -> str:
    """Cut a text at its first NUL: what lies behind one is left over, not said."""
    return (registers or "").partition("\0")[0].strip()
