"""Search a bus for meters whose settings and unit ids are not known.

Where nobody answers, each question costs its patience, so the order of the questions is what makes
a search fast: the meter's factory address under all usual settings first, then the other addresses.
All devices on a bus have the same settings, so that the first answer of whomever rules all others
out; and the meters of one panel mostly have addresses in a row.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from ..errors import MeterError
from ..identity import Identity

UNIT_IDS: Final = range(1, 248)
"""The addresses that a device may have (Modbus over Serial Line 2.2)."""

_METERS_IN_A_PANEL: Final = 8
"""The most meters that a DTS 307 MCM has on its bus."""

LIKELY_UNIT_IDS: Final = (*range(1, 33), *range(100, 111), 247)
"""What installers choose: mostly small numbers, or some that follow the default."""

_FIRST_PATIENCE: Final = 0.25
"""Seconds that a meter may take to begin its answer, with the adapter's buffers in between."""

_FIRST_NETWORK_PATIENCE: Final = 1.5
"""The same behind a network adapter; it is no less than what a meter in use is given."""

_PATIENCE: Final = 0.15
"""The same where there are hundreds of questions; who answers later is heard all the same."""


class ScanStage(StrEnum):
    """How far a search has come."""

    SETTINGS = "settings"
    """The usual address, with all usual settings."""
    UNIT_IDS = "unit_ids"
    """Other addresses, with the most usual settings."""
    EVERYTHING = "everything"
    """All addresses, with all usual settings."""
    NEIGHBOURS = "neighbours"
    """The addresses that follow that of what was searched for."""


@dataclass(frozen=True, slots=True)
class ScanPass[S]:
    """Units to ask with one kind of settings, each with ``patience`` seconds to begin to answer."""

    stage: ScanStage
    settings: S
    unit_ids: Sequence[int]
    patience: float


@dataclass(frozen=True, slots=True)
class Probe[S]:
    """What is being asked, and how far its stage has come, from 0 to 1."""

    stage: ScanStage
    settings: S
    unit_id: int
    progress: float


@dataclass(frozen=True, slots=True)
class ScanResult[S]:
    """A device that answers: who it is, or why it is no meter."""

    settings: S
    unit_id: int
    identity: Identity | None = None
    error: MeterError | None = None


type Ask = Callable[[int], Awaitable[frozenset[int]]]
"""Asks a unit; returns the ids of those that answer, which in time may be others."""


class ScannableBus[S](Protocol):
    """A bus that can be reached with various settings, by one at a time."""

    def opened(self, settings: S, patience: float) -> AbstractAsyncContextManager[Ask]:
        """Open the bus to ask units on it.

        Raises MeterError if that cannot be, or UnusableSettingsError if it is for the settings.
        """

    async def identify(self, settings: S, unit_id: int) -> Identity:
        """Return who answers, on the bus that is closed now.

        Raises MeterError.
        """


class UnusableSettingsError(Exception):
    """The adapter cannot do these settings; that says nothing about the others."""


def serial_passes[S](settings: Sequence[S], unit_ids: Sequence[int]) -> Iterator[ScanPass[S]]:
    """Plan a search on a serial port, the most likely settings and unit ids first."""
    for each in settings:
        yield ScanPass(ScanStage.SETTINGS, each, unit_ids, _FIRST_PATIENCE)
    yield ScanPass(ScanStage.UNIT_IDS, settings[0], UNIT_IDS, _PATIENCE)
    for others in (LIKELY_UNIT_IDS, UNIT_IDS):
        for each in settings[1:]:
            yield ScanPass(ScanStage.EVERYTHING, each, others, _PATIENCE)


def network_passes[S](settings: Sequence[S], unit_ids: Sequence[int]) -> Iterator[ScanPass[S]]:
    """Plan a search behind a network adapter, where each question may take a second."""
    for each in settings:
        yield ScanPass(ScanStage.SETTINGS, each, unit_ids, _FIRST_NETWORK_PATIENCE)
    for stage, others in (
        (ScanStage.UNIT_IDS, LIKELY_UNIT_IDS),
        (ScanStage.EVERYTHING, UNIT_IDS),
    ):
        for each in settings:
            yield ScanPass(stage, each, others, _PATIENCE)


@dataclass
class BusScan[S]:
    """One search of a bus.

    ``is_wanted`` tells whether a device that was found is what is searched for. Once it is, only
    the unit ids that follow are asked, unless the search is to be ``thorough``. What takes minutes,
    settings with which nobody has answered yet, is only tried if ``everything`` is asked for.
    ``on_question`` is called before each question.
    """

    bus: ScannableBus[S]
    legs: Sequence[ScanPass[S]]
    is_wanted: Callable[[ScanResult[S]], bool]
    on_question: Callable[[Probe[S]], None]
    thorough: bool = False
    everything: bool = False
    _asked: set[tuple[S, int, bool]] = field(default_factory=set)
    _found: set[int] = field(default_factory=set)
    _proven: S | None = None
    """The settings with which somebody has answered."""

    async def run(self) -> AsyncIterator[ScanResult[S]]:
        """Search; the bus is closed whenever a finding is handed out, and in the end.

        Raises MeterError if the bus cannot be reached.
        """
        for leg in self.legs:
            while findings := await self._next(leg):
                for finding in findings:
                    yield finding
                if not self.thorough and any(map(self.is_wanted, findings)):
                    row = _row_behind(leg, findings)
                    while findings := await self._next(row):
                        for finding in findings:
                            yield finding
                    return

    async def _next(self, leg: ScanPass[S]) -> list[ScanResult[S]]:
        """Ask on until somebody answers who has not been found yet; nobody is left if it is empty.

        Settings that the adapter cannot do are passed over.
        """
        with suppress(UnusableSettingsError):
            while unit_ids := self._open_questions(leg):
                if heard := await self._ask(leg, unit_ids) - self._found:
                    self._found |= heard
                    self._proven = leg.settings
                    return [await self._identify(leg.settings, each) for each in sorted(heard)]
        return []

    def _is_ruled_out(self, leg: ScanPass[S]) -> bool:
        if self._proven is not None:
            return leg.settings != self._proven
        return leg.stage is ScanStage.EVERYTHING and not self.everything

    def _open_questions(self, leg: ScanPass[S]) -> list[int]:
        if self._is_ruled_out(leg):
            return []
        return [
            each
            for each in leg.unit_ids
            if each not in self._found and _question(leg, each) not in self._asked
        ]

    async def _ask(self, leg: ScanPass[S], unit_ids: Sequence[int]) -> frozenset[int]:
        """Ask units until one answers; return who does."""
        questions = self._questions(leg)
        asked = len(questions & self._asked)
        async with self.bus.opened(leg.settings, leg.patience) as ask:
            for unit_id in unit_ids:
                progress = asked / len(questions)
                self.on_question(Probe(leg.stage, leg.settings, unit_id, progress))
                heard = await ask(unit_id)
                self._asked.add(_question(leg, unit_id))
                asked += 1
                if heard:
                    return heard
        return frozenset()

    def _questions(self, leg: ScanPass[S]) -> set[tuple[S, int, bool]]:
        """Return all that can be asked in the stage of a leg, as far as is known by now."""
        return {
            _question(each, unit_id)
            for each in (leg, *self.legs)
            if each.stage is leg.stage and not self._is_ruled_out(each)
            for unit_id in each.unit_ids
        }

    async def _identify(self, settings: S, unit_id: int) -> ScanResult[S]:
        try:
            identity = await self.bus.identify(settings, unit_id)
        except MeterError as err:
            return ScanResult(settings, unit_id, error=err)
        return ScanResult(settings, unit_id, identity=identity)


def _question[S](leg: ScanPass[S], unit_id: int) -> tuple[S, int, bool]:
    """Return what need not be asked twice.

    The first question with some settings is asked once more in a row of unit ids: an answer that
    was too late for it is heard there, with the next question's.
    """
    return leg.settings, unit_id, leg.stage is ScanStage.SETTINGS


def _row_behind[S](leg: ScanPass[S], findings: Sequence[ScanResult[S]]) -> ScanPass[S]:
    """Return the leg to the meters that may follow in the same panel."""
    last = max(finding.unit_id for finding in findings)
    row = range(last + 1, min(last + _METERS_IN_A_PANEL, UNIT_IDS.stop))
    return ScanPass(ScanStage.NEIGHBOURS, leg.settings, row, _PATIENCE)
