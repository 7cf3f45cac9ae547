"""The command line, as a person and as a script use it."""

import asyncio
from datetime import datetime
import json
from pathlib import Path
import signal
import sys

import pytest

from simulator import Framing, MeterConfig, Role
from simulator.__main__ import configuration, main, meter, parser

from .clients import PATIENCE, SerialClient, TcpClient, read_request, registers

ROOT = Path(__file__).parents[2]


def test_a_meter_in_words() -> None:
    text = (
        "model=211,unit=7,role=solar,site=barn,serial=S-1,product=DTS,version=2.0,ct=100,sets=2,"
        "days=3,TotWhImp=42,missing=A+PhV,base=0,l1=65,settable=1,empty=0x80000000"
    )
    assert meter(text) == MeterConfig(
        model=211,
        unit=7,
        role=Role.SOLAR,
        site="barn",
        serial="S-1",
        product="DTS",
        version="2.0",
        ct_rating=100.0,
        ct_sets=2,
        days_in_service=3,
        counters={"TotWhImp": 42},
        missing=frozenset({"A", "PhV"}),
        base=0,
        identity_length=65,
        settable=True,
        empty_counter=0x80000000,
    )
    assert meter("") == MeterConfig()


def test_options() -> None:
    options = parser().parse_args(
        [
            "--tcp",
            "127.0.0.1:5020",
            "--tcp",
            "[::1]:0",
            "--framing",
            "rtu",
            "--pty",
            "/tty",
            "--serial",
            "/port",
            "--baud",
            "19200",
            "--parity",
            "E",
            "--stop-bits",
            "2",
            "--page",
            "localhost:0",
            "--speed",
            "60",
            "--start",
            "2026-06-22T12:00",
            "--timezone",
            "America/New_York",
            "--volts",
            "230",
            "--hertz",
            "50",
            "--solar",
            "0",
            "--latitude",
            "-30",
            "--seed",
            "1",
            "--meter",
            "unit=9",
        ]
    )
    config = configuration(options)
    assert [(tcp.host, tcp.port, tcp.framing) for tcp in config.tcp] == [
        ("127.0.0.1", 5020, Framing.RTU),
        ("::1", 0, Framing.RTU),
    ]
    assert config.pty is not None
    assert (str(config.pty.link), config.pty.baud) == ("/tty", 19200)
    assert config.serial is not None
    assert (config.serial.baud, config.serial.parity, config.serial.stop_bits) == (19200, "E", 2)
    assert config.start == datetime(2026, 6, 22, 12)  # noqa: DTZ001 - local to the house
    assert str(config.timezone) == "America/New_York"
    assert (config.nominal_voltage, config.nominal_frequency, config.solar_peak) == (230, 50, 0)
    assert [m.unit for m in config.meters] == [9]


def test_by_default_there_are_two_meters_a_year_old() -> None:
    config = configuration(parser().parse_args(["--tcp", "127.0.0.1:0"]))
    assert [(m.model, m.unit, m.role, m.days_in_service) for m in config.meters] == [
        (203, 100, Role.GRID, 365),
        (201, 101, Role.SOLAR, 365),
    ]


def test_noise_is_of_class_05_unless_a_meter_has_another() -> None:
    meters = ["--meter", "unit=1", "--meter", "unit=2,accuracy=1"]
    calm = configuration(parser().parse_args(meters))
    assert ([m.accuracy for m in calm.meters], calm.busy) == ([0, 1], False)
    noisy = configuration(parser().parse_args([*meters, "--noise"]))
    assert ([m.accuracy for m in noisy.meters], noisy.busy) == ([0.5, 1], True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "at least one of"),
        (["--meter", "colour=red"], "colour"),
        (["--meter", "model=200"], "200"),
        (["--meter", "unit=x"], "'x'"),
        (["--meter", "accuracy=6"], "accuracy"),
        (["--tcp", "5020"], "HOST:PORT"),
        (["--timezone", "Mars/Olympus"], "Mars"),
        (["--tcp", "192.168.1.1:0"], "loopback"),
        (["--tcp", "127.0.0.1:0", "--meter", "unit=1", "--meter", "unit=1,serial=x"], "unit 1"),
        (["--tcp", "127.0.0.1:0", "--meter", "TotWhImpPhD=1"], "TotWhImpPhD"),
        (["--serial", "/nowhere"], "/nowhere"),
    ],
)
def test_mistakes_are_explained(
    capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code in {1, 2}
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_it_runs_says_where_and_ends_cleanly(tmp_path: Path, ending: signal.Signals) -> None:
    link = tmp_path / "tty"
    arguments = f"--tcp 127.0.0.1:0 --pty {link} --page 127.0.0.1:0 --meter unit=5 --speed 0"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        *arguments.split(),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            ready = json.loads(await process.stdout.readline())
        assert ready["ready"] is True
        assert ready["pty"] == str(link)
        assert ready["page"].startswith("http://127.0.0.1:")
        async with TcpClient(ready["tcp"][0]["port"]) as client:
            answer = await client.ask(5, read_request(40000, 1), patience=PATIENCE)
            assert registers(answer) == (0x5375,)
        async with SerialClient(ready["pty"]) as client:
            answer = await client.ask(5, read_request(40000, 1), patience=PATIENCE)
            assert registers(answer) == (0x5375,)
    finally:
        process.send_signal(ending)
        async with asyncio.timeout(10):
            out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")
    assert not link.is_symlink()
