"""Stored files may contain anything, once something else has written them."""

from collections.abc import Iterator
import json
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    Billing,
    DemandRecord,
    Ledger,
    billing,
    demand,
    ledger_as_dict,
    ledger_from_dict,
)
from custom_components.dts307.meter.sample import Sample
from tests.meter.ledgers import NEW_YORK, SERIAL, at, bill, read, stored


def full_ledger() -> Ledger:
    """Return a ledger in which no part is empty."""
    ledger = read(Ledger(), at("05-31"), 0, 0)
    for day in ("06-30", "07-02"):
        ledger = read(ledger, at(day), 1000, 5000, serial=day)
    return read(ledger, at("07-01", "20:00:00"), 1010, 5000)


def full_record() -> DemandRecord:
    """Return a record in which no part is empty."""
    record = DemandRecord(window=900.0)
    for second in range(0, 3600, 60):
        record = record.after(Sample(value=second, at=at("06-01") + second), 1.0, NEW_YORK)
    return record


def test_a_ledger_and_a_record_survive_as_json() -> None:
    record = full_record()
    assert record.latest is not None
    assert record.running is not None
    assert DemandRecord.from_dict(json.loads(json.dumps(record.as_dict()))) == record
    ledger = full_ledger()
    assert bill(ledger)[1].last_period is not None
    assert stored(ledger) == ledger


def test_the_stored_format_of_a_ledger_stays() -> None:
    """So an update reads what an earlier version stored."""
    june = at("06-01")
    ledger = read(read(Ledger(), june, 100), june - 3600, 110)
    pairs, behind = [[june, 100], [june, 100]], [[june - 3600, 110], [june - 3600, 110]]
    assert json.loads(json.dumps(ledger_as_dict(ledger))) == {
        "tracks": {"imported": pairs, "register_imported": pairs},
        "behind": {"imported": behind, "register_imported": behind},
        "meters": [[june, SERIAL]],
        "opened": 0.0,
        "credit": {"value": 0.0, "lowest": 0.0, "highest": 0.0, "estimated": False},
        "unread": [],
        "edited": [],
        "edited_phases": [],
        "seams": [[june - 3600, 3600.0, june - 3600]],
        "phase_seams": {},
    }


def test_the_stored_format_of_a_record_stays() -> None:
    june = at("06-01")
    record = DemandRecord(window=900.0)
    for second, value in ((0, 10), (900, 20), (1000, 25)):
        record = record.after(Sample(value=value, at=june + second), 1.0, NEW_YORK)
    assert record.as_dict() == {
        "window": 900.0,
        "running": {
            "start": june + 900,
            "opening": {"value": 20, "lowest": 20, "highest": 20, "estimated": False},
            "point": [june + 1000, 25],
        },
        "latest": None,
        "peaks": [],
    }


def places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Yield all places in JSON, as containers and keys."""
    if isinstance(content, dict | list):
        for key in content if isinstance(content, dict) else range(len(content)):
            yield content, key
            yield from places(content[key])


class Damaged:
    """Stored content with one odd value, or with one value missing."""

    def __init__(self, data: st.DataObject, content: Any) -> None:
        """Start with what JSON makes of the content."""
        self.content = json.loads(json.dumps(content))
        container, key = data.draw(st.sampled_from(list(places(self.content))))
        if data.draw(st.booleans()):
            del container[key]
        else:
            container[key] = data.draw(
                st.sampled_from(
                    [None, True, 0, -1, 1.5, "", "x", "ab", [], {}, [1], [[1]], {"a": 1}]
                )
            )


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_a_damaged_ledger_is_refused_or_works(data: st.DataObject) -> None:
    """It never loads and then fails at each read."""
    damaged = Damaged(data, ledger_as_dict(full_ledger()))
    try:
        ledger = ledger_from_dict(damaged.content)
    except KeyError, TypeError, ValueError:
        return
    for day in ("07-01", "07-02", "07-03"):
        ledger = read(ledger, at(day, "21:00:00"), 1010, 5000)
        assert billing(ledger, NEW_YORK, 1) != Billing()
        assert stored(ledger) == ledger


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_a_damaged_record_is_refused_or_works(data: st.DataObject) -> None:
    damaged = Damaged(data, full_record().as_dict())
    try:
        record = DemandRecord.from_dict(damaged.content)
    except KeyError, TypeError, ValueError:
        return
    if record.window != 900:
        return  # a record of another interval length is not continued
    bills = billing(full_ledger(), NEW_YORK, 1)
    for second in (3600, 3660, 5000):
        record = record.after(Sample(value=5000, at=at("06-01") + second), 1.0, NEW_YORK)
        assert demand(record, bills).window == 900
        assert record.as_dict()


def test_a_ledger_without_a_meter_is_refused() -> None:
    with pytest.raises(ValueError, match="readings of no meter"):
        ledger_from_dict({**ledger_as_dict(full_ledger()), "meters": []})


@pytest.mark.parametrize("content", [None, [], "x", 5, {}])
def test_other_content_is_refused(content: Any) -> None:
    for from_dict in (ledger_from_dict, DemandRecord.from_dict):
        with pytest.raises((KeyError, TypeError, ValueError)):
            from_dict(content)
