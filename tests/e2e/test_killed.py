"""Home Assistant killed at bad moments, with energy going through the meters while it is down.

What is judged at the end is the history of states, which never falls, and the sums that the
recorder makes of it. It does so only every five minutes; but of what was recorded before a start,
it makes all sums at once. So in the end all that is recorded is made some hours older, as if Home
Assistant had been off for so long.
"""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import signal
from typing import override

import pytest

from scripts.dev.client import Client, HomeAssistantError, signed_in, wait_for
from scripts.dev.flows import add_entry, set_options
from scripts.dev.homeassistant import RunningHomeAssistant, running_home_assistant
from scripts.dev.processes import LOOPBACK, free_port
from simulator import MeterConfig, PtyConfig, Simulator, SimulatorConfig
from simulator.leds import SignalTimes
from simulator.meter import Meter

from .recorder import booked, grow_older, history
from .truth import expected_states, shown_states

COUNTERS = ("energy_imported", "energy_exported")
SECONDS_TO_RECOVER = 20


class Tripwire(SignalTimes):
    """Kills Home Assistant at the very moment when the meter is asked, or when it answers."""

    def __init__(self, started: RunningHomeAssistant, *, at_answer: bool) -> None:
        """Lie in wait for the next request or, ``at_answer``, for the reply to it."""
        super().__init__()
        self._started = started
        self._at_answer = at_answer

    @override
    def receive(self, now: float) -> None:
        super().receive(now)
        if not self._at_answer:
            kill(self._started)

    @override
    def transmit(self, now: float) -> None:
        super().transmit(now)
        if self._at_answer:
            kill(self._started)


async def test_a_meter_on_the_network(simulator: Simulator, tmp_path: Path) -> None:
    """Killed at five moments, the first of them before much was written down."""
    moments = (
        as_soon_as_written_down("core.config_entries"),
        a_poll_has_moved_the_counters,
        asking_the_meter,
        the_meter_has_answered,
        asking_for_the_first_time,
    )
    host = {"host": LOOPBACK, "port": simulator.tcp_port}
    await nothing_is_lost_or_doubled(Home(simulator, tmp_path, "network", host), moments)


async def test_two_meters_on_a_bus(tmp_path: Path) -> None:
    """Killed while a frame of one of them is on the line, whose turn the other waits for.

    Until the registry of entities is written down, which takes Home Assistant some seconds, the
    entities of two meters of one model could change their names with one another.
    """
    bus = PtyConfig(link=tmp_path / "rs485", baud=9600)
    meters = [MeterConfig(unit=unit, days_in_service=days) for unit, days in ((100, 30), (101, 20))]
    moments = (
        as_soon_as_written_down("core.entity_registry"),
        asking_the_meter,
        the_meter_has_answered,
    )
    async with Simulator(SimulatorConfig(meters=meters, pty=bus)) as simulator:
        home = Home(simulator, tmp_path / "home", "serial", {"device": simulator.pty_path})
        await nothing_is_lost_or_doubled(home, moments)


@dataclass
class Home:
    """Meters, Home Assistant's configuration folder, and the setup of a meter."""

    simulator: Simulator
    config_dir: Path
    transport: str
    link: Mapping[str, object]


type Moment = Callable[[RunningHomeAssistant, Home], Awaitable[None]]


async def nothing_is_lost_or_doubled(home: Home, moments: Sequence[Moment]) -> None:
    """After each kill the counters come back to what the meters say, and are never booked twice."""
    home.config_dir.mkdir(exist_ok=True)
    for killed_at in moments:
        async with running_home_assistant(home.config_dir, free_port()) as started:
            await killed_at(started, home)
            assert await started.process.wait() == -signal.SIGKILL
        use_energy(home.simulator)

    latest: dict[str, float] = {}
    flowed: dict[str, float] = {}
    async with client_of(home) as client:
        await record_every_reading(client)
        await shows_the_truth(client, home.simulator)
        for meter, key in counters_of(home.simulator):
            states = await recorded(client, meter, key)
            assert len(set(states)) > 1
            assert states == sorted(states)
            entity_id = await entity_of(client, meter, key)
            latest[entity_id] = states[-1]
            flowed[entity_id] = states[-1] - states[0]
    grow_older(home.config_dir / "home-assistant_v2.db")
    async with client_of(home) as client:
        for period in ("5minute", "hour"):
            assert await booked(client, latest, period) == pytest.approx(flowed, abs=1e-9)


@asynccontextmanager
async def client_of(home: Home) -> AsyncIterator[Client]:
    """Start Home Assistant, and sign in."""
    async with (
        running_home_assistant(home.config_dir, free_port()) as started,
        signed_in(started.url) as client,
    ):
        yield client


def as_soon_as_written_down(store: str) -> Moment:
    """Return the moment when the meters were added, and Home Assistant has just written it down.

    What it writes down later is lost.
    """

    async def reached(started: RunningHomeAssistant, home: Home) -> None:
        serials = [meter.serial for meter in home.simulator.meters]
        storage = home.config_dir / ".storage"

        async def is_written_down() -> bool:
            paths = storage / store, storage / "auth"
            if not all(path.exists() for path in paths):
                return False
            kept, users = (path.read_text() for path in paths)
            return all(serial in kept for serial in serials) and '"Developer"' in users

        async with signed_in(started.url) as client:
            await client.wait_until_running()
            # All that answer are ticked.
            answers = {**home.link, "ct_rating": 200}
            await add_entry(client, "dts307", {home.transport}, answers)
            await record_every_reading(client)
            await shows_the_truth(client, home.simulator)
            await wait_for(is_written_down, f"{store} to be written down")
            kill(started)

    return reached


async def a_poll_has_moved_the_counters(started: RunningHomeAssistant, home: Home) -> None:
    async with signed_in(started.url) as client:
        await record_every_reading(client)
        await shows_the_truth(client, home.simulator)
        use_energy(home.simulator)
        await shows_the_truth(client, home.simulator)
        kill(started)


async def asking_the_meter(started: RunningHomeAssistant, home: Home) -> None:
    """Reach the moment with the recorder, but not the guard's own file, knowing the latest."""
    async with signed_in(started.url) as client:
        await record_every_reading(client)
        await shows_the_truth(client, home.simulator)
        use_energy(home.simulator)
        for meter, key in counters_of(home.simulator):
            await recorded(client, meter, key)
    await tripped(started, home, at_answer=False)


async def the_meter_has_answered(started: RunningHomeAssistant, home: Home) -> None:
    async with signed_in(started.url) as client:
        await record_every_reading(client)
        await shows_the_truth(client, home.simulator)
    use_energy(home.simulator)
    await tripped(started, home, at_answer=True)


async def asking_for_the_first_time(started: RunningHomeAssistant, home: Home) -> None:
    await tripped(started, home, at_answer=False)


async def tripped(started: RunningHomeAssistant, home: Home, *, at_answer: bool) -> None:
    """Wait until the next request, or the last meter's reply to it, has killed Home Assistant."""
    meter = home.simulator.meters[-1]
    meter.signals = Tripwire(started, at_answer=at_answer)
    await started.process.wait()
    meter.signals = SignalTimes()


def kill(started: RunningHomeAssistant) -> None:
    """Leave Home Assistant no time for anything, once."""
    if started.process.returncode is None:
        started.process.kill()


def counters_of(simulator: Simulator) -> Iterator[tuple[Meter, str]]:
    """Go through the counters of all meters."""
    for meter in simulator.meters:
        for key in COUNTERS:
            yield meter, key


def use_energy(simulator: Simulator) -> None:
    """Move all counters of the house by what 200 A current transformers can see in seconds."""
    before = [expected_states(meter.truth())[key] for meter, key in counters_of(simulator)]
    meter = simulator.meters[0]
    # Whatever the hour: sun on an empty house, then the stove without sun. In the end nothing
    # flows, so that the power at the next reading explains none of it.
    for sun, factor, load in ((1.0, 0.0, 0.0), (0.0, 1.0, 4000.0), (0.0, 0.0, 0.0)):
        tweak = {"sun": sun, "load_factor": factor, "extra_watts": load}
        house = meter.site.house.tweaked(dict.fromkeys("ABC", tweak))
        simulator.set_house(meter, house)
        simulator.clock.advance(60)
    after = [expected_states(meter.truth())[key] for meter, key in counters_of(simulator)]
    assert all(later > sooner for sooner, later in zip(before, after, strict=True))


async def record_every_reading(client: Client) -> None:
    """Let states follow each poll, also if a kill has undone that."""
    await client.wait_until_running()
    for entry in await client.command("config_entries/get", domain="dts307"):
        recording = {"recording": "every_reading"}
        await set_options(client, entry["entry_id"], {"settings"}, recording)


async def shows_the_truth(client: Client, simulator: Simulator) -> None:
    """Wait until all counters show exactly what the meters say, which stand still meanwhile."""
    expected = {
        (meter.serial, key): str(expected_states(meter.truth())[key])
        for meter, key in counters_of(simulator)
    }
    shown: dict[tuple[str, str], str] = {}

    async def agree() -> bool:
        nonlocal shown
        states = {
            meter.serial: await shown_states(client, meter.serial) for meter in simulator.meters
        }
        shown = {(serial, key): states[serial].get(key, "missing") for serial, key in expected}
        return shown == expected

    try:
        await wait_for(agree, "the counters to agree with the meters", SECONDS_TO_RECOVER)
    except HomeAssistantError:
        assert shown == expected
        raise


async def recorded(client: Client, meter: Meter, key: str) -> list[float]:
    """Return a counter's history once the truth is at its end."""
    truth = expected_states(meter.truth())[key]
    entity_id = await entity_of(client, meter, key)
    states: list[float] = []

    async def is_complete() -> bool:
        nonlocal states
        states = await history(client, entity_id)
        return states[-1:] == [truth]

    await wait_for(is_complete, f"the history of {entity_id}", SECONDS_TO_RECOVER)
    return states


async def entity_of(client: Client, meter: Meter, key: str) -> str:
    for entity in await client.command("config/entity_registry/list"):
        if entity["unique_id"] == f"{meter.serial}_{key}":
            return str(entity["entity_id"])
    raise AssertionError(f"meter {meter.serial} has no entity {key}")
