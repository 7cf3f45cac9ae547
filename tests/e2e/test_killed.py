"""Home Assistant killed at bad moments, with energy going through the meter while it is down.

What is judged at the end is the history of states: the recorder makes statistics of it only every
five minutes, and gets each sum right if no state ever falls.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
import signal
from typing import override

from scripts.dev.client import Client, HomeAssistantError, signed_in, wait_for
from scripts.dev.flows import add_entry
from scripts.dev.homeassistant import RunningHomeAssistant, running_home_assistant
from scripts.dev.processes import LOOPBACK, free_port
from simulator import Simulator
from simulator.leds import SignalTimes

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


async def test_nothing_is_lost_or_doubled_when_killed(simulator: Simulator, tmp_path: Path) -> None:
    """After each kill the counters come back to what the meter says, and never fall."""
    for killed_after in (
        set_up_just_now(tmp_path),
        a_poll_has_moved_the_counters,
        asking_the_meter,
        the_meter_has_answered,
        asking_for_the_first_time,
    ):
        async with running_home_assistant(tmp_path, free_port()) as started:
            await killed_after(started, simulator)
            assert await started.process.wait() == -signal.SIGKILL
        use_energy(simulator)

    async with (
        running_home_assistant(tmp_path, free_port()) as started,
        signed_in(started.url) as client,
    ):
        await shows_the_truth(client, simulator)
        for key in COUNTERS:
            states = await recorded(client, simulator, key)
            assert len(set(states)) > 1
            assert states == sorted(states)


type Moment = Callable[[RunningHomeAssistant, Simulator], Awaitable[None]]


def set_up_just_now(config_dir: Path) -> Moment:
    """Return the moment when the meter was added, and Home Assistant has just written it down.

    Its registries of devices and entities get written later, and are lost.
    """

    async def is_written_down() -> bool:
        storage = config_dir / ".storage"
        entries, users = storage / "core.config_entries", storage / "auth"
        return all(
            path.exists() and word in path.read_text()
            for path, word in ((entries, '"dts307"'), (users, '"Developer"'))
        )

    async def reached(started: RunningHomeAssistant, simulator: Simulator) -> None:
        async with signed_in(started.url) as client:
            await client.wait_until_running()
            answers = {"host": LOOPBACK, "port": simulator.tcp_port, "ct_rating": 200}
            await add_entry(client, "dts307", {"network"}, answers)
            await shows_the_truth(client, simulator)
            await wait_for(is_written_down, "the entry to be written down")
            kill(started)

    return reached


async def a_poll_has_moved_the_counters(
    started: RunningHomeAssistant, simulator: Simulator
) -> None:
    async with signed_in(started.url) as client:
        await shows_the_truth(client, simulator)
        use_energy(simulator)
        await shows_the_truth(client, simulator)
        kill(started)


async def asking_the_meter(started: RunningHomeAssistant, simulator: Simulator) -> None:
    """Reach the moment with the recorder, but not the guard's own file, knowing the latest."""
    async with signed_in(started.url) as client:
        await shows_the_truth(client, simulator)
        use_energy(simulator)
        for key in COUNTERS:
            await recorded(client, simulator, key)
    await tripped(started, simulator, at_answer=False)


async def the_meter_has_answered(started: RunningHomeAssistant, simulator: Simulator) -> None:
    async with signed_in(started.url) as client:
        await shows_the_truth(client, simulator)
    use_energy(simulator)
    await tripped(started, simulator, at_answer=True)


async def asking_for_the_first_time(started: RunningHomeAssistant, simulator: Simulator) -> None:
    await tripped(started, simulator, at_answer=False)


async def tripped(started: RunningHomeAssistant, simulator: Simulator, *, at_answer: bool) -> None:
    """Wait until the next request, or the reply to it, has killed Home Assistant."""
    meter = simulator.meters[0]
    meter.signals = Tripwire(started, at_answer=at_answer)
    await started.process.wait()
    meter.signals = SignalTimes()


def kill(started: RunningHomeAssistant) -> None:
    """Leave Home Assistant no time for anything, once."""
    if started.process.returncode is None:
        started.process.kill()


def use_energy(simulator: Simulator) -> None:
    """Move both counters by what 200 A current transformers can see in some seconds."""
    meter = simulator.meters[0]
    before = meter.truth()
    for sun, load in ((1.0, 0.0), (0.0, 5000.0)):
        house = meter.site.house.tweaked({"A": {"sun": sun, "extra_watts": load}})
        simulator.set_house(meter, house)
        simulator.clock.advance(60)
    after = meter.truth()
    for point in ("TotWhImp", "TotWhExp"):
        assert (after[point] or 0) > (before[point] or 0)


async def shows_the_truth(client: Client, simulator: Simulator) -> None:
    """Wait until both counters show exactly what the meter says, which stands still meanwhile."""
    meter = simulator.meters[0]
    expected = {key: str(expected_states(meter.truth())[key]) for key in COUNTERS}
    shown: dict[str, str] = {}

    async def agree() -> bool:
        nonlocal shown
        states = await shown_states(client, meter.serial)
        shown = {key: states.get(key, "missing") for key in COUNTERS}
        return shown == expected

    try:
        await wait_for(agree, "the counters to agree with the meter", SECONDS_TO_RECOVER)
    except HomeAssistantError:
        assert shown == expected
        raise


async def recorded(client: Client, simulator: Simulator, key: str) -> list[float]:
    """Return a counter's history once the truth is at its end."""
    meter = simulator.meters[0]
    truth = expected_states(meter.truth())[key]
    entity_id = await entity_of(client, f"{meter.serial}_{key}")
    states: list[float] = []

    async def is_complete() -> bool:
        nonlocal states
        states = await history(client, entity_id)
        return states[-1:] == [truth]

    await wait_for(is_complete, f"the history of {entity_id}", SECONDS_TO_RECOVER)
    return states


async def entity_of(client: Client, unique_id: str) -> str:
    for entity in await client.command("config/entity_registry/list"):
        if entity["unique_id"] == unique_id:
            return str(entity["entity_id"])
    raise AssertionError(f"no entity has the unique id {unique_id}")


async def history(client: Client, entity_id: str) -> list[float]:
    """Return all states of the last hour that are numbers, in the order in which they came."""
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"filter_entity_id={entity_id}&significant_changes_only=0&no_attributes"
    shown = await client.get(f"/api/history/period/{since}?{query}")
    states = [state["state"] for entity in shown for state in entity]
    return [float(state) for state in states if state not in {"unknown", "unavailable"}]
