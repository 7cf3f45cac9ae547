"""What the recorder makes of the default options, held against every reading and the truth.

With ``RECORDED_HOURS`` in the environment this measures so many hours, and prints tables, for
scripts/bench.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
import os

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import update_coordinator
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.identification import CONF_SERIAL_NUMBER
from custom_components.dts307.options import CONF_RECORDING, Recording
from simulator.server import TcpConfig, TcpLine
from tests.integration.home import load
from tests.integration.recorded_day import (
    CurrentBus,
    Household,
    Recorded,
    beyond,
    differences,
    entity_ids,
    named,
    rows,
    statistics,
)
from tests.integration.recorded_day_report import print_rows, print_statistics
from tests.lines import network_data
from tests.time_lapse import frozen_time_lapse

HOURS = float(os.environ.get("RECORDED_HOURS", str(1 / 6)))
PERIODS = ("5minute", "hour") if HOURS >= 1 else ("5minute",)
BORDER = datetime(2026, 6, 22, 18, tzinfo=UTC)
"""When the first statistics begin."""
START = BORDER - timedelta(seconds=30)
DUST = 1e-6
"""kWh"""
RECORDING = {"default": {}, "every reading": {CONF_RECORDING: Recording.EVERY_READING}}
"""The options of the entries that are compared."""


@pytest.fixture
def enable_statistics() -> bool:
    """Let the recorder make its statistics as it does in a home."""
    return True


@pytest.fixture(params=[203, 213])
def household(
    recorder_mock: Recorder,  # noqa: ARG001 - it begins with real time
    freezer: FrozenDateTimeFactory,
    request: pytest.FixtureRequest,
) -> Household:
    """A busy household from an evening on."""
    freezer.move_to(START)
    return Household(request.param, START)


@pytest.fixture
async def entries(
    hass: HomeAssistant, household: Household, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, MockConfigEntry]]:
    """Two entries for the meter, each over its own line, that poll at the same instants."""
    monkeypatch.setattr(update_coordinator, "randint", lambda lowest, _highest: lowest)
    for component in ("sensor", "repairs"):
        assert await async_setup_component(hass, component, {})
    async with AsyncExitStack() as stack:
        entries = {}
        for name, options in RECORDING.items():
            line = await stack.enter_async_context(served(household))
            # Home Assistant takes them for two meters without serial numbers.
            data = network_data(line) | {CONF_SERIAL_NUMBER: household.meter.serial}
            entries[name] = MockConfigEntry(
                domain=DOMAIN, title=name, unique_id=name, data=data, options=options
            )
            await load(hass, entries[name])
        yield entries


@asynccontextmanager
async def served(household: Household) -> AsyncIterator[TcpLine]:
    """Serve the household's meter on a TCP port."""
    line = TcpLine(CurrentBus(household), TcpConfig())
    await line.open()
    yield line
    await line.close()


@pytest.fixture
async def recorded(
    hass: HomeAssistant,
    recorder_mock: Recorder,
    entries: dict[str, MockConfigEntry],
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Recorded]:
    """What the recorder has made of each entry after some hours."""
    end = BORDER + timedelta(hours=HOURS, seconds=20)
    over = hass.loop.create_future()
    hass.loop.call_later((end - dt_util.utcnow()).total_seconds(), over.set_result, None)
    with frozen_time_lapse(monkeypatch, hass.loop, freezer, lambda: recorder_mock.backlog > 0):
        await over
    await async_wait_recording_done(hass)
    for number in range(round(HOURS * 12)):
        do_adhoc_statistics(hass, start=BORDER + number * timedelta(minutes=5))
    await async_wait_recording_done(hass)
    return {
        name: Recorded(
            rows=await rows(recorder_mock, keys),
            statistics={
                period: await statistics(hass, recorder_mock, keys, BORDER.timestamp(), period)
                for period in PERIODS
            },
        )
        for name, keys in ((name, entity_ids(hass, entry)) for name, entry in entries.items())
    }


@pytest.mark.timeout(120 + 600 * HOURS)
async def test_statistics_are_those_of_every_reading(
    household: Household, recorded: dict[str, Recorded]
) -> None:
    default, every = recorded["default"], recorded["every reading"]
    for period in PERIODS:
        ours, theirs = default.statistics[period], every.statistics[period]
        power, true = ours["power"], theirs["power"]
        assert power.keys() == true.keys() != set()
        assert beyond(named(power, "mean"), named(true, "mean"), watts=1, share=0.001) == 0
        for value in ("min", "max"):
            assert beyond(named(power, value), named(true, value), watts=10, share=0.01) == 0
        for key in ("energy_imported", "energy_exported"):
            for value in ("state", "sum"):
                assert max(differences(ours[key], theirs[key], value).values()) < DUST
    if "RECORDED_HOURS" in os.environ:
        print_rows(household.meter.config.model, HOURS, recorded)
        print_statistics(household.meter.config.model, recorded, household.true_means())
