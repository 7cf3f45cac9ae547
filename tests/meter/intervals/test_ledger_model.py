"""The ledger against the true energy, whatever happens to meter and Home Assistant."""

from datetime import UTC, datetime
from itertools import pairwise
import json
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    BillingPeriod,
    Estimate,
    Ledger,
    Samples,
    as_pair,
    from_pair,
    ledger_as_dict,
    ledger_from_dict,
)
from custom_components.dts307.meter.sample import Sample
from tests.meter.flow import ZONES, Flow, starts
from tests.meter.ledgers import energy

ROUNDING = 1e-3
"""Wh that binary fractions may be off."""

stretches = st.tuples(
    st.sampled_from([5, 5, 60, 60, 3600, 6 * 3600, 86400, 10 * 86400]),
    st.floats(0, 20_000),
    st.floats(0, 8_000),
    st.sampled_from(["poll", "poll", "poll", "silence", "restart", "kill"]),
)


class Reader:
    """Home Assistant with a ledger, and the two files that it stores."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Start with nothing."""
        self.zone = zone
        self.ledger = Ledger()
        self.files: dict[str, str] = {}
        self.saved_at = 0.0

    def poll(self, now: float, imported: float, exported: float) -> None:
        """Take a read; store the ledger when it grows, and the latest read each minute."""
        before = self.ledger.kept
        samples = {
            f"{register}{name}": Sample(value=value, at=now)
            for name, value in (("imported", imported), ("exported", exported))
            for register in ("", "register_")
        }
        self.ledger = self.ledger.after(samples, "S307", self.zone)
        if self.ledger.kept != before:
            self.write("ledger", ledger_as_dict(self.ledger))
        if now - self.saved_at >= 60:
            self.saved_at = now
            self.write("latest", self.latest())

    def latest(self) -> dict[str, Any]:
        """Return the latest read as it is stored."""
        return {name: as_pair(sample) for name, sample in self.ledger.newest.items()}

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Write one of the files."""
        self.files[name] = json.dumps(content)

    def start(self) -> None:
        """Start from the files."""
        latest: Samples = {
            name: from_pair(pair) for name, pair in json.loads(self.files["latest"]).items()
        }
        ledger = ledger_from_dict(json.loads(self.files["ledger"]))
        self.ledger = ledger.with_newer(latest, "S307", self.zone)

    def stop(self) -> None:
        """Write both files, as when Home Assistant is stopped."""
        self.write("ledger", ledger_as_dict(self.ledger))
        self.write("latest", self.latest())


def assert_true(estimate: Estimate, truth: float) -> None:
    """Assert that value and truth are within the bounds."""
    assert estimate.lowest - ROUNDING <= truth <= estimate.highest + ROUNDING
    assert estimate.lowest - ROUNDING <= estimate.value <= estimate.highest + ROUNDING


def since(period: BillingPeriod) -> float:
    """Return from when on a period is counted; this meter counts both ways from the beginning."""
    assert period.net is not None
    return period.net.since.timestamp()


def assert_seamless(periods: list[BillingPeriod], zone: str, billing_day: int) -> None:
    """Assert that each period ends where the next begins, at the first second of a billing day."""
    for earlier, later in pairwise(periods):
        assert later.net is not None
        assert earlier.end == later.start == later.net.since
        day = datetime.fromtimestamp(later.start.timestamp(), UTC).astimezone(ZoneInfo(zone))
        eve = datetime.fromtimestamp(later.start.timestamp() - 1, UTC).astimezone(ZoneInfo(zone))
        assert day.date() != eve.date()
        tomorrow = datetime.fromtimestamp(later.start.timestamp() + 97_200, UTC)
        short_month = tomorrow.astimezone(ZoneInfo(zone)).month != day.month
        assert day.day == billing_day or (short_month and day.day < billing_day)


@settings(max_examples=300, deadline=None)
@given(
    start=starts,
    zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
    billing_day=st.integers(1, 31),
    counts_before=st.tuples(st.floats(0, 1e7), st.floats(0, 1e7)),
    story=st.lists(stretches, min_size=1, max_size=40),
)
def test_the_periods_contain_all_energy(
    start: int,
    zones: tuple[str, str],
    billing_day: int,
    counts_before: tuple[float, float],
    story: list[tuple[int, float, float, str]],
) -> None:
    """Each Wh once and within its bounds, also in another time zone."""
    reader = Reader(ZoneInfo(zones[0]))
    imported, exported = (Flow([float(start)], [count]) for count in counts_before)
    reader.poll(start, *counts_before)
    for seconds, consumed, produced, event in (*story, (5, 100.0, 0.0, "poll")):
        imported.go_on(seconds, consumed)
        exported.go_on(seconds, produced)
        if event == "restart":
            reader.stop()
        if event in {"restart", "kill"}:
            reader.start()
        elif event == "poll":
            reader.poll(imported.times[-1], imported.counts[-1], exported.counts[-1])
    now = imported.times[-1]

    for zone in zones:
        periods = list(reader.ledger.periods(ZoneInfo(zone), billing_day))
        assert since(periods[0]) == start
        assert_seamless(periods, zone, billing_day)
        sums = {"imported": 0.0, "exported": 0.0}
        for period in periods:
            boundaries = (since(period), min(period.end.timestamp(), now))
            for name, flow in (("imported", imported), ("exported", exported)):
                counted = energy(getattr(period, name))
                assert_true(counted, flow.at(boundaries[1]) - flow.at(boundaries[0]))
                assert counted.lowest >= 0
                sums[name] += counted.value
            net = imported.at(boundaries[1]) - imported.at(boundaries[0])
            net -= exported.at(boundaries[1]) - exported.at(boundaries[0])
            assert_true(energy(period.net), net)
        assert sums["imported"] == pytest.approx(
            imported.counts[-1] - counts_before[0], abs=ROUNDING
        )
        assert sums["exported"] == pytest.approx(
            exported.counts[-1] - counts_before[1], abs=ROUNDING
        )


@settings(deadline=None)
@given(
    start=starts,
    zone=st.sampled_from(ZONES),
    billing_day=st.integers(1, 31),
    watts=st.lists(st.floats(0, 20_000), min_size=2, max_size=60),
)
def test_reads_around_each_midnight_leave_no_estimate(
    start: int, zone: str, billing_day: int, watts: list[float]
) -> None:
    """The energies are exact."""
    reader = Reader(ZoneInfo(zone))
    flow = Flow([float(start)], [0.0])
    reader.poll(start, 0.0, 0.0)
    for power in watts:
        # Half a day without looking, and then two polls in a row around whatever comes next.
        midnight = next_midnight(flow.times[-1], zone)
        for seconds in (midnight - 2.5 - flow.times[-1], 5.0):
            flow.go_on(seconds, power)
            reader.poll(flow.times[-1], flow.counts[-1], 0.0)
    for period in reader.ledger.periods(ZoneInfo(zone), billing_day):
        end = min(period.end.timestamp(), flow.times[-1])
        truth = flow.at(end) - flow.at(since(period))
        counted = energy(period.imported)
        assert not counted.estimated
        assert counted.value == pytest.approx(truth, abs=ROUNDING)


def next_midnight(at: float, zone: str) -> float:
    """Search for the next change of date, quarter hour by quarter hour."""
    instant = at // 900 * 900
    today = datetime.fromtimestamp(at, ZoneInfo(zone)).date()
    while datetime.fromtimestamp(instant, ZoneInfo(zone)).date() == today:
        instant += 900
    return instant if instant - at > 2.5 else next_midnight(instant + 900, zone)
