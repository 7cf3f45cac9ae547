"""A stored file that cannot be read costs what it held, and never locks the owner out."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
import json
import logging
import math
from pathlib import Path
import random
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from hypothesis import given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.alarms import states_after
from custom_components.dts307.meter.clock import RunClock
from custom_components.dts307.meter.installation import (
    observe,
    with_exports_counting_up,
    with_import_positive,
)
from custom_components.dts307.meter.intervals import (
    BookEntry,
    Books,
    DemandRecord,
    Ledger,
    billing,
    demand,
    ledger_as_dict,
)
from custom_components.dts307.meter.validation import (
    CounterAnswer,
    FirstSight,
    RefreshCadence,
    answered,
    questions,
    register_reads,
    validated,
)
from custom_components.dts307.options import MeterOptions
from custom_components.dts307.stores import MeterStore
from custom_components.dts307.stores.alarms import parse_alarms
from custom_components.dts307.stores.installation import parse_installation
from custom_components.dts307.stores.kept_state import async_remove, set_aside
from custom_components.dts307.stores.stored_bill import parse_ledger, parse_totals
from custom_components.dts307.stores.stored_counters import parse_counters
from tests.integration.bills import start
from tests.integration.disk import FILES, Disk
from tests.integration.home import let_pass
from tests.integration.scenarios import VERSION_0_1_0, Scenario, shown
from tests.meter.ledgers import NEW_YORK
from tests.meter.readings import reading_with

SCENARIO: Final = "two-months"
"""It has something of everything that is stored, except evidence of a direction."""

LOST: Final = {
    "counters": "energy counters",
    "direction": "sign of power",
    "states": "alarms",
    "ledger": "past midnights",
    "totals": "peak demands",
}
"""What the log has to say of a file."""

type Spoil = Callable[[str], str]


def put(*place: str | int, value: Any) -> Spoil:
    """Return what puts something odd into some place of a file; ``...`` deletes what is there."""

    def spoil(text: str) -> str:
        content = json.loads(text)
        container = content
        for key in place[:-1]:
            container = container[key]
        if value is ...:
            del container[place[-1]]
        else:
            container[place[-1]] = value
        return json.dumps(content)

    return spoil


WHOLE: Final[dict[str, Spoil]] = {
    "cut off": lambda text: text[: len(text) // 2],
    "empty": lambda _: "",
    "zeros": lambda text: "\0" * len(text),
    "no object": lambda _: "{}",
    "null": lambda _: "null",
    "a list": lambda _: "[]",
    "a text": lambda _: '"x"',
    "NaN": lambda text: text.replace("1777167012.0", "NaN").replace('"lead": 0', '"lead": NaN'),
    "too large": lambda text: text.replace("1777167012.0", "1e999").replace(": 0,", ": 1e999,"),
    "a later version": put("version", value=2),
    "an odd version": put("version", value="x"),
    "no version": put("version", value=...),
    "no data": put("data", value=...),
    "null within": put("data", value=None),
    "a list within": put("data", value=[]),
    "a text within": put("data", value="x"),
    "nothing within": put("data", value={}),
}

POWER_CUTS: Final = ("cut off", "empty", "zeros")

TOTAL: Final = ("data", "counters", "energy_imported.total")
DEEP: Final[list[tuple[str, Spoil]]] = [
    ("counters", put("data", "latest", value="yes")),
    ("counters", put("data", "latest", value=...)),
    ("counters", put("data", "counters", value=[])),
    ("counters", put(*TOTAL, value=None)),
    ("counters", put(*TOTAL, "row", value="text")),
    ("counters", put(*TOTAL, "row", value=...)),
    ("counters", put(*TOTAL, "base", value=True)),
    ("counters", put(*TOTAL, "trusted", value=[])),
    ("counters", put(*TOTAL, "trusted", "last", "value", value="5")),
    ("counters", put(*TOTAL, "trusted", "last", "value", value=None)),
    ("counters", put(*TOTAL, "trusted", "last", "value", value=1e300)),
    ("counters", put(*TOTAL, "trusted", "last", "at", value=-1)),
    ("counters", put(*TOTAL, "trusted", "last", "at", value=1e15)),
    ("counters", put(*TOTAL, "trusted", "offset", value=...)),
    ("direction", put("data", "direction", value="sideways")),
    ("direction", put("data", "direction", value=...)),
    ("direction", put("data", "lead", value="3")),
    ("direction", put("data", "lead", value=1.5)),
    ("direction", put("data", "suspect_phases", value="abc")),
    ("direction", put("data", "suspect_phases", value=["z"])),
    ("direction", put("data", "opposition", value={"a": None})),
    ("direction", put("data", "flowing", value={"a": 1000})),
    ("direction", put("data", "senses", "a", value="down")),
    ("direction", put("data", "senses", value=[True])),
    ("states", put("data", "options", value=[])),
    ("states", put("data", "on", value=[["exporting"]])),
    ("states", put("data", "on", value=[["exporting", "z"]])),
    ("states", put("data", "on", value="exporting")),
    ("states", put("data", "seen", value="now")),
    ("states", put("data", "detection", value=None)),
    ("states", put("data", "detection", "service", 1, value=0)),
    ("states", put("data", "detection", "service", 0, value="power")),
    ("states", put("data", "detection", "phases", value={})),
    ("states", put("data", "detection", "interrupted", value=1)),
    ("ledger", put("data", "tracks", value=[])),
    ("ledger", put("data", "tracks", "imported", value=[])),
    ("ledger", put("data", "tracks", "imported", 3, value=[1.0])),
    ("ledger", put("data", "tracks", "imported", 3, value=[1.0, 2.0])),
    ("ledger", put("data", "tracks", "imported", 3, 1, value="5")),
    ("ledger", put("data", "behind", value=...)),
    ("ledger", put("data", "meters", value=[])),
    ("ledger", put("data", "meters", 0, value="meter")),
    ("ledger", put("data", "opened", value=None)),
    ("ledger", put("data", "credit", "value", value=None)),
    ("ledger", put("data", "credit", "estimated", value="no")),
    ("totals", put("data", "points", "imported", value=[1.0, None])),
    ("totals", put("data", "points", "imported", value="ab")),
    ("totals", put("data", "serial_number", value=5)),
    ("totals", put("data", "demand", value=...)),
    ("totals", put("data", "demand", "window", value="15 min")),
    ("totals", put("data", "demand", "window", value=0)),
    ("totals", put("data", "demand", "window", value=-900)),
    ("totals", put("data", "demand", "window", value=7000)),
    ("totals", put("data", "demand", "running", value=[])),
    ("totals", put("data", "demand", "peaks", 0, value=5)),
    ("totals", put("data", "demand", "peaks", 0, "power", value=...)),
]


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the errors in the log, and the warnings about storage."""
    return [
        record
        for record in caplog.records
        if record.levelno >= logging.ERROR
        or (record.levelno == logging.WARNING and "storage" in record.name)
    ]


def assert_told(
    caplog: pytest.LogCaptureFixture, entry: MockConfigEntry, file: str, where: Path
) -> None:
    """See that one line says what is lost, of which meter, and where the old content is."""
    (record,) = errors(caplog)
    assert record.levelno == logging.ERROR
    assert record.exc_info is None
    message = record.getMessage()
    assert message.startswith(f"{entry.title} has lost ")
    assert LOST[file] in message
    assert str(where) in message
    assert "\n" not in message


@pytest.mark.usefixtures("real_disk")
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", WHOLE)
async def test_a_file_that_cannot_be_read_is_set_aside(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, file: str, damage: str
) -> None:
    """The others are loaded, and all are written again."""
    scenario = Scenario(SCENARIO)
    entry = scenario.entry({})
    entry.add_to_hass(hass)
    disk = Disk(hass, entry)
    disk.take_over(scenario.folder)
    spoiled = WHOLE[damage](disk.path(file).read_text())
    disk.path(file).write_text(spoiled)
    caplog.clear()
    store = MeterStore(hass, entry, MeterOptions.parse(entry.options))
    await store.async_load()
    aside = disk.path(f"{file}.unreadable")
    assert aside.read_text() == spoiled
    assert_told(caplog, entry, file, aside)
    assert not ir.async_get(hass).issues
    await store.async_finish()
    assert disk.names == {*FILES, f"{file}.unreadable"}
    await MeterStore(hass, entry, MeterOptions.parse(entry.options)).async_load()
    assert len(errors(caplog)) == 1


@pytest.mark.parametrize(("file", "spoil"), DEEP)
def test_a_file_with_a_wrong_value_is_refused(file: str, spoil: Spoil) -> None:
    text = (VERSION_0_1_0 / SCENARIO / f"{file}.json").read_text()
    PARSERS[file](json.loads(text)["data"])
    with pytest.raises((vol.Invalid, ValueError)):
        PARSERS[file](json.loads(spoil(text))["data"])


@pytest.mark.usefixtures("real_disk")
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", [*POWER_CUTS, "a wrong value"])
async def test_the_meter_works_without_a_file(  # noqa: PLR0913 - fixtures
    *,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    file: str,
    damage: str,
) -> None:
    """It shows the totals that it has shown, and nothing more is said after a restart."""
    spoil = WHOLE.get(damage) or next(spoil for name, spoil in DEEP if name == file)
    scenario = Scenario(SCENARIO)
    async with scenario.begun(hass, freezer, monkeypatch) as (entry, disk):
        disk.path(file).write_text(spoil(disk.path(file).read_text()))
        caplog.clear()
        await start(hass, entry)
        assert entry.state is ConfigEntryState.LOADED
        assert_told(caplog, entry, file, disk.path(f"{file}.unreadable"))
        # The totals are in two files; it takes the loss of both to lose them.
        expected = scenario.expected["after_setup"]["states"]
        states = shown(hass, entry)
        for key in ("sensor.energy_imported", "sensor.energy_exported"):
            assert states[key]["state"] == expected[key]["state"]

        freezer.tick(6)
        await let_pass(hass)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry.state is ConfigEntryState.LOADED
        assert len(errors(caplog)) == 1
        assert await hass.config_entries.async_remove(entry.entry_id)
        assert not disk.names


@pytest.mark.usefixtures("real_disk")
async def test_each_file_that_cannot_be_read_is_kept(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A second one does not overwrite the first, and all go with the entry."""
    scenario = Scenario(SCENARIO)
    entry = scenario.entry({})
    entry.add_to_hass(hass)
    disk = Disk(hass, entry)
    disk.take_over(scenario.folder)
    for spoiled in ("first", "second", "third"):
        disk.path("states").write_text(spoiled)
        caplog.clear()
        store = MeterStore(hass, entry, MeterOptions.parse(entry.options))
        await store.async_load()
        await store.async_finish()
        (aside,) = (name for name in disk.names if disk.path(name).read_text() == spoiled)
        assert_told(caplog, entry, "states", disk.path(aside))
    aside_files = {name for name in disk.names if "unreadable" in name}
    assert aside_files == {"states.unreadable", "states.unreadable.2", "states.unreadable.3"}
    assert {disk.path(name).read_text() for name in aside_files} == {"first", "second", "third"}
    await async_remove(hass, entry, "states")
    assert not {name for name in disk.names if name.startswith("states")}


def test_a_file_that_cannot_be_moved(tmp_path: Path) -> None:
    """The log names its path, which stays the same."""
    assert set_aside(tmp_path / "states") == tmp_path / "states"


@pytest.mark.usefixtures("real_disk")
async def test_what_cannot_even_be_opened(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Such as a folder in the place of a file."""
    async with Scenario(SCENARIO).begun(hass, freezer, monkeypatch) as (entry, disk):
        disk.path("ledger").unlink()
        disk.path("ledger").mkdir()
        caplog.clear()
        await start(hass, entry)
        assert entry.state is ConfigEntryState.LOADED
        assert_told(caplog, entry, "ledger", disk.path("ledger.unreadable"))


@pytest.mark.usefixtures("real_disk")
async def test_all_files_at_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Then the meter is as new; what Home Assistant set aside itself goes with the entry."""
    async with Scenario(SCENARIO).begun(hass, freezer, monkeypatch) as (entry, disk):
        for file in FILES:
            disk.path(file).write_text("")
        disk.path("ledger.corrupt.2026-04-01").write_text("")
        caplog.clear()
        await start(hass, entry)
        assert entry.state is ConfigEntryState.LOADED
        assert len(errors(caplog)) == len(FILES)
        assert shown(hass, entry)["sensor.energy_imported"]["state"] == "6375.919"
        assert await hass.config_entries.async_remove(entry.entry_id)
        assert not disk.names


def with_unknown_keys(content: Any) -> Any:
    """Return JSON with keys that a later version has added, at every depth."""
    if isinstance(content, list):
        return [with_unknown_keys(value) for value in content]
    if not isinstance(content, dict):
        return content
    known = {key: with_unknown_keys(value) for key, value in content.items()}
    return {**known, "new": {"new": [1]}}


@pytest.mark.usefixtures("real_disk")
@pytest.mark.parametrize("name", ["export-positive", "rival-row", SCENARIO, "clock-set-back"])
async def test_a_later_minor_version(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """It may have added whatever it likes, before the owner went back to this one."""
    scenario = Scenario(name)
    async with scenario.begun(hass, freezer, monkeypatch) as (entry, disk):
        for file in FILES:
            data = with_unknown_keys(disk.content(file))
            if file == "states":
                data["on"].append(["new", "total"])
            disk.write(file, data, minor_version=7, new=1)
        caplog.clear()
        await start(hass, entry)
        assert not errors(caplog)
        expected = scenario.expected["after_setup"]["states"]
        states = shown(hass, entry)
        assert {key: states[key]["state"] for key in expected} == {
            key: state["state"] for key, state in expected.items()
        }


def places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Go through all that JSON holds, as containers and keys."""
    if isinstance(content, dict | list):
        for key in list(content) if isinstance(content, dict) else range(len(content)):
            yield content, key
            yield from places(content[key])


ODD: Final[list[Any]] = [
    *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**63, -1e300, 1e300, 1e12, 1e-300, 0.0),
    *("", "x", "5", "nan", "a", "exporting", [], {}, [1], [[1]], [1.0, 2.0], {"a": 1}),
]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def mutated(draw: Callable[[Any], Any], content: Any) -> Any:
    """Return what was stored with one thing changed, renamed, repeated or missing."""
    content = deepcopy({"data": content})
    container, key = draw(st.sampled_from(list(places(content))))
    match draw(st.sampled_from(["change", "any", "delete", "rename", "repeat"])):
        case "change":
            container[key] = draw(st.sampled_from(ODD))
        case "any":
            container[key] = draw(JSON)
        case "delete":
            del container[key]
        case "rename" if isinstance(container, dict):
            container[draw(st.text())] = container.pop(key)
        case _:
            container[key] = [container[key], container[key]]
    return content.get("data")


STORED: Final = {
    file: [
        json.loads(path.read_text())["data"]
        for path in sorted(VERSION_0_1_0.glob(f"*/{file}.json"))
        if path.parent.name
        in {"rival-row", "unsigned", "export-positive", "alarms-on", "solar", "clock-set-back"}
    ]
    for file in FILES
}
"""Small files that hold something of everything."""

STORED["counters"].append(
    STORED["counters"][0]
    | {
        "refresh_period": 300.0,
        "held_values": {"digest": "8d0c", "at": 1781150400.0, "earliest": 1781150100.0},
    }
)
STORED["totals"].append(
    STORED["totals"][0]
    | {
        "run": {
            "boot": "5a1d",
            "clock": {
                "wall": 1781150410.0,
                "elapsed": 70.0,
                "now": 1781150410.0,
                "begun": 1781150340.0,
                "steady_since": 0.0,
                "stepped": 0.0,
            },
            "doubted": False,
            "pending": [
                {
                    "samples": {
                        "seen": [1781150400.0, 0.0],
                        "imported": [1781150395.0, 5_000_100.0],
                    },
                    "power": 1200.0,
                    "resolution": 1.0,
                },
                {"samples": {"seen": [1781150410.0, 0.0]}, "power": 0.0, "resolution": 1.0},
            ],
        }
    }
)

SERVICE: Final = MeterOptions.parse({"ct_rating": 100.0})
BEGUN: Final = datetime.fromisoformat("2026-06-10T23:59:58-04:00").timestamp()


def readings() -> Iterator[tuple[float, Reading]]:
    """Go through some readings around a midnight, of a house that feeds in at last."""
    for second in range(0, 60, 10):
        counted = PerPhase(total=5_000_300.0 + second, a=1000.0 + second)
        yield (
            BEGUN + second,
            reading_with(
                energy_imported=counted,
                energy_exported=PerPhase(total=70_000.0 + second, a=2.0**31 + second),
                energy_resolution=1.0,
                power=PerPhase(total=3000.0 - 100 * second, a=1000.0, b=1000.0, c=-500.0),
                reactive_power=PerPhase(total=100.0),
                power_factor=PerPhase(total=0.9),
                current=PerPhase(total=30.0, a=10.0, b=10.0, c=150.0),
                voltage_line_to_neutral=PerPhase(total=120.0, a=120.0, b=127.0, c=0.0),
                frequency=60.0,
                whole=True,
            ),
        )


def assert_finite(*quantities: PerPhase) -> None:
    """See that there is nothing but numbers."""
    for quantity in quantities:
        for part in (quantity.total, quantity.a, quantity.b, quantity.c):
            assert part is None or math.isfinite(part)


SIGHT: Final = FirstSight(
    serial_number="NEW",
    at=BEGUN,
    registers={"energy_imported.total": 5.0, "energy_exported.total": 1e9},
    possible_power=1.0,
)


def use_counters(stored: Any) -> None:
    """Go on from a file of counters."""
    counters = parse_counters(stored)
    filters, sight = counters.filters, counters.first_sight
    refresh = RefreshCadence(period=counters.refresh_period, restored=counters.held_values)
    for now, reading in readings():
        refresh = refresh.after(reading, now)
        filters, checked = validated(filters, reading, now, 100.0, refresh.held)
        assert_finite(checked.energy_imported, checked.energy_exported)
        register_reads(filters)
        questions(filters)
        for answer in CounterAnswer:
            answered(filters, answer, reading, 100.0)
    sight = sight or replace(SIGHT, at=now)
    assert sight.can_have_begun_at_zero(filters) in {False, True}
    carried = sight.continued(filters, from_zero=True)
    assert_finite(validated(carried, reading, now, 100.0)[1].energy_imported)
    kept = {"latest": True, "counters": {}, "first_sight": sight.as_dict()}
    assert parse_counters(json.loads(json.dumps(kept))).first_sight == sight


def use_installation(stored: Any) -> None:
    """Go on from a file of evidence."""
    state, directions, swapped = parse_installation(stored)
    for now, reading in readings():
        swapped = swapped.after(reading, now, dark=True)
        directions, upwards = with_exports_counting_up(directions, reading)
        state = observe(state, upwards, now, dark=now < BEGUN + 30)
        turned = with_import_positive(upwards, state.verdict, state.last_counted)
        assert_finite(turned.power, turned.reactive_power, turned.power_factor)
        assert parse_installation({**state.as_dict(), "senses": {}})[0].lead == state.lead


def use_alarms(stored: Any) -> None:
    """Go on from a file of alarms."""
    memory = parse_alarms(stored, SERVICE.alarms)
    for now, reading in readings():
        memory, _ = states_after(memory, reading, SERVICE.alarms, now, 15.0)


def use_ledger(stored: Any) -> None:
    """Go on from a ledger."""
    assert_billed(parse_ledger(stored))


def use_totals(stored: Any) -> None:
    """Go on from the latest totals, and the demand."""
    totals = parse_totals(stored)
    window = totals.demand.window
    new = Books(ledger=Ledger(), demand=DemandRecord(window=window), serial_number="S307")
    for is_same_run in (True, False):
        run_books = totals.added_to(new, NEW_YORK, is_same_run=is_same_run)
        if totals.run is not None:
            run_books = run_books.resumed(RunClock.from_dict(totals.run["clock"]), NEW_YORK)
        assert_billed(run_books.settled.ledger)
        assert_billed(run_books.current.ledger)
    ledger, record = run_books.current.ledger, run_books.current.demand
    filters = parse_counters(STORED["counters"][0]).filters
    for _, reading in readings():
        books = Books(ledger=ledger, demand=record, serial_number="S307")
        clock = RunClock.starting(BEGUN, BEGUN)
        entry = BookEntry.of(reading, register_reads(filters), clock, 1.0)
        record = books.with_entry(entry, clock, NEW_YORK).demand
    demand(record, billing(ledger, NEW_YORK, 1))
    record.as_dict()


def assert_billed(ledger: Ledger) -> None:
    """See that there is a bill, with nothing but numbers."""
    filters = parse_counters(STORED["counters"][0]).filters
    for now, reading in readings():
        filters, checked = validated(filters, reading, now, 100.0)
        clock = RunClock.starting(now, now)
        entry = BookEntry.of(checked, register_reads(filters), clock, 1.0)
        ledger = ledger.after(entry.dated(clock), "S307", NEW_YORK)
        bill = billing(ledger, NEW_YORK, 12)
        assert bill.this_period is not None
        for counted in (bill.this_period.imported, bill.this_period.net):
            assert counted is None or math.isfinite(counted.energy.value)
    ledger.compacted(NEW_YORK, 12)
    assert parse_ledger(json.loads(json.dumps(ledger_as_dict(ledger), allow_nan=False))) == ledger


USES: Final[dict[str, Callable[[Any], None]]] = {
    "counters": use_counters,
    "direction": use_installation,
    "states": use_alarms,
    "ledger": use_ledger,
    "totals": use_totals,
}


@pytest.mark.parametrize("file", FILES)
def test_what_is_stored_can_be_used(file: str) -> None:
    """So the property below is one of files that are loaded, too."""
    for stored in STORED[file]:
        USES[file](stored)


@pytest.mark.parametrize("file", FILES)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_file_is_refused_or_can_be_used(file: str, data: st.DataObject) -> None:
    """There is no third way, such as to fail at each poll from then on."""
    stored = mutated(data.draw, data.draw(st.sampled_from(STORED[file])))
    try:
        USES[file](stored)
    except vol.Invalid, ValueError:
        with pytest.raises((vol.Invalid, ValueError)):
            PARSERS[file](stored)


PARSERS: Final[dict[str, Callable[[Any], object]]] = {
    "counters": parse_counters,
    "direction": parse_installation,
    "states": lambda stored: parse_alarms(stored, SERVICE.alarms),
    "ledger": parse_ledger,
    "totals": parse_totals,
}


@pytest.mark.usefixtures("real_disk")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["rival-row", "unsigned", "alarms-on"])
async def test_any_change_of_any_file(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """The entry is set up, shows numbers or nothing, and says at most one line of a file."""
    chance = random.Random(name)  # noqa: S311 - the same changes each time
    async with Scenario(name).begun(hass, freezer, monkeypatch) as (entry, disk):
        files = disk.copied()
        for _ in range(40):
            disk.restore(files)
            file = chance.choice(FILES)
            content = json.loads(disk.path(file).read_text())
            container, key = chance.choice(list(places(content)))
            container[key] = chance.choice(ODD)
            disk.path(file).write_text(json.dumps(content))
            caplog.clear()
            await start(hass, entry)
            assert entry.state is ConfigEntryState.LOADED
            await let_pass(hass)
            assert len(errors(caplog)) <= 1
            assert entry.runtime_data.last_update_success
            for key, state in shown(hass, entry).items():
                assert state["state"] not in {"nan", "inf", "-inf"}, key
            assert await hass.config_entries.async_unload(entry.entry_id)


def test_disk_names_are_those_of_the_scenarios() -> None:
    """A new file has to be added to FILES, so that the tests damage it, too."""
    found = {path.stem for path in VERSION_0_1_0.glob("*/*.json")}
    assert found - {"config_entry", "expected", "registry"} == set(FILES)
