"""Scan a bus for meters whose settings and unit IDs are unknown.

Each probe without a response costs its timeout, so the order of the probes makes a scan fast: the
factory unit ID with all usual settings first, then the other unit IDs. All devices on a bus have
the same settings, so the first response from any device rules out all others. The meters of one
panel mostly have consecutive unit IDs.

Some gateways respond under every unit ID: by themselves, or with the only meter behind them. They
are recognized by responses under unit IDs that are hardly ever in use.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from ..errors import LinkDownError, MeterBusyError, MeterError
from ..identity import Identity
from .scan_passes import ScanPass, ScanStage
from .timing import SCAN_RANGE, SCAN_TIMING, ScanRange, ScanTiming


@dataclass(frozen=True, slots=True)
class Probe[S]:
    """The unit being probed, and the progress of the stage from 0 to 1."""

    stage: ScanStage
    settings: S
    unit_id: int
    progress: float


@dataclass(frozen=True, slots=True)
class ScanResult[S]:
    """A device that responds: its identity, or why it is no meter."""

    settings: S
    unit_id: int
    identity: Identity | None = None
    error: MeterError | None = None


type UnitProbe = Callable[[int], Awaitable[frozenset[int]]]
"""Probes a unit; returns the IDs of the units that respond, which may be delayed others."""


class ScannableBus[S](Protocol):
    """A bus that can be opened with various settings, one at a time."""

    def opened(self, settings: S, timeout: float, /) -> AbstractAsyncContextManager[UnitProbe]:
        """Open the bus to probe units, each of which has ``timeout`` seconds to begin to respond.

        Raises MeterError if it cannot be opened, UnusableSettingsError if only the settings are
        the reason.
        """

    async def identify(self, settings: S, unit_id: int) -> Identity:
        """Return the identity of a device; the bus is closed when this is called.

        Raises MeterError.
        """

    def is_alive(self, settings: S) -> bool:
        """Return whether anything has responded with these settings, be it no unit."""


class UnusableSettingsError(Exception):
    """The adapter does not support these settings; others may work."""


@dataclass
class BusScan[S]:
    """One scan of a bus.

    ``is_wanted`` returns whether a device is what the scan is for. After the first wanted device,
    only the unit IDs that follow are probed, unless the scan is ``thorough``. The stage EVERYTHING
    takes minutes, and runs only if ``everything`` is set, or once a device has responded.
    With ``only_one``, the scan ends with the first wanted device, and ``neighbours`` goes on.
    ``on_probe`` is called before each probe.

    If the device with the ``asked`` unit ID responds and is not wanted, the scan ends with it,
    unless the scan is for more.
    ``known`` are the unit IDs of meters that are known to be on the bus, by serial number.
    """

    bus: ScannableBus[S]
    passes: Sequence[ScanPass[S]]
    is_wanted: Callable[[ScanResult[S]], bool]
    on_probe: Callable[[Probe[S]], None]
    thorough: bool = False
    everything: bool = False
    only_one: bool = False
    asked: int | None = None
    known: Mapping[str, int] = field(default_factory=dict)
    timing: ScanTiming = SCAN_TIMING
    scan_range: ScanRange = SCAN_RANGE
    responds_everywhere: bool = field(default=False, init=False)
    """whether something responds under every unit ID"""
    is_one_meter: bool = field(default=False, init=False)
    """whether it is one meter that responds under every unit ID"""
    _done: set[tuple[S, int, bool]] = field(default_factory=set)
    """The keys of the probes that need not be repeated."""
    _found: set[int] = field(default_factory=set)
    _proven: S | None = None
    """The settings with which a device has responded."""
    _meters: dict[str, int] = field(default_factory=dict)
    """The unit IDs of the meters that have responded, by serial number."""
    _is_bus_checked: bool = False
    _to_follow: list[ScanPass[S]] = field(default_factory=list)
    """The pass for the unit IDs that follow those of the first wanted devices, once it is known."""

    async def run(self) -> AsyncIterator[ScanResult[S]]:
        """Scan; the bus is closed whenever a result is yielded, and at the end.

        Raises MeterError if the bus cannot be opened.
        """
        for scan_pass in self.passes:
            while results := await self._next(scan_pass):
                for result in results:
                    yield result
                if any(map(self._is_asked_in_vain, results)):
                    return
                found = any(map(self.is_wanted, results))
                if found and (self.only_one or not self.thorough):
                    self._to_follow.append(self._neighbours(scan_pass, results))
                    if not self.only_one:
                        async for result in self.neighbours():
                            yield result
                    return

    async def neighbours(self) -> AsyncIterator[ScanResult[S]]:
        """Probe the unit IDs that follow those of the wanted devices with which the scan ended.

        Raises MeterError if the bus cannot be opened.
        """
        for scan_pass in self._to_follow:
            while results := await self._next(scan_pass):
                for result in results:
                    yield result

    def _is_asked_in_vain(self, result: ScanResult[S]) -> bool:
        if self.everything or self.thorough:
            return False
        if result.unit_id != self.asked or self.is_wanted(result):
            return False
        return not isinstance(result.error, LinkDownError)

    async def _is_another(self, result: ScanResult[S]) -> bool:
        """Return whether a device is another than those before.

        One that is no meter, or has the serial number of another meter, is suspicious: it may
        respond under every unit ID.
        """
        if (identity := result.identity) is None:
            await self._check_bus(result.settings)
            return True
        serial_number = identity.serial_number
        first = self._meters.setdefault(serial_number, result.unit_id)
        if result.unit_id == self.known.get(serial_number, first):
            return True
        await self._check_bus(result.settings)
        if self.responds_everywhere:
            other = await self._identify(result.settings, self.scan_range.unlikely_unit_ids[0])
            self.is_one_meter = other.identity == identity
        return result.unit_id == first or not self.is_one_meter

    async def _check_bus(self, settings: S) -> None:
        """Find out, once, whether something responds under every unit ID."""
        if not self._is_bus_checked:
            self._is_bus_checked = True
            self.responds_everywhere = await self._all_respond(settings)

    async def _all_respond(self, settings: S) -> bool:
        """Return whether all unit IDs respond that are hardly ever in use.

        If the bus cannot be opened, the next probe shows why.
        """
        with suppress(MeterError, UnusableSettingsError):
            for unit_id in self.scan_range.unlikely_unit_ids:
                unlikely = ScanPass(ScanStage.UNIT_IDS, settings, [unit_id], self.timing.following)
                if unit_id not in await self._probe(unlikely, unlikely.unit_ids):
                    return False
                # A device may have this unit ID all the same, and is then still to be identified.
                self._done.discard(_key(unlikely, unit_id))
            return True
        return False

    async def _next(self, scan_pass: ScanPass[S]) -> list[ScanResult[S]]:
        """Probe until new devices respond, and return them; empty at the end of the pass.

        Settings that the adapter does not support are skipped.
        """
        with suppress(UnusableSettingsError):
            while unit_ids := self._open_unit_ids(scan_pass):
                if responding := await self._probe(scan_pass, unit_ids) - self._found:
                    self._found |= responding
                    self._proven = scan_pass.settings
                    results = [
                        await self._identify_idle(scan_pass.settings, each)
                        for each in sorted(responding)
                    ]
                    return [each for each in results if await self._is_another(each)]
        return []

    def _is_ruled_out(self, scan_pass: ScanPass[S]) -> bool:
        if self.is_one_meter or (self.responds_everywhere and not self._is_worthwhile):
            return True
        if self._proven is not None:
            return scan_pass.settings != self._proven
        if scan_pass.if_alive and not self.bus.is_alive(scan_pass.settings):
            return not self.everything
        return scan_pass.stage is ScanStage.EVERYTHING and not self.everything

    @property
    def _is_worthwhile(self) -> bool:
        """Whether to go on although something responds under every unit ID."""
        return self.everything or bool(self._meters)

    def _open_unit_ids(self, scan_pass: ScanPass[S]) -> list[int]:
        """Return the unit IDs of a pass that are still to be probed."""
        if self._is_ruled_out(scan_pass):
            return []
        return [
            each
            for each in scan_pass.unit_ids
            if each not in self._found and _key(scan_pass, each) not in self._done
        ]

    async def _probe(self, scan_pass: ScanPass[S], unit_ids: Sequence[int]) -> frozenset[int]:
        """Probe units until any respond; return these."""
        keys = self._stage_keys(scan_pass)
        done = len(keys & self._done)
        async with self.bus.opened(scan_pass.settings, scan_pass.timeout) as probe:
            for unit_id in unit_ids:
                progress = done / len(keys)
                self.on_probe(Probe(scan_pass.stage, scan_pass.settings, unit_id, progress))
                responding = await probe(unit_id)
                self._done.add(_key(scan_pass, unit_id))
                done += 1
                if responding:
                    return responding
        return frozenset()

    def _stage_keys(self, scan_pass: ScanPass[S]) -> set[tuple[S, int, bool]]:
        """Return the keys of all probes in the stage of a pass, as far as is known yet."""
        return {
            _key(each, unit_id)
            for each in (scan_pass, *self.passes)
            if each.stage is scan_pass.stage and not self._is_ruled_out(each)
            for unit_id in each.unit_ids
        }

    async def _identify_idle(self, settings: S, unit_id: int) -> ScanResult[S]:
        """Identify a device, and again after a while if it is busy, unless every unit is."""
        result = await self._identify(settings, unit_id)
        if isinstance(result.error, MeterBusyError):
            await self._check_bus(settings)
            if not self.responds_everywhere:
                return await self._identify(settings, unit_id)
        return result

    async def _identify(self, settings: S, unit_id: int) -> ScanResult[S]:
        try:
            identity = await self.bus.identify(settings, unit_id)
        except MeterError as err:
            return ScanResult(settings, unit_id, error=err)
        return ScanResult(settings, unit_id, identity=identity)

    def _neighbours(self, scan_pass: ScanPass[S], results: Sequence[ScanResult[S]]) -> ScanPass[S]:
        """Return the pass for further meters in the same panel."""
        last = max(result.unit_id for result in results)
        stop = min(last + self.scan_range.meters_in_a_panel, self.scan_range.unit_ids.stop)
        unit_ids = range(last + 1, stop)
        return ScanPass(ScanStage.NEIGHBOURS, scan_pass.settings, unit_ids, self.timing.following)


def _key[S](scan_pass: ScanPass[S], unit_id: int) -> tuple[S, int, bool]:
    """Return what identifies a probe that need not be repeated.

    The first probe with some settings is repeated later, among other unit IDs: there, a response
    that was too late for it is recognized during the next probe.
    """
    return scan_pass.settings, unit_id, scan_pass.stage is ScanStage.SETTINGS
