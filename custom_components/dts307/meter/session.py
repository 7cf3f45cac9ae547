"""Read one meter on its bus: it is identified before its first reading, and after every outage."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from modbus_connection import ModbusUnit

from .errors import (
    AnotherMeterError,
    ImplausibleReadingError,
    LinkLostError,
    MapChangedError,
    MeterError,
    NotSunSpecError,
    ReadRefusedError,
)
from .modbus import LOST_RESPONSES, ConnectionHealth, read_registers
from .sunspec import BASE_ADDRESSES, Meter, Reading
from .validation import believable, has_lost_values


class MeterSession:
    """Reads one meter, and no other.

    While nothing responds, the meter may be swapped, or set up differently. So after a ``read``
    that failed, the meter is identified before the next one.
    """

    def __init__(
        self,
        unit: ModbusUnit,
        serial_number: str | None,
        identify: Callable[[], Awaitable[Meter]],
        on_identified: Callable[[Meter], Awaitable[None]],
        *,
        utcnow: Callable[[], datetime],
    ) -> None:
        """Begin without a reading.

        Without a ``serial_number``, the first meter that is identified is the session's own.
        ``identify`` identifies the meter on the ``unit``, and raises MeterError. ``on_identified``
        is called each time when the meter with the ``serial_number`` has been identified.
        """
        self._unit = unit
        self._serial_number = serial_number
        self._identify = identify
        self._on_identified = on_identified
        self._utcnow = utcnow
        self._is_identified = False
        self._latest: Reading | None = None
        self.health = ConnectionHealth()
        self.meter: Meter | None = None
        """The meter as it was last identified."""
        self.other: Meter | None = None
        """The meter that responded in its place to the latest attempt."""

    def fail_unexpectedly(self, reason: str, begun: float) -> None:
        """Record that a poll, begun at this loop time, raised what only a defect can raise."""
        self._is_identified = False
        self.health.failed(reason, begun, _now())

    async def read(self, *, whole: bool) -> Reading:
        """Read the meter; retry once after a lost or implausible response, or a lost connection.

        Opening the connection again helps, or shows why it cannot be opened. A meter that was
        already failing is not retried, because the others on its bus would wait.

        ``whole`` reads everything now, and not only what changes quickly. Raises MeterError;
        AnotherMeterError if another meter is in its place.
        """
        try:
            return await self._read(whole=whole)
        except MeterError:
            self._is_identified = False
            raise

    async def _read(self, *, whole: bool) -> Reading:
        """Read the meter once or twice."""
        was_identified, is_probed = self._is_identified, not self.health.answering
        try:
            return await self._attempt(whole=whole, is_probed=is_probed)
        except (LinkLostError, MapChangedError, ImplausibleReadingError, *LOST_RESPONSES):
            # A meter that has just been identified is answering, too.
            if not (was_identified or self._is_identified):
                raise
            return await self._attempt(whole=whole, is_probed=False)

    async def _attempt(self, *, whole: bool, is_probed: bool) -> Reading:
        """Read the meter once, and note how that went."""
        begun = _now()
        try:
            meter = await self._own_meter(is_probed=is_probed)
            reading = self._believable(await meter.read(whole=whole))
        except MeterError as err:
            if isinstance(err, (MapChangedError, ImplausibleReadingError)):
                # The meter was set up differently or replaced, or the response was not its own. A
                # meter that is identified again also forgets the values it repeats between whole
                # readings.
                self._is_identified = False
            self.health.failed(err.reason, begun, _now())
            raise
        self.health.answered(begun, _now(), self._utcnow())
        return reading

    def _believable(self, reading: Reading) -> Reading:
        """Return a reading whose values can be of one instant, as far as the rules can show.

        Raises ImplausibleReadingError.
        """
        reading = believable(reading)
        if self._latest is not None and has_lost_values(self._latest, reading):
            raise ImplausibleReadingError("the values are gone")
        self._latest = reading
        return reading

    async def _own_meter(self, *, is_probed: bool) -> Meter:
        """Return the meter, identified if that is due, and probed before that.

        Raises MeterError.
        """
        self.other = None
        if self.meter is not None and self._is_identified:
            return self.meter
        refusal = await self._probe() if is_probed else None
        try:
            meter = await self._identify()
        except NotSunSpecError as err:
            # A known meter that refuses all requests is probably starting up.
            raise refusal or err from None
        if self._serial_number is None:
            self._serial_number = meter.identity.serial_number
        elif meter.identity.serial_number != self._serial_number:
            self.other = meter
            raise AnotherMeterError(f"meter {meter.identity.serial_number} responds")
        if self.meter is not None and meter.model != self.meter.model:
            # Another model may not have all values, so that nothing is lost.
            self._latest = None
        self.meter, self._is_identified = meter, True
        await self._on_identified(meter)
        return meter

    async def _probe(self) -> ReadRefusedError | None:
        """Ask a meter that did not respond to the last attempt for two registers only.

        While it stays silent, the others on the bus wait less for these than for more. A refusal is
        a response, too: the map may begin elsewhere. Return it if the meter is known.
        """
        try:
            if self.meter is None:
                await read_registers(self._unit, BASE_ADDRESSES[0], 2)
            else:
                await self.meter.probe()
        except ReadRefusedError as err:
            return None if self.meter is None else err
        return None


def _now() -> float:
    """Return the seconds of the event loop's clock."""
    return asyncio.get_running_loop().time()
