"""Interval data of the demo from before its first start: what the simulated meters counted."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.intervals import EXPORTED, IMPORTED, REGISTER, TrackChange
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.stores import reads_database

WEEKS: Final = 4
STEP: Final = 900
"""s; the length of an interval"""

_DAY: Final = 86_400
_OUTAGES: Final = ((3.1, 9.0), (8.7, 2.5), (16.4, 14.0))
"""How many days ago outages began, and how many hours they lasted."""

_READINGS: Final = {IMPORTED: "import_reading_wh", EXPORTED: "export_reading_wh"}


def write_intervals(config: Path, entry_id: str, spans: Iterable[Mapping[str, Any]]) -> None:
    """Write the register reads at the ends of the simulator's spans into a meter's file.

    The spans are those before the meter was added, whose reads Home Assistant holds in memory. In
    some of them the meter was not read, so that the demo shows estimates.
    """
    spans = list(spans)
    ends = [span["start"] + span["seconds"] for span in spans]
    read = [span for span, end in zip(spans, ends, strict=True) if _is_read(ends[-1] - end)]
    changes = []
    for name, reading in _READINGS.items():
        samples = [
            Sample(value=round(span[reading]), at=float(span["start"] + span["seconds"]))
            for span in read
        ]
        changes += [
            TrackChange(name=track, provisional=False, since=samples[0].at, samples=samples)
            for track in (name, REGISTER + name)
        ]
    reads_database.write(config / ".storage" / f"{DOMAIN}.{entry_id}.intervals.db", changes)


def _is_read(ago: float) -> bool:
    """Return whether the meter was read some seconds before the end of the past."""
    return not any(0 < began * _DAY - ago < hours * 3600 for began, hours in _OUTAGES)
