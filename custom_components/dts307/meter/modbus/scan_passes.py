"""Plan in which order a scan probes settings and unit IDs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .timing import SCAN_RANGE, SCAN_TIMING, ScanRange, ScanTiming


class ScanStage(StrEnum):
    """How far a scan has come."""

    SETTINGS = "settings"
    """The usual unit ID with all usual settings."""
    UNIT_IDS = "unit_ids"
    """Other unit IDs with the most usual settings."""
    EVERYTHING = "everything"
    """All unit IDs with all usual settings."""
    NEIGHBOURS = "neighbours"
    """The unit IDs that follow that of a wanted device."""


@dataclass(frozen=True, slots=True)
class ScanPass[S]:
    """Units to probe with the same settings; each has ``timeout`` seconds to begin to respond.

    ``if_alive`` says that it is worth the time only if anything has responded.
    """

    stage: ScanStage
    settings: S
    unit_ids: Sequence[int]
    timeout: float
    if_alive: bool = False


def serial_passes[S](
    settings: Sequence[S],
    unit_ids: Sequence[int],
    *,
    timing: ScanTiming = SCAN_TIMING,
    scan_range: ScanRange = SCAN_RANGE,
) -> Iterator[ScanPass[S]]:
    """Plan a scan of a serial port, the most likely settings and unit IDs first."""
    for each in settings:
        yield ScanPass(ScanStage.SETTINGS, each, unit_ids, timing.first)
    yield ScanPass(ScanStage.UNIT_IDS, settings[0], scan_range.serial_unit_ids, timing.following)
    for others in (scan_range.likely_unit_ids, scan_range.unit_ids):
        for each in settings:
            yield ScanPass(ScanStage.EVERYTHING, each, others, timing.following)


def network_passes[S](
    settings: Sequence[S],
    unit_ids: Sequence[int],
    *,
    timing: ScanTiming = SCAN_TIMING,
    scan_range: ScanRange = SCAN_RANGE,
) -> Iterator[ScanPass[S]]:
    """Plan a scan behind a network adapter, where each probe may take a second.

    So only few units are probed behind an adapter that does not respond at all, and only the first
    has the time that a slow network takes.
    """
    first, *following = unit_ids
    for each in settings:
        yield ScanPass(ScanStage.SETTINGS, each, [first], timing.first_network)
    few = list(dict.fromkeys((*following, *scan_range.network_unit_ids)))
    for each in settings:
        yield ScanPass(ScanStage.UNIT_IDS, each, few, timing.following)
    for each in settings:
        likely = scan_range.likely_unit_ids
        yield ScanPass(ScanStage.UNIT_IDS, each, likely, timing.following, if_alive=True)
    for each in settings:
        yield ScanPass(ScanStage.EVERYTHING, each, scan_range.unit_ids, timing.following)
