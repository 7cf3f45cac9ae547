"""Read one meter again and again."""

from datetime import UTC, datetime
from functools import partial

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
        try:
            return await self._session.read(whole=whole)
        except MeterError:
            # Another meter may be in its place by the next attempt.
            self._session.fail()
            raise


async def _nothing_else(_meter: Meter) -> None:
    """Do nothing when the meter was identified."""
