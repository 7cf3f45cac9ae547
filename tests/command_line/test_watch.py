"""The live screen, against real meters."""

import asyncio
import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import typer

from dts307.target import placed_units
from dts307.watch.poll import SHORTEST_PAUSE
from simulator import MeterConfig
from tests.command_line.program import run
from tests.command_line.screen import screen
from tests.device import Device
from tests.lines import network, serial

pytestmark = pytest.mark.usefixtures("skip_waiting")


def device(**config: object) -> Device:
    """Return a meter with powers that are easy to recognize."""
    made = Device(MeterConfig(**config))  # type: ignore[arg-type]
    made.write("W_SF", 0)
    made.write("W", 4321)
    return made


def logged(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the only file in a folder."""
    (path,) = folder.iterdir()
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


async def test_power_has_its_direction_in_words(tmp_path: Path) -> None:
    meter = device()
    async with network(meter) as line, screen(line, folder=tmp_path) as watched:
        assert "Importing  4.32 kW" in watched.text
        meter.write("W", -321)
        await watched.poll()
        assert "Exporting  321 W" in watched.text
        meter.write("W", 0)
        await watched.poll()
        assert "No flow  0 W" in watched.text
        meter.write("W", None)
        for phase in "ABC":
            meter.write(f"Wph{phase}", None)
        await watched.poll()
        assert "The power is not known" in watched.text


async def test_a_sign_that_is_known_is_turned(tmp_path: Path) -> None:
    async with network(device()) as line, screen(line, folder=tmp_path, inverted=True) as watched:
        assert "Exporting  4.32 kW" in watched.text
        assert "turned, as --invert says" in watched.text


async def test_everything_fits_80_by_24(tmp_path: Path) -> None:
    async with (
        network(device(serial="S-42")) as line,
        screen(line, folder=tmp_path, ct_rating=200) as watched,
    ):
        await watched.poll()
        shown = watched.text
    for text in (
        "DTS 307 · unit 100",
        "S/N S-42",
        "STATUS",
        "REMOTE",
        "Importing; level",
        "Current of 200 A per phase",
        "Imported",
        "Exported",
        "No alarm",
        "All is well",
        "100 % of reads answered",
        "VA",
        "IA",
        "Circle:",
        "nominal (120°)",
        "p Pause",
        "l Log to CSV",
        "q Quit",
    ):
        assert text in shown, text


async def test_a_lost_meter_shows_its_reason_and_no_number(tmp_path: Path) -> None:
    lost, other = device(), device(unit=101)
    async with (
        network(lost, other) as line,
        screen(line, 100, 101, folder=tmp_path) as watched,
    ):
        await watched.poll()
        lost.silent = True
        watched.time = watched.time.replace(second=7)
        await watched.poll()
        left, right = watched.app.query("MeterPanel")
        assert left.has_class("lost")
        assert not right.has_class("lost")
        shown = watched.text
        assert "! The adapter works, but the meter" in shown
        assert "Check the" in shown
        assert "last read at 12:00:05" in shown
        assert "read at 12:00:07" in shown
        assert shown.count("4.32 kW") == 1
        lost.silent = False
        await watched.poll()
        assert not left.has_class("lost")
        assert watched.text.count("4.32 kW") == 2


async def test_a_serial_port_is_found_again(tmp_path: Path) -> None:
    meter = device()
    async with (
        serial(meter, link=tmp_path / "tty") as line,
        screen(line, folder=tmp_path) as watched,
    ):
        assert "4.32 kW" in watched.text
        await line.close()
        await watched.poll()
        assert "kW" not in watched.text
        await watched.poll()
        assert "! The serial port does not exist" in watched.text
        await line.open()
        await watched.poll()
        assert "4.32 kW" in watched.text


async def test_another_meter_in_the_same_place_is_not_shown(tmp_path: Path) -> None:
    meter = device(serial="S-1")
    async with network(meter) as line, screen(line, folder=tmp_path) as watched:
        meter.silent = True
        await watched.poll()
        meter.silent = False
        meter.become(MeterConfig(serial="S-2"))
        await watched.poll()
        assert "A meter with another serial number" in watched.text


async def test_a_reading_that_becomes_old_goes_by_itself(tmp_path: Path) -> None:
    async with network(device()) as line, screen(line, folder=tmp_path, flashing=True) as watched:
        await asyncio.sleep(8)
        assert "4.32 kW" in watched.text
        await asyncio.sleep(12)
        shown = watched.text
    assert "! No new reading" in shown
    assert "kW" not in shown


async def test_a_paused_screen_says_from_when_it_is(tmp_path: Path) -> None:
    meter = device()
    async with network(meter) as line, screen(line, folder=tmp_path, flashing=True) as watched:
        await watched.press("p")
        meter.write("W", 1000)
        watched.time = watched.time.replace(minute=5)
        await watched.poll()
        await asyncio.sleep(1)
        assert "PAUSED: shows 12:00:05" in watched.text
        assert "4.32 kW" in watched.text
        await watched.press("p")
        assert "PAUSED" not in watched.text
        assert "1.00 kW" in watched.text


async def test_a_key_logs_each_reading(tmp_path: Path) -> None:
    meters = (device(serial="S-1"), device(unit=101, serial="S-2"))
    async with network(*meters) as line, screen(line, 100, 101, folder=tmp_path) as watched:
        await watched.press("l")
        await watched.poll()
        meters[1].silent = True
        await watched.poll()
        assert "LOGGING to dts307-20260601-120005.csv (3 rows)" in watched.text
        await watched.press("l")
        await watched.poll()
        assert "LOGGING" not in watched.text
    rows = logged(tmp_path)
    assert [row["serial_number"] for row in rows] in (
        ["S-1", "S-2", "S-1"],
        ["S-2", "S-1", "S-1"],
    )
    assert {row["power_total"] for row in rows} == {"4321"}
    assert datetime.fromisoformat(rows[0]["time"]) == watched.time.astimezone()


async def test_another_log_has_its_own_rows(tmp_path: Path) -> None:
    async with network(device()) as line, screen(line, folder=tmp_path) as watched:
        await watched.press("l")
        await watched.poll()
        await watched.press("l")
        watched.time += timedelta(seconds=10)
        await watched.press("l")
        await watched.poll()
        assert "LOGGING to dts307-20260601-120015.csv (1 rows)" in watched.text


async def test_a_narrow_screen_says_that_it_is_paused_and_logs(tmp_path: Path) -> None:
    async with network(device()) as line, screen(line, folder=tmp_path) as watched:
        await watched.press("l")
        await watched.press("p")
        top = watched.text.splitlines()[0]
        assert "PAUSED: shows 12:00:05" in top
        assert "LOGGING to dts307-20260601-120005.csv (0 rows)" in top
        await watched.pilot.resize_terminal(40, 24)
        await watched.pilot.pause()
        assert watched.text.splitlines()[0].rstrip().endswith("…")


async def test_arrow_keys_reach_what_a_low_screen_hides(tmp_path: Path) -> None:
    async with network(device()) as line, screen(line, folder=tmp_path, size=(60, 16)) as watched:
        assert "reads answered" not in watched.text
        for _ in range(20):
            await watched.press("down")
        await watched.pilot.pause()
        assert "reads answered" in watched.text
        await watched.press("pageup")
        await watched.press("pageup")
        await watched.pilot.pause()
        assert "STATUS" in watched.text


async def test_a_log_that_cannot_be_begun_is_explained(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    async with network(device()) as line, screen(line, folder=folder) as watched:
        await watched.press("l")
        await watched.pilot.pause()
        assert "cannot be written" in watched.text
        assert "LOGGING" not in watched.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
async def test_a_full_disk_ends_the_log_and_not_the_screen(tmp_path: Path) -> None:
    async with network(device()) as line, screen(line, folder=tmp_path) as watched:
        await watched.press("l")
        watched.fill_disk()
        await watched.poll()
        assert "The log has ended" in watched.text
        assert "LOGGING" not in watched.text
        assert "4.32 kW" in watched.text


async def test_several_meters_are_side_by_side(tmp_path: Path) -> None:
    meters = (device(), device(model=202, unit=101), device(model=204, unit=102))
    async with (
        network(*meters) as line,
        screen(line, 100, 101, 102, folder=tmp_path, size=(240, 30)) as watched,
    ):
        panels = list(watched.app.query("MeterPanel"))
        assert len({panel.region.y for panel in panels}) == 1
        assert [panel.has_class("wide") for panel in panels] == [True] * 3
        await watched.pilot.resize_terminal(80, 24)
        await watched.pilot.pause()
        assert [panel.has_class("wide") for panel in panels] == [False] * 3
        assert panels[2].region.right > 80  # to be reached by scrolling


async def test_q_quits(tmp_path: Path) -> None:
    async with network(device()) as line, screen(line, folder=tmp_path) as watched:
        await watched.press("l")
        await watched.press("q")
        assert not watched.app.is_running


def test_units_follow_a_hash() -> None:
    assert placed_units("gateway:4196", [100, 101]) == [
        ("gateway:4196", 100),
        ("gateway:4196", 101),
    ]
    assert placed_units("COM3#7,8", [100]) == [("COM3", 7), ("COM3", 8)]
    for text in ("COM3#", "COM3#0", "COM3#1,x", "COM3#248"):
        with pytest.raises(typer.BadParameter):
            placed_units(text, [100])


async def test_it_needs_a_terminal() -> None:
    ended = await run("watch", "192.0.2.1")
    assert ended.code == 2
    assert "needs a terminal" in ended.err


async def test_polls_begin_an_interval_after_each_other(tmp_path: Path) -> None:
    meter = device()
    meter.delay = 0.3
    async with network(meter) as line, screen(line, folder=tmp_path) as watched:
        await watched.poll()
        assert watched.turns.seconds == pytest.approx(0.7, abs=0.05)
        meter.delay = 1.1
        await watched.poll()
        assert watched.turns.seconds == SHORTEST_PAUSE
        meter.silent = True
        await watched.poll()
        assert watched.turns.seconds >= 1.0
