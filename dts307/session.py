"""Read one meter again and again."""

import asyncio
from datetime import UTC, datetime
from functools import partial
import math
from typing import cast

from .connect import Connection
from .meter import Meter, MeterError, Reading
from .meter.modbus import ConnectionHealth
from .meter.session import MeterSession


class MeterReader:
    """Reads the meter with a unit ID, whichever it is at first, and no other afterwards."""

    def __init__(self, connection: Connection, unit_id: int) -> None:
        """Begin without having asked anything."""
        self.unit_id = unit_id
        self._session = MeterSession(
            connection.unit(unit_id),
            None,
            partial(connection.identify, unit_id),
            _nothing_else,
            utcnow=partial(datetime.now, UTC),
        )

    @property
    def meter(self) -> Meter | None:
        """The meter as it was last identified; None before that."""
        return self._session.meter

    @property
    def health(self) -> ConnectionHealth:
        """How the attempts to read the meter ended."""
        return self._session.health

    async def read(self, *, whole: bool = False) -> Reading:
        """Read the meter, with its own sign of power; identify it before, if that is due.

        ``whole`` reads everything at this instant, and not only what changes quickly.

        Raises MeterError.
        """
        return await self._session.read(whole=whole)


class Readings:
    """Readings of a meter every ``interval`` s; those that are late are left out.

    A meter that does not answer is asked less often, as others may share its bus.
    """

    def __init__(self, reader: MeterReader, interval: float) -> None:
        """Begin with a reading that is due now."""
        self._reader = reader
        self._interval = interval
        self._now = asyncio.get_running_loop().time
        self._due = self._now()
        self.began = self._due
        """s of the event loop when the latest reading began"""

    @property
    def meter(self) -> Meter:
        """The meter of the readings, of which there has been one."""
        return cast("Meter", self._reader.meter)

    async def next(self) -> Reading | MeterError:
        """Return the next reading, or why there is none, once it is due."""
        await asyncio.sleep(self._due - self._now())
        self.began = self._now()
        try:
            reading = await self._reader.read()
        except MeterError as err:
            self._due = self._now() + self._reader.health.pause(self._interval)
            return err
        late = (self._now() - self._due) / self._interval
        self._due += self._interval * max(1, math.ceil(late))
        return reading


async def _nothing_else(_meter: Meter) -> None:
    """Do nothing when the meter was identified."""
