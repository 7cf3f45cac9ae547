"""The live screen against meters on real lines, polled in turns and seen as text."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from html import unescape
from pathlib import Path
import re
from typing import Any

from textual.pilot import Pilot

from dts307.observer import Observer, alarm_options
from dts307.target import parse_target
from dts307.watch.app import WatchApp
from dts307.watch.command import meter_polls
from dts307.watch.csv_log import CsvLog
from simulator.server import PtyLine, TcpLine
from tests.lines import SPEED

_SPAN = re.compile(r'<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>')


@dataclass
class Turns:
    """Lets the meters be polled once at a time."""

    meters: int
    seconds: float = 0.0
    """s that the latest pause was meant to take"""
    _paused: int = 0
    _all_paused: asyncio.Event = field(default_factory=asyncio.Event)
    _go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def pause(self, seconds: float) -> None:
        """Wait in the place of the time between two polls."""
        self.seconds = seconds
        self._paused += 1
        if self._paused == self.meters:
            self._all_paused.set()
        await self._go_on.wait()

    async def polled(self) -> None:
        """Wait until each meter was polled."""
        await self._all_paused.wait()

    async def next(self) -> None:
        """Let each meter be polled once more."""
        self._paused = 0
        self._all_paused.clear()
        go_on, self._go_on = self._go_on, asyncio.Event()
        go_on.set()
        await self.polled()


@dataclass
class Screen:
    """A live screen, and who drives it."""

    app: WatchApp
    log: CsvLog
    pilot: Pilot[None]
    turns: Turns
    folder: Path
    time: datetime

    async def press(self, key: str) -> None:
        """Press a key."""
        await self.pilot.press(key)

    async def poll(self) -> None:
        """Let each meter be polled once more, and the screen be drawn."""
        await self.turns.next()
        await self.pilot.pause()

    def fill_disk(self) -> None:
        """Let the next row of the log find the disk full."""
        full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - the log closes it
        file, self.log._file = self.log._file, full  # noqa: SLF001
        assert file is not None
        file.close()

    @property
    def svg(self) -> str:
        """The screen as a picture."""
        return self.app.export_screenshot(title="dts307 watch")

    @property
    def text(self) -> str:
        """The screen as lines of text."""
        rows: dict[float, list[tuple[float, str]]] = defaultdict(list)
        for x, y, content in _SPAN.findall(self.svg):
            rows[float(y)].append((float(x), unescape(content).replace("\xa0", " ")))
        return "\n".join(
            "".join(part for _, part in sorted(row)) for _, row in sorted(rows.items())
        )


@asynccontextmanager
async def screen(  # noqa: PLR0913 - they are independent of each other
    line: TcpLine | PtyLine,
    *units: int,
    folder: Path,
    size: tuple[int, int] = (80, 24),
    ct_rating: float | None = None,
    flashing: bool = False,
    inverted: bool = False,
) -> AsyncIterator[Screen]:
    """Watch the meters on a line; each has been polled once."""
    numbers = units or (100,)
    where = line.path if isinstance(line, PtyLine) else f"{line.host}:{line.port}"
    targets = [parse_target(where, number, SPEED) for number in numbers]
    async with AsyncExitStack() as stack:
        time = datetime(2026, 6, 1, 12, 0, 5)  # noqa: DTZ001 - local time
        seen: dict[str, Any] = {}
        polls = await meter_polls(
            stack,
            targets,
            1.0,
            partial(Observer, alarm_options(ct_rating), inverted=inverted),
            now=lambda: seen["screen"].time,
        )
        log = CsvLog(folder)
        turns = Turns(len(polls))
        app = WatchApp(
            polls,
            "192.168.1.50",
            log=log,
            now=lambda: seen["screen"].time,
            pause=turns.pause,
            flashing=flashing,
        )
        pilot: Pilot[None]
        async with app.run_test(size=size, notifications=True) as pilot:
            seen["screen"] = Screen(app, log, pilot, turns, folder, time)
            await turns.polled()
            await pilot.pause()
            yield seen["screen"]
