"""The pictures of docs/command-line.md: taken here, and found stale here once they are not true.

With PICTURES=1 in the environment, all are taken again.
"""

from io import StringIO
import os
from pathlib import Path
import re
from typing import Final

import pytest
from rich.console import Console

from dts307.doctor.command import print_report
from dts307.doctor.examination import examine
from dts307.observer import Observer, alarm_options
from dts307.target import parse_target
from simulator import Faults, House, MeterConfig, Tweak
from simulator.meter import Meter, Site
from tests.command_line.screen import screen
from tests.device import NOON, Device
from tests.lines import network

FOLDER: Final = Path(__file__).parents[2] / "docs/images/command-line"
_LARGEST: Final = 100_000
"""Bytes of a picture"""
_FONTS: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_LINE_CLIPS: Final = re.compile(r'<clipPath id="[^"]*line-\d+">\s*<rect[^>]*/>\s*</clipPath>\s*')
_LINE_CLIP: Final = re.compile(r' clip-path="url\(#[^")]*line-\d+\)"')
_PREFIX: Final = re.compile(r"terminal-\d+-?")


pytestmark = pytest.mark.usefixtures("skip_waiting", "colours")


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """See colours everywhere."""
    monkeypatch.delenv("NO_COLOR", raising=False)


def device(faults: Faults = Faults(), watts: tuple[float, ...] = (), **config: object) -> Device:  # noqa: B008
    """Return a meter in a house with these loads, if they are given."""
    made = Device(MeterConfig(**config))  # type: ignore[arg-type]
    tweaks = [Tweak(extra_watts=each, sun=0.0) for each in watts]
    house = House(tweaks=tuple(tweaks)) if tweaks else House()  # type: ignore[arg-type]
    simulated = Meter(made_config := MeterConfig(**config), Site(house), NOON)  # type: ignore[arg-type]
    simulated.set_faults(faults)
    made.registers = dict(enumerate(simulated.image().registers, start=made_config.base))
    made.delay = 0.024
    return made


def check(svg: str, name: str) -> None:
    """Take a picture for the documents, or see that theirs is still the same."""
    shown = compact(svg)
    assert len(shown.encode()) <= _LARGEST
    path = FOLDER / f"{name}.svg"
    if os.environ.get("PICTURES") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shown, (
        f"{path.name} is not what there is to be seen; "
        "PICTURES=1 scripts/test tests/command_line/test_pictures.py takes it again"
    )


def compact(svg: str) -> str:
    """Return a picture without fonts from elsewhere, and without what does not show."""
    for pattern in (_FONTS, _LINE_CLIPS, _LINE_CLIP):
        svg = pattern.sub("", svg)
    svg = _PREFIX.sub("t", svg).replace("Fira Code", "DejaVu Sans Mono")
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip()) + "\n"


async def test_the_live_screen(tmp_path: Path) -> None:
    meter = device(watts=(8000.0, 2400.0, 4400.0), days_in_service=12)
    async with network(meter) as line, screen(line, folder=tmp_path, ct_rating=100) as watched:
        await watched.poll()
        check(watched.svg, "watch")


async def test_several_meters_one_of_them_lost(tmp_path: Path) -> None:
    meters = (
        device(days_in_service=365),
        device(model=202, unit=101, days_in_service=365),
        device(model=204, unit=102),
    )
    async with (
        network(*meters) as line,
        screen(line, 100, 101, 102, folder=tmp_path, size=(120, 24)) as watched,
    ):
        await watched.poll()
        meters[2].silent = True
        await watched.poll()
        check(watched.svg, "watch-several")


async def test_the_doctor() -> None:
    meter = device(Faults(swapped_cts=True), (2400.0, 2400.0, 150.0))
    async with network(meter) as line:
        report = await examine(
            parse_target(f"{line.host}:{line.port}"),
            Observer(alarm_options(200.0, hold=False)),
            seconds=10,
        )
    report.where = "192.168.1.50"
    console = Console(record=True, width=80, file=StringIO(), force_terminal=True, _environ={})
    console.print("$ dts307 doctor 192.168.1.50 --ct-rating 200")
    print_report(report, console)
    check(console.export_svg(title="dts307 doctor"), "doctor")
