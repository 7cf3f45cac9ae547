"""Logging readings to files, over outages."""

import asyncio
import csv
from datetime import datetime
import io
from itertools import pairwise
import json
from pathlib import Path
from typing import override

import pytest
import typer

from dts307.log import keep_logging
from dts307.meter import Reading
from dts307.meter.modbus import LinkTiming
from dts307.options import seconds
from dts307.session import MeterReader, Readings
from dts307.sinks import CsvSink, JsonLinesSink
from dts307.target import parse_target
from simulator import MeterConfig
from tests.command_line.program import run
from tests.command_line.readings import reading_of
from tests.device import Device
from tests.lines import network

HASTY = LinkTiming(response=0.25, patience=0.0)
"""Short timeouts of a clock that stands still while anything is under way."""


@pytest.mark.parametrize(
    ("text", "duration"),
    [("1s", 1), ("500ms", 0.5), ("5 min", 300), ("2m", 120), ("1h", 3600), ("1.5", 1.5)],
)
def test_durations(text: str, duration: float) -> None:
    assert seconds(text) == duration


@pytest.mark.parametrize("text", ["", "s", "-1s", "1d", "10ms", "1s 2s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        seconds(text)


async def test_a_csv_file_is_continued(tmp_path: Path) -> None:
    """With one heading, and the values that JSON has."""
    device = Device(MeterConfig(unit=7, serial="S-42"))
    device.write("W", -1234)
    device.write("W_SF", 0)
    file = tmp_path / "meter.csv"
    async with network(device) as line:
        place = f"{line.host}:{line.port}"
        for _ in range(2):
            ended = await run("log", place, "-u", 7, "--csv", "-o", file, "-n", 1, "--invert")
            assert (ended.code, ended.out, ended.err) == (0, "", "")
        reading = (await run("read", place, "-u", 7, "--json")).json["reading"]
    first, second = csv.DictReader(io.StringIO(file.read_text()))
    assert first | {"time": ""} == second | {"time": ""}
    assert (first["unit_id"], first["serial_number"], first["events"]) == ("7", "S-42", "")
    assert float(first["power_total"]) == 1234
    assert float(first["energy_imported_a"]) == reading["energy_imported"]["a"]
    assert float(first["frequency"]) == reading["frequency"]
    assert first["time"] < second["time"]


async def test_lines_on_standard_output() -> None:
    async with network(Device(MeterConfig(model=201))) as line:
        place = f"{line.host}:{line.port}"
        ended = await run("log", place, "--jsonl", "-n", 2, "--every", "100ms")
        assert ended.code == 0
        first, second = map(json.loads, ended.out.splitlines())
        assert first["power"] == second["power"]
        ended = await run("log", place, "--csv", "-n", 1)
    heading, _ = ended.out.splitlines()
    assert "power_total" in heading
    assert "power_a" not in heading


@pytest.mark.usefixtures("skip_waiting")
async def test_readings_come_at_regular_times_and_outages_are_gaps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    device = Device()
    written = io.StringIO()
    times: list[float] = []

    class Watched(JsonLinesSink):
        """Lets the meter fall silent after three readings, and answer again once that shows."""

        def write(self, at: datetime, reading: Reading) -> None:
            super().write(at, reading)
            times.append(asyncio.get_running_loop().time())
            device.silent = len(times) == 3

        def lost(self) -> None:
            lost.append(asyncio.get_running_loop().call_later(300, mend))

    def mend() -> None:
        device.silent = False

    lost: list[asyncio.TimerHandle] = []
    async with network(device) as line:
        target = parse_target(f"{line.host}:{line.port}")
        await keep_logging(target, Watched(written, 100), 60.0, count=5, timing=HASTY)
    pauses = [after - before for before, after in pairwise(times)]
    assert [pauses[0], pauses[1], pauses[3]] == pytest.approx([60, 60, 60], abs=0.5)
    assert pauses[2] > 300
    assert len(lost) == 1
    assert written.getvalue().count("\n") == 5
    failed, again = capsys.readouterr().err.splitlines()
    assert "The adapter answers, but no meter answers behind it." in failed
    assert "The meter answers again." in again


class SlowReader(MeterReader):
    """Reads a meter whose answers take so many seconds."""

    def __init__(self, *seconds: float) -> None:
        """Have no connection."""
        self._seconds = iter(seconds)

    @override
    async def read(self, *, whole: bool = False) -> Reading:
        await asyncio.sleep(next(self._seconds))
        return reading_of()


@pytest.mark.usefixtures("skip_waiting")
async def test_readings_that_are_late_are_left_out() -> None:
    """The next one comes when it would have come anyway."""
    readings = Readings(SlowReader(1.0, 25.0, 1.0, 1.0), 10.0)
    begun = readings.began
    times = []
    for _ in range(4):
        await readings.next()
        times.append(readings.began - begun)
    assert times == pytest.approx([0, 10, 40, 50], abs=0.5)


@pytest.mark.usefixtures("skip_waiting")
async def test_a_meter_that_does_not_answer_from_the_beginning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Then the command line is probably wrong."""
    device = Device()
    device.silent = True
    written = io.StringIO()
    async with network(device) as line:
        target = parse_target(f"{line.host}:{line.port}")
        with pytest.raises(typer.Exit) as ended:
            await keep_logging(target, CsvSink(written, 100), 1.0, timing=HASTY)
    assert (ended.value.exit_code, written.getvalue()) == (4, "")
    assert "no meter answers behind it" in capsys.readouterr().err


async def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    ended = await run("log", "127.0.0.1:1", "--csv", "-o", tmp_path)
    assert ended.code == 1
    assert ended.err == f"dts307: {tmp_path} cannot be written: Is a directory.\n"


async def test_a_disk_that_is_full() -> None:
    async with network(Device()) as line:
        place = f"{line.host}:{line.port}"
        ended = await run("log", place, "--csv", "-o", "/dev/full", "-n", 1)
    assert ended.code == 1
    assert ended.err == "dts307: /dev/full cannot be written: No space left on device.\n"


@pytest.mark.parametrize("options", ["", "--csv --jsonl", "--csv --mqtt localhost"])
async def test_one_kind_of_log(options: str) -> None:
    ended = await run("log", "127.0.0.1:1", *options.split())
    assert ended.code == 2
    assert "Give one of" in ended.err
