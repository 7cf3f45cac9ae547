"""Read one meter on its bus: it is identified before its first reading, and after every outage."""

from collections.abc import Awaitable, Callable

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from modbus_connection import ModbusUnit

from .connection import async_identify
from .const import UNEXPECTED_ERROR
from .meter import (
    AnotherMeterError,
    ImplausibleReadingError,
    MapChangedError,
    Meter,
    MeterError,
    NotSunSpecError,
    Reading,
    ReadRefusedError,
)
from .meter.errors import LinkLostError
from .meter.modbus import LOST_RESPONSES, ConnectionHealth, RequestLimit, read_registers
from .meter.sunspec import BASE_ADDRESSES
from .meter.validation import believable, has_lost_values


class MeterSession:
    """Reads an entry's own meter, and no other.

    While nothing responds, the meter may be swapped, or set up differently. So a reading counts
    only after the meter has been identified since the last failure.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        unit: ModbusUnit,
        serial_number: str,
        limit: RequestLimit,
        async_identified: Callable[[Meter], Awaitable[None]],
    ) -> None:
        """Begin without having asked anything; the ``limit`` is that of requests to the unit.

        ``async_identified`` is called each time when the meter with the ``serial_number`` has been
        identified.
        """
        self._hass = hass
        self._unit = unit
        self._serial_number = serial_number
        self._limit = limit
        self._async_identified = async_identified
        self._is_identified = False
        self._latest: Reading | None = None
        self.health = ConnectionHealth()
        self.meter: Meter | None = None
        """The meter as it was last identified."""
        self.other: Meter | None = None
        """The meter that responded in its place to the latest attempt."""

    def fail(self) -> None:
        """Identify the meter again before the next reading counts."""
        self._is_identified = False

    def fail_unexpectedly(self, begun: float) -> None:
        """Record that a poll, begun at this loop time, raised what only a defect can raise."""
        self.fail()
        self.health.failed(UNEXPECTED_ERROR, begun, self._hass.loop.time())

    async def async_read(self, *, whole: bool) -> Reading:
        """Read the meter; retry once after a lost or implausible response, or a lost connection.

        Opening the connection again helps, or shows why it cannot be opened. A meter that was
        already failing is not retried, because the others on its bus would wait.

        Raises MeterError; AnotherMeterError if another meter is in its place.
        """
        was_identified, is_probed = self._is_identified, not self.health.answering
        try:
            return await self._async_attempt(whole=whole, is_probed=is_probed)
        except (LinkLostError, MapChangedError, ImplausibleReadingError, *LOST_RESPONSES):
            # It also counts as answering if only the read failed, right after the identification.
            if not (was_identified or self._is_identified):
                raise
            return await self._async_attempt(whole=whole, is_probed=False)

    async def _async_attempt(self, *, whole: bool, is_probed: bool) -> Reading:
        """Read the meter once, and note how that went."""
        clock = self._hass.loop.time
        begun = clock()
        try:
            meter = await self._async_own_meter(is_probed=is_probed)
            reading = self._believable(await meter.read(whole=whole))
        except MeterError as err:
            if isinstance(err, (MapChangedError, ImplausibleReadingError)):
                # The meter was set up differently or replaced, or the response was not its own. A
                # meter that is identified again also forgets the values it repeats between whole
                # readings.
                self._is_identified = False
            self.health.failed(err.reason, begun, clock())
            raise
        self.health.answered(begun, clock(), dt_util.utcnow())
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

    async def _async_own_meter(self, *, is_probed: bool) -> Meter:
        """Return the meter, identified if that is due, and probed before that."""
        self.other = None
        if self.meter is not None and self._is_identified:
            return self.meter
        refusal = await self._async_probe() if is_probed else None
        try:
            meter = await async_identify(self._hass, self._unit, self._limit)
        except NotSunSpecError as err:
            # A known meter that refuses all requests is more likely to start than to be another.
            raise refusal or err from None
        if meter.identity.serial_number != self._serial_number:
            self.other = meter
            raise AnotherMeterError(f"meter {meter.identity.serial_number} responds")
        if self.meter is not None and meter.model != self.meter.model:
            # Another model states other values.
            self._latest = None
        self.meter, self._is_identified = meter, True
        await self._async_identified(meter)
        return meter

    async def _async_probe(self) -> ReadRefusedError | None:
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
