"""A short soak; scripts/soak has the long one."""

import pytest

from simulator import Framing
from tests.wire.soak import CHANGES, run, table


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(("framing", "seed"), [(Framing.SOCKET, 307), (Framing.RTU, 7)])
async def test_nothing_is_lost_or_doubled_under_random_faults(framing: Framing, seed: int) -> None:
    report = await run(900, seed, framing, fault_every=10)
    assert not report.deviations, table(report)
    assert report.counters
    assert all(published == truth for _, truth, published in report.counters)
    # Faults there were, and most polls still brought a reading.
    assert report.faults.keys() >= {*CHANGES, "misread", "gone", "pulled", "restart", "kill"}
    assert report.misread
    assert report.failures.total() >= 5
    assert report.readings > 0.8 * report.polls
