"""The live screen of `dts307 watch`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import ClassVar, Final, override

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import HorizontalScroll
from textual.events import Resize
from textual.widgets import Footer, Static

from dts307.exit_codes import ExitCode
from dts307.observer import Observation

from .csv_log import CsvLog
from .panel import NARROWEST, MeterPanel
from .poll import MeterPoll

_FRAME: Final = 0.1
"""s between two pictures of the flashing lights"""


class WatchApp(App[None]):
    """Several meters side by side, each in a panel."""

    TITLE = "dts307 watch"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        ("p", "pause", "Pause"),
        ("l", "log", "Log to CSV"),
        ("q", "quit", "Quit"),
        Binding("up", "scroll_panels(-1)", show=False),
        Binding("down", "scroll_panels(1)", show=False),
        Binding("pageup", "scroll_panels(-10)", show=False),
        Binding("pagedown", "scroll_panels(10)", show=False),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    #top {
        height: 1; background: $primary-muted; padding: 0 1;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    """

    def __init__(  # noqa: PLR0913 - tests drive the clocks
        self,
        polls: Sequence[MeterPoll],
        where: str,
        *,
        log: CsvLog,
        now: Callable[[], datetime] = datetime.now,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        flashing: bool = True,
    ) -> None:
        """Show the meters of ``polls``, which are at ``where``.

        ``now`` returns local time, and ``pause`` waits between two polls. Without ``flashing`` the
        lights stand still.
        """
        super().__init__()
        self._polls = polls
        self._where = where
        self._file = log
        self._now = now
        self._pause = pause
        self._flashing = flashing
        self._paused_at: datetime | None = None

    @override
    def compose(self) -> ComposeResult:
        yield Static(id="top")
        with HorizontalScroll():
            for poll in self._polls:
                yield MeterPanel(poll.view())
        yield Footer()

    def on_mount(self) -> None:
        """Begin to poll, once there is something to show it on."""
        for place, poll in enumerate(self._polls):
            self.run_worker(self._run(poll), name=f"poll {place}")
        if self._flashing:
            self.set_interval(_FRAME, self._tick)
        self.call_after_refresh(self.show)

    def on_resize(self, event: Resize) -> None:
        """Share the width among the panels; what does not fit is reached by scrolling."""
        width = max(NARROWEST, event.size.width // len(self._polls))
        for panel in self.query(MeterPanel):
            panel.styles.width = width

    def action_pause(self) -> None:
        """Let the screen stand, or go on; the meters are still read and logged meanwhile."""
        self._paused_at = None if self._paused_at else self._now()
        self.show()

    def action_log(self) -> None:
        """Begin to write each reading into a file, or end that."""
        try:
            self._file.switch(self._now())
        except OSError as err:
            self.notify(f"The file cannot be written: {err}", severity="error")
        self.show()

    def action_scroll_panels(self, rows: int) -> None:
        """Scroll the numbers of all panels, on a screen that is too low for them."""
        for panel in self.query(MeterPanel):
            panel.scroll_numbers(rows)

    def action_interrupt(self) -> None:
        """End as programs do that are ended with Ctrl-C."""
        self.exit(return_code=ExitCode.INTERRUPTED)

    def on_unmount(self) -> None:
        """End the log with the screen."""
        self._file.close()

    def show(self) -> None:
        """Show what is known now, unless the screen is paused."""
        self.query_one("#top", Static).update(self._top())
        if self._paused_at is None:
            for panel, poll in zip(self.query(MeterPanel), self._polls, strict=True):
                panel.show(poll.view(), self._seconds())

    async def _run(self, poll: MeterPoll) -> None:
        def on_change(observation: Observation | None) -> None:
            if observation is not None:
                self._write(poll, observation)
            self.show()

        await poll.run(on_change, self._pause)

    def _write(self, poll: MeterPoll, observation: Observation) -> None:
        try:
            self._file.write(self._now(), poll.view(), observation)
        except OSError as err:
            self.notify(f"The log has ended: {err}", severity="error")

    def _tick(self) -> None:
        """Let the lights flash, and let a reading go that has become too old."""
        if self._paused_at is not None:
            return
        for panel, poll in zip(self.query(MeterPanel), self._polls, strict=True):
            panel.tick(poll.view(), self._seconds())

    def _seconds(self) -> float:
        return asyncio.get_running_loop().time() if self._flashing else 0.0

    def _top(self) -> Text:
        # The address comes last, as it is what a narrow screen can spare.
        parts: list[str] = []
        if self._paused_at is not None:
            parts.append(f"PAUSED: shows {self._paused_at:%H:%M:%S}")
        if self._file.path is not None:
            parts.append(f"LOGGING to {self._file.path.name} ({self._file.rows} rows)")
        return Text("  ·  ".join([*parts, f"dts307 watch  {self._where}"]))
