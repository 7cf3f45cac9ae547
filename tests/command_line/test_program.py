"""The program as a process: in a terminal, in a pipe, and ended with Ctrl-C."""

import asyncio
from collections.abc import Iterator
import errno
import io
import os
from pathlib import Path
import signal
import sys
from typing import IO

import pytest
import typer
from typer.main import get_command

from dts307 import main as commands
from dts307.__main__ import main
from dts307.exit_codes import ExitCode, exit_code
from dts307.main import app
from dts307.meter.address import NetworkAdapter, SerialPort
from dts307.meter.errors import (
    HostRefusesError,
    MeterError,
    MeterSilentError,
    NoMeterModelError,
    SpeaksBacnetError,
)
from dts307.output import console
from dts307.program import run as run_command
from dts307.target import bus_text, parse_target
from dts307.texts import failure_text
from tests.command_line.process import ROOT, started
from tests.command_line.program import run
from tests.device import Device
from tests.lines import network


async def test_ctrl_c_ends_a_log_without_a_trace() -> None:
    async with network(Device()) as line:
        arguments = ("log", f"{line.host}:{line.port}", "--jsonl", "--every", "100ms")
        async with started(*arguments) as process:
            assert process.stdout is not None
            async with asyncio.timeout(60):
                assert (await process.stdout.readline()).startswith(b"{")
                process.send_signal(signal.SIGINT)
                _, err = await process.communicate()
    assert (process.returncode, err) == (130, b"")


async def test_a_pipe_that_is_closed_ends_a_log_without_a_trace() -> None:
    async with network(Device()) as line:
        arguments = ("log", f"{line.host}:{line.port}", "--csv", "--every", "100ms")
        async with started(*arguments) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            async with asyncio.timeout(60):
                await process.stdout.readline()
                process.stdout._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001 - as head does
                err = await process.stderr.read()
                await process.wait()
    assert (process.returncode, err) == (1, b"")


@pytest.fixture
def full_disk() -> Iterator[IO[str]]:
    """A file on a disk that is full, as Linux has it."""
    with Path("/dev/full").open("w") as full:
        yield full


@pytest.mark.parametrize("options", [["read"], ["read", "--json"], ["log", "--csv"]])
async def test_a_full_disk_ends_a_command_without_a_trace(
    options: list[str], full_disk: IO[str]
) -> None:
    command, *others = options
    async with network(Device()) as line:
        arguments = (command, f"{line.host}:{line.port}", *others)
        async with started(*arguments, stdout=full_disk) as process:
            _, err = await process.communicate()
    assert process.returncode == 1
    assert err == b"dts307: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
async def test_output_in_an_encoding_that_lacks_characters(encoding: str) -> None:
    """As in a pipe on Windows: a finding is not marked like one that is uncertain."""
    async with started(
        "doctor", "127.0.0.1:1", environment={"PYTHONIOENCODING": encoding}
    ) as process:
        out, err = await process.communicate()
    assert (process.returncode, err) == (7, b"")
    assert b"x The connection cannot be opened" in out


async def test_colours_in_a_pipe_are_a_choice() -> None:
    async with network(Device()) as line:
        place = f"{line.host}:{line.port}"
        for environment, coloured in (({}, False), ({"FORCE_COLOR": "1"}, True)):
            async with started("read", place, environment=environment) as process:
                out, _ = await process.communicate()
            assert (b"\x1b[" in out) is coloured


@pytest.mark.parametrize("command", sorted(get_command(app).commands))  # type: ignore[attr-defined]
async def test_help_has_examples(command: str) -> None:
    ended = await run(command, "--help")
    assert ended.code == 0
    assert f"    dts307 {command} " in ended.out


async def test_help_lists_commands_and_exit_codes() -> None:
    ended = await run("--help")
    assert all(code.text[:30] in ended.out for code in ExitCode)
    assert "set-address" in ended.out
    assert "--install-completion" in ended.out


async def test_the_shell_completes_commands() -> None:
    typed = {
        "_DTS307_COMPLETE": "complete_bash",
        "COMP_WORDS": "dts307 sca",
        "COMP_CWORD": "1",
    }
    async with started(environment=typed) as process:
        out, _ = await process.communicate()
    assert out.split() == [b"scan"]


async def test_without_a_command_there_is_help() -> None:
    ended = await run()
    assert ended.code == 2
    assert "Usage" in ended.out


async def test_the_version() -> None:
    ended = await run("--version")
    assert ended.code == 0
    assert ended.out.startswith("dts307 ")


def test_exit_codes_are_documented() -> None:
    text = (ROOT / "docs/command-line.md").read_text()
    for code in ExitCode:
        assert f"| {code.value} | {code.text} |" in text


def test_exit_codes_of_failures() -> None:
    assert exit_code(HostRefusesError()) is ExitCode.NO_LINK
    assert exit_code(NoMeterModelError()) is ExitCode.NO_METER
    assert exit_code(MeterSilentError()) is ExitCode.NO_ANSWER


def test_texts_of_failures_speak_of_what_is_there() -> None:
    """No text sends the user to Home Assistant, and none has something left to fill in."""
    buses = (
        SerialPort(device="COM3", baudrate=19200),
        SerialPort(device="rfc2217://gateway"),
        NetworkAdapter(host="gateway"),
    )
    kinds = [MeterError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    texts = {failure_text(kind(), bus) for kind in kinds[1:] for bus in buses}
    assert len(texts) > 20
    for text in texts:
        assert "{" not in text
        assert "Home Assistant is" not in text
        assert "select the port" not in text
        assert "configuration.yaml" not in text
    assert "at 19200 baud" in failure_text(SpeaksBacnetError(), buses[0])


@pytest.mark.parametrize(
    ("where", "bus"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("./tty", "./tty"),
        ("COM12", "COM12"),
        (r"\\.\COM12", r"\\.\COM12"),
        ("rfc2217://host:1", "rfc2217://host:1"),
        ("gateway", "gateway:502"),
        ("10.0.0.1:1502", "10.0.0.1:1502"),
        ("fe80::1", "[fe80::1]:502"),
        ("[fe80::1]:1502", "[fe80::1]:1502"),
    ],
)
def test_ports_and_hosts(where: str, bus: str) -> None:
    assert bus_text(parse_target(where).bus) == bus


@pytest.mark.parametrize("where", ["", "a b", "host:port", "host:0", "host:65536", "host/path"])
async def test_what_is_neither(where: str) -> None:
    ended = await run("read", where)
    assert (ended.code, ended.out) == (2, "")


def test_ctrl_c_within_a_command() -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as ended:
        run_command(interrupted())
    assert ended.value.exit_code == 130


def test_ctrl_c_before_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "app", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


def test_the_entry_point(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dts307", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("dts307 ")


def test_an_output_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    discarded: list[int] = []
    monkeypatch.setattr(commands, "app", full)
    monkeypatch.setattr(os, "dup2", lambda _, output: discarded.append(output))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == "dts307: The output cannot be written: No space left on device."
    assert discarded == [1]


@pytest.mark.parametrize(("columns", "width"), [(40, 80), (80, 80), (120, 120)])
def test_no_number_is_cut_in_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert console().width == width
