"""The live screen on a real terminal: a pseudo-terminal with a person at the other end."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
import fcntl
import os
from pathlib import Path
import signal
import struct
import subprocess
import sys
import termios
from threading import Event, Thread

import pytest
import typer

from dts307.watch import watch
from tests.device import Device
from tests.lines import network

ROOT = Path(__file__).parents[2]

_SIZE = struct.pack("4H", 24, 80, 0, 0)


@contextmanager
def served(*devices: Device) -> Iterator[str]:
    """Serve devices from another thread, as the program has its own event loop; yield where."""
    places: list[str] = []
    ready, over = Event(), Event()

    async def serve() -> None:
        async with network(*devices) as line:
            places.append(f"{line.host}:{line.port}")
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield places[0]
    finally:
        over.set()
        thread.join()


class Person(Thread):
    """Reads a terminal, and presses a key once a text is there, or ends the program without one."""

    def __init__(self, terminal: int, text: str, key: str) -> None:
        """Sit down in front of the terminal."""
        super().__init__()
        self._terminal, self._text, self._key = terminal, text.encode(), key.encode()
        self.seen = b""

    def run(self) -> None:
        """Read until the text is there, press the key, and read on until the terminal closes."""
        pressed = False
        while True:
            try:
                self.seen += os.read(self._terminal, 4096)
            except OSError:
                return
            if self._text in self.seen and not pressed:
                pressed = True
                if self._key:
                    os.write(self._terminal, self._key)
                else:
                    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Put a terminal of 80 by 24 in the place of the standard streams; yield its other end."""
    other_end, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, _SIZE)
    with monkeypatch.context() as patch, ExitStack() as files:
        patch.setenv("TERM", "xterm-256color")
        for name in ("COLUMNS", "LINES"):
            patch.delenv(name, raising=False)
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            file = files.enter_context(os.fdopen(os.dup(terminal), mode, encoding="utf-8"))
            patch.setattr(sys, name, file)
            patch.setattr(sys, f"__{name}__", file)
        os.close(terminal)
        yield other_end


def test_other_commands_do_not_load_what_draws_the_screen() -> None:
    code = "import sys, dts307.main; sys.exit('textual' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)  # noqa: S603
    assert ended.returncode == 0


@pytest.mark.parametrize(("key", "code"), [("q", 0), ("\x03", 130), ("", 143)])
def test_it_runs_until_it_is_ended(monkeypatch: pytest.MonkeyPatch, key: str, code: int) -> None:
    ended = 0
    with served(Device()) as where:
        with terminal(monkeypatch) as other_end:
            person = Person(other_end, "All is well", key)
            person.start()
            try:
                watch([where])
            except typer.Exit as err:
                ended = err.exit_code
        person.join()
        os.close(other_end)
    assert ended == code
    shown = person.seen.decode(errors="replace")
    assert "DTS 307 · unit 100" in shown
    # The alternate screen, which hides what was there before, is left at the end.
    assert shown.index("\N{ESCAPE}[?1049h") < shown.index("DTS 307")
    assert shown.rindex("\N{ESCAPE}[?1049l") > shown.rindex("DTS 307")
