"""The wheel: built, installed where nothing else is, and used."""

import asyncio
import json
import os
from pathlib import Path
import subprocess
import sys
from zipfile import ZipFile

import pytest

from tests.device import Device
from tests.lines import network

ROOT = Path(__file__).parents[2]


def call(*arguments: object) -> str:
    """Run a command at the root of the checkout, and return what it prints."""
    ended = subprocess.run(  # noqa: S603 - the arguments are those of the test
        list(map(str, arguments)), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in an environment of its own, with the versions that the other tests use.

    They are in uv's cache, where scripts/setup has put them. Without it they are downloaded.
    """
    environment = tmp_path_factory.mktemp("environment")
    call(
        "scripts/uv",
        "venv",
        "--quiet",
        "--no-project",
        "--clear",
        "-p",
        sys.executable,
        environment,
    )
    pinned = ROOT / "requirements/test.txt"
    install = ("pip", "install", "--quiet", "--python", environment, "--constraint", pinned)
    call("scripts/uv", *install, f"{wheel}[mqtt]")
    folder = "Scripts" if os.name == "nt" else "bin"
    return environment / folder / "dts307"


def test_the_wheel_has_the_library_and_the_english_texts(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    assert {"dts307/main.py", "dts307/meter/sunspec/meter.py"} <= names
    assert [name for name in names if "translations" in name] == ["dts307/translations/en.json"]
    assert not any(name.startswith(("custom_components", "tests", "simulator")) for name in names)
    library = {
        path.relative_to(ROOT / "custom_components").as_posix()
        for path in (ROOT / "custom_components/dts307/meter").rglob("*.py")
    }
    assert library == {name for name in names if name.startswith("dts307/meter/")}


async def test_the_installed_program_reads_a_meter(program: Path) -> None:
    assert "Exit codes" in call(program, "--help")
    device = Device()
    async with network(device) as line:
        arguments = ("read", f"{line.host}:{line.port}", "--json")
        printed = await asyncio.to_thread(call, program, *arguments)
    assert json.loads(printed)["identity"]["serial_number"] == device.serial_number
