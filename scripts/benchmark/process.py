"""What a running process has used of the machine so far, as Linux counts it."""

from dataclasses import dataclass
from pathlib import Path
import time
from typing import Final, Self

_ALL_THREADS: Final = 2
"""The clock of a process's CPU time; Linux makes its number of this and the inverted PID."""
_KILOBYTE: Final = 1024


@dataclass(frozen=True)
class Usage:
    """CPU time in s, memory in bytes, and bytes written since the start of a process.

    ``asked`` is all that the process gave to write calls (``wchar``); pipes and the log count.
    ``written`` is what these made the system write to storage, in whole pages (``write_bytes``).
    """

    cpu: float
    memory: int
    asked: int
    written: int

    @classmethod
    def of(cls, pid: int) -> Self:
        """Return the usage of a process, with all its threads.

        Raises:
            OSError: there is no such process any more.
        """
        folder = Path("/proc") / str(pid)
        status, io = _named(folder / "status"), _named(folder / "io")
        return cls(
            # The file "stat" counts in hundredths of a second, as much as two polls take.
            cpu=time.clock_gettime(~pid << 3 | _ALL_THREADS),
            memory=int(status["VmRSS"].split()[0]) * _KILOBYTE,
            asked=int(io["wchar"]),
            written=int(io["write_bytes"]),
        )

    def since(self, before: Self) -> Self:
        """Return what was used since another, earlier usage; memory is as it is now."""
        return type(self)(
            cpu=self.cpu - before.cpu,
            memory=self.memory,
            asked=self.asked - before.asked,
            written=self.written - before.written,
        )


def _named(file: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return {name: value.strip() for name, _, value in lines}
