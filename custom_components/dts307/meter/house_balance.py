"""What a house consumes, from the counters of its meters.

A house consumes what the grid, solar inverters and batteries bring into it. Each brings a
difference of two counters, which may also fall. The meters are read at different instants, so
their counters are brought to one instant first: the latest that all have readings around.

Register steps and interpolation let the sum fall a little at times. So the highest sum so far is
published. docs/internals/house-consumption.md explains what a restart and a change of the meters
do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final, Self

KEPT_FOR: Final = 150.0
"""s; two of the longest poll intervals and some more"""

LARGEST_FLOW: Final = 2000.0
"""Wh; more flows between two readings only where a counter was corrected or waited for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HousePoint:
    """One reading of a member."""

    at: float
    """s, on a clock that all members share"""
    energy: float
    """Wh imported minus Wh exported"""
    gross: float
    """Wh imported plus Wh exported"""
    resolution: float
    """Wh; one step of a register"""
    power: float | None
    """W, positive while importing"""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a house consumes."""

    energy: float
    """Wh since the first sum; never falls"""
    power: float | None
    """W; None if the power of a member is not known"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseBalance:
    """The state of the sum; ``with_point`` and ``with_members`` return the next one."""

    signs: Mapping[str, int] = field(default_factory=dict)
    """by member: 1 if what it imports flows into the house, -1 if what it exports does"""
    published: float = 0.0
    """Wh"""
    offset: float | None = None
    """Wh from the sum to what is published; None until the first sum of these members"""
    margin: float = 0.0
    """Wh; the most that a sum may have been off, for register steps and interpolation"""
    may_be_behind: bool = False
    """whether more may have been published before a kill"""
    tracks: Mapping[str, tuple[HousePoint, ...]] = field(default_factory=dict)
    """the latest readings by member"""

    def with_members(self, signs: Mapping[str, int]) -> Self:
        """Return the balance of these members, which continues what was published."""
        if signs == self.signs:
            return self
        return replace(self, signs=dict(signs), offset=None, tracks={})

    def with_point(self, member: str, point: HousePoint) -> tuple[Self, House | None]:
        """Return the balance after a reading, and what the house consumes.

        That is None while the members have no instant in common.
        """
        track = (*self.tracks.get(member, ()), point)
        recent = tuple(each for each in track if point.at - each.at <= KEPT_FOR)
        after = replace(self, tracks={**self.tracks, member: recent})
        if (total := _total(after)) is None:
            return after, None
        offset = self.published - total.energy if self.offset is None else self.offset
        # A sum before a kill was at most that much above this one.
        padding = self.margin + total.margin if self.may_be_behind else 0.0
        after = replace(
            after,
            offset=offset,
            published=max(self.published, offset + total.energy + padding),
            margin=max(self.margin, total.margin),
            may_be_behind=False,
        )
        return after, House(energy=after.published, power=total.power)

    def as_dict(self) -> dict[str, Any]:
        """Return what outlives a restart, as JSON holds it."""
        return {
            "signs": dict(self.signs),
            "published": self.published,
            "offset": self.offset,
            "margin": self.margin,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], *, latest: bool) -> Self:
        """Return the balance that was stored; more was published if it is not the ``latest``."""
        return cls(
            signs=stored["signs"],
            published=stored["published"],
            offset=stored["offset"],
            margin=stored["margin"],
            may_be_behind=not latest,
        )


@dataclass(frozen=True, slots=True)
class _Contribution:
    """What one member, or all, bring into the house, and how far that may be off."""

    energy: float
    """Wh"""
    power: float | None
    """W"""
    margin: float
    """Wh"""


def _total(balance: HouseBalance) -> _Contribution | None:
    """Return the sum at the latest instant that all members cover."""
    tracks, signs = balance.tracks, balance.signs
    if tracks.keys() != signs.keys():
        return None
    at = min(track[-1].at for track in tracks.values())
    if any(track[0].at > at for track in tracks.values()):
        return None
    contributions = [_contribution(tracks[member], at, sign) for member, sign in signs.items()]
    powers = [each.power for each in contributions if each.power is not None]
    return _Contribution(
        energy=sum(each.energy for each in contributions),
        power=max(0.0, sum(powers)) if len(powers) == len(contributions) else None,
        margin=sum(each.margin for each in contributions),
    )


def _contribution(track: tuple[HousePoint, ...], at: float, sign: int) -> _Contribution:
    """Return what a member had brought into the house at an instant that its track covers."""
    # Both registers may be a step off.
    steps = 2 * track[-1].resolution
    for before, after in pairwise(track):
        if before.at <= at < after.at:
            part = (at - before.at) / (after.at - before.at)
            power = None
            if before.power is not None and after.power is not None:
                power = sign * (before.power + part * (after.power - before.power))
            energy = sign * (before.energy + part * (after.energy - before.energy))
            # All may have flowed before this instant, or all after it.
            flowed = after.gross - before.gross
            return _Contribution(energy, power, steps + (flowed if flowed <= LARGEST_FLOW else 0.0))
    last = track[-1]
    return _Contribution(
        sign * last.energy, None if last.power is None else sign * last.power, steps
    )
