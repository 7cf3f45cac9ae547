"""scripts/bench --sharing, for two seconds instead of half a minute."""

import pytest

from scripts.benchmark.sharing import measure_sharing, print_sharing


async def test_clients_are_served_beside_bad_ones(capsys: pytest.CaptureFixture[str]) -> None:
    load = "100 with random bytes"
    [result] = await measure_sharing(2, [load])
    assert (result.good["answers"], result.good["missing"]) == (40, 0)
    print_sharing([result])
    assert f"| {load} | 40 | 0 |" in capsys.readouterr().out
