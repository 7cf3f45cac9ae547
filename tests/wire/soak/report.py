"""The results of a soak, and their table."""

from collections import Counter as Tally
from dataclasses import dataclass, field

from tests.wire.soak.memory import Memory

MOST_GROWTH = 4.0
"""MiB that the process may grow by."""
MOST_NEW_BLOCKS = 2000
"""Blocks that may be new; some hundred come and go with work in progress."""
_MOST_SHOWN = 20


@dataclass(kw_only=True)
class Report:
    """The results of a soak; times in seconds."""

    polls: int = 0
    readings: int = 0
    faults: Tally[str] = field(default_factory=Tally)
    failures: Tally[str] = field(default_factory=Tally)
    """Polls that failed, by what they raised."""
    misread: int = 0
    """Misread counters in valid frames, which the filters have to hold."""
    deviations: int = 0
    first_deviations: list[str] = field(default_factory=list)
    """The first of the deviations."""
    counters: list[tuple[str, float, float | None]] = field(default_factory=list)
    """The true and the published value of each counter at the end."""
    memory: list[Memory] = field(default_factory=list)
    seconds: float = 0.0
    simulated: float = 0.0

    def deviate(self, what: str) -> None:
        """Note a deviation."""
        self.deviations += 1
        if len(self.first_deviations) < _MOST_SHOWN:
            self.first_deviations.append(f"poll {self.polls}: {what}")

    def warm_up(self) -> Memory:
        """Return the memory after a warm-up of a tenth of the polls."""
        return self.memory[min(1, len(self.memory) - 1)]

    @property
    def growth(self) -> float:
        """MiB that have become resident since the warm-up."""
        return self.memory[-1].resident - self.warm_up().resident

    @property
    def new_blocks(self) -> int:
        """Blocks that were allocated since the warm-up and not freed."""
        return self.memory[-1].blocks - self.warm_up().blocks

    def judge_memory(self) -> None:
        """Note a growth of the memory."""
        if self.growth > MOST_GROWTH:
            self.deviate(f"memory has grown by {self.growth:.1f} MiB")
        if self.new_blocks > MOST_NEW_BLOCKS:
            self.deviate(f"memory has grown by {self.new_blocks} blocks")

    def progress(self, polls: int) -> str:
        """Return the progress towards ``polls`` as one line."""
        memory = self.memory[-1]
        return (
            f"{self.polls:>9} of {polls} polls in {self.seconds:.0f} s, "
            f"{self.faults.total()} faults, {self.deviations} deviations, "
            f"{memory.resident:.1f} MiB, {memory.blocks} blocks\n"
        )

    def table(self) -> str:
        """Return the results as a table."""
        first, last = self.warm_up(), self.memory[-1]
        rows: list[tuple[str, object]] = [
            ("polls", self.polls),
            ("readings", self.readings),
            ("polls a second", round(self.polls / self.seconds)),
            ("simulated days", round(self.simulated / 86400, 1)),
            ("memory, MiB", f"{first.resident:.1f} to {last.resident:.1f} ({self.growth:+.1f})"),
            ("memory, blocks", f"{first.blocks} to {last.blocks} ({self.new_blocks:+})"),
            ("misread counters", self.misread),
            *((f"failed: {name}", count) for name, count in self.failures.most_common()),
            *((f"fault: {name}", count) for name, count in self.faults.most_common()),
            *((f"{key}, Wh", f"{value:.0f} {shown}") for key, value, shown in self.counters),
            ("deviations", self.deviations),
            *(("", deviation) for deviation in self.first_deviations),
        ]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows) + "\n"
