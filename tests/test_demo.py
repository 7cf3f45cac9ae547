"""The demo begins with interval data of some weeks, which its simulated meters have counted."""

from pathlib import Path

import pytest

from custom_components.dts307.meter.intervals import (
    IntervalGrid,
    Ledger,
    Quality,
    intervals,
    with_tracks,
)
from custom_components.dts307.stores import reads_database
from scripts.dev.intervals import STEP, WEEKS, write_intervals
from simulator import MeterConfig
from simulator.history import meter_history
from simulator.house import House
from simulator.meter import Meter, Site
from tests.meter.ledgers import NEW_YORK, at


def test_interval_data_of_the_demo(tmp_path: Path) -> None:
    """It adds up to what the registers show, and has outages whose intervals are estimates."""
    now = int(at("06-30"))
    meter = Meter(MeterConfig(days_in_service=60), Site(House()), now)
    past = meter_history(meter, now - WEEKS * 7 * 86_400, now, step=STEP, resolution=STEP)
    spans = past.as_json()["spans"]
    assert isinstance(spans, tuple)
    (tmp_path / ".storage").mkdir()
    write_intervals(tmp_path, "entry", spans)
    tracks = reads_database.between(tmp_path / ".storage/dts307.entry.intervals.db", 0, now)
    ledger = with_tracks(Ledger(), tracks)
    found = intervals(ledger, 0, now, IntervalGrid(zone=NEW_YORK, seconds=STEP))
    assert len(found) == WEEKS * 7 * 96 - 1
    estimated = [each for each in found if each.quality is Quality.ESTIMATED]
    assert 90 < len(estimated) < 120
    total = sum(each.imported.value for each in found if each.imported)
    counted = sum(span["import_wh"] for span in spans[1:])
    assert total == pytest.approx(counted, abs=1)
    assert tracks["imported"].latest.value == round(spans[-1]["import_reading_wh"])
