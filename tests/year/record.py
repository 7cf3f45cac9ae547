"""What happened in a simulated year, as far as the expected flags need it."""

from dataclasses import dataclass, field


@dataclass
class Poll:
    """A reading that was entered."""

    at: float
    """s, true"""
    settled: bool = False
    """whether the clock has been steady long enough since"""
    wrong: bool = False
    """whether the clock was wrong then nevertheless"""
    lost: bool = False
    """whether it may not have been stored before a kill, or not be of use after it"""

    @property
    def is_sure(self) -> bool:
        """Whether it has to be known, at its true time."""
        return self.settled and not self.wrong and not self.lost


@dataclass
class Record:
    """What happened."""

    polls: list[Poll] = field(default_factory=list)
    edited: list[tuple[float, float]] = field(default_factory=list)
    """times of which an answer decided; from the last believed read to the next one"""
    between_meters: tuple[float, float] = (0.0, 0.0)
    """from the last read of the old meter to the first one of the new meter"""
    wrong_clock: list[tuple[float, float]] = field(default_factory=list)
    """times at which a clock was wrong for so long that it was trusted; if it was ahead, also the
    time before it that has to be an estimate when it goes back"""
