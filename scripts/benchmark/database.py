"""Look into the recorder's database while Home Assistant writes to it."""

from collections.abc import Iterator, Mapping, Set as AbstractSet
from contextlib import closing, contextmanager
from pathlib import Path
import sqlite3
from typing import Final, Self

SECONDS_UNTIL_COMMITTED: Final = 7.0
"""Home Assistant commits every 5 s."""
_FILE: Final = "home-assistant_v2.db"

_ROWS: Final = """
    select states_meta.entity_id, count(*) from states join states_meta using (metadata_id)
    where last_updated_ts >= ? and last_updated_ts < ? group by states_meta.entity_id
"""
_UNAVAILABLE: Final = """
    select states_meta.entity_id, count(*) from states join states_meta using (metadata_id)
    where state = 'unavailable' and last_updated_ts >= ? and last_updated_ts < ?
    group by states_meta.entity_id
"""


class Database:
    """A reader of the recorder's database; it changes nothing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read through an open connection."""
        self._connection = connection
        self.commits = 0
        self._version = self._number("data_version")

    @classmethod
    @contextmanager
    def open(cls, config: Path) -> Iterator[Self]:
        """Open the database in a configuration folder until the context ends.

        Raises:
            sqlite3.OperationalError: there is none.
        """
        address = f"file:{config / _FILE}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, autocommit=True)) as connection:
            yield cls(connection)

    def forget_commits(self) -> None:
        """Count commits in ``commits`` from now on."""
        self.notice_commit()
        self.commits = 0

    def notice_commit(self) -> None:
        """Count in ``commits`` whether anything was committed since the last call."""
        version = self._number("data_version")
        self.commits += version != self._version
        self._version = version

    def size(self) -> int:
        """Return the bytes of all pages in use, including those in the write-ahead log."""
        pages = self._number("page_count") - self._number("freelist_count")
        return pages * self._number("page_size")

    def rows(self, begin: float, end: float) -> Mapping[str, int]:
        """Return the number of states between two Unix times by entity ID."""
        return dict(self._connection.execute(_ROWS, (begin, end)))

    def unavailable(self, entities: AbstractSet[str], begin: float, end: float) -> int:
        """Return how often these entities became unavailable between two Unix times."""
        counts = dict(self._connection.execute(_UNAVAILABLE, (begin, end)))
        return sum(count for entity, count in counts.items() if entity in entities)

    def _number(self, pragma: str) -> int:
        number: int = self._connection.execute(f"pragma {pragma}").fetchone()[0]
        return number
