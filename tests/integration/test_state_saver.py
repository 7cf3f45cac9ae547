"""When a meter's files are written, and what a kill costs: nothing that was shown falls."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, override
from unittest.mock import AsyncMock

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.validation import CounterFilter, FirstSight
from custom_components.dts307.stores import async_carry_to_new_meter
from custom_components.dts307.stores.kept_state import KeptState
from custom_components.dts307.stores.state_saver import AT_ONCE, WHILE_COUNTING, StateSaver
from simulator import MeterConfig
from tests.device import Device
from tests.integration.bills import begin_at_home, count, instant, kwh, sensor, start
from tests.integration.disk import Clock, Disk
from tests.integration.home import entry_for, load, state_of
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled", "real_disk")


def seen(
    entry: MockConfigEntry, imported: float = 11.0, serial_number: str | None = None
) -> FirstSight:
    """Return how a new meter in an entry's place is seen for the first time, now."""
    return FirstSight(
        serial_number=serial_number or str(entry.unique_id),
        at=dt_util.utcnow().timestamp(),
        registers={"energy_imported.total": imported, "energy_exported.total": 0.0},
        possible_power=1e5,
    )


class Writes:
    """The files of meters that are written."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Watch what goes to the disk."""
        self.files: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.moments = 0
        self._latest = -1.0
        write = Store._write_prepared_data  # noqa: SLF001 - where all files are written

        def counted(store: Store[Any], mode: str, content: str | bytes) -> None:
            write(store, mode, content)
            if store.key.startswith(f"{DOMAIN}."):
                name = store.key.rpartition(".")[2]
                self.files[name] += 1
                self.bytes[name] += len(content)
                now = store.hass.loop.time()
                self.moments += now - self._latest > 1
                self._latest = now

        patch.setattr(Store, "_write_prepared_data", counted)


class SlowFile(KeptState[None]):
    """A file on a disk that takes its time with the first write."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Have nothing written yet."""
        self._first = True
        super().__init__(hass, entry, "slow", parse=lambda _: None, content="nothing")
        self.written: list[dict[str, Any]] = []
        self.may_go_on = asyncio.Event()

    @override
    async def async_write(self, content: dict[str, Any]) -> None:
        if self._first:
            self._first = False
            await self.may_go_on.wait()
        self.written.append(content)


@pytest.fixture
async def clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Clock:
    """An afternoon in New York, at which time stands still."""
    await begin_at_home(hass)
    freezer.move_to(instant("06-10 14:00:30"))
    return Clock(hass, freezer)


@pytest.fixture
async def meter() -> Device:
    device = Device()
    count(device, 5_000_000, 70_000)
    return device


@pytest.fixture
async def entry(hass: HomeAssistant, clock: Clock, meter: Device) -> AsyncIterator[MockConfigEntry]:
    """The meter's config entry, set up a quarter of an hour ago."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        await clock.run(900, every=12)
        yield entry


class Kill:
    """A kill: Home Assistant writes nothing more, and starts again later."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, clock: Clock) -> None:
        """Prepare for it."""
        self._hass = hass
        self._entry = entry
        self._clock = clock
        self.disk = Disk(hass, entry)

    async def __call__(self, seconds: float = 60.0) -> None:
        """Kill it, and start it after so many seconds."""
        left = self.disk.copied()
        assert await self._hass.config_entries.async_unload(self._entry.entry_id)
        self.disk.restore(left)
        await self._clock.run(seconds)
        await start(self._hass, self._entry)


@pytest.fixture
def kill(hass: HomeAssistant, entry: MockConfigEntry, clock: Clock) -> Kill:
    return Kill(hass, entry, clock)


async def test_an_hour_of_counting(
    clock: Clock, meter: Device, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is written together, each five minutes; the ends of demand intervals come in between."""
    assert entry.runtime_data
    writes = Writes(monkeypatch)
    for minute in range(60):
        count(meter, 5_000_000 + 100 * minute)
        await clock.run(60)
    assert writes.moments <= 60 / 5 + 4
    for file in ("counters", "totals", "states"):
        assert 60 / 5 - 1 <= writes.files[file] <= writes.moments
    # Once, when the clock has settled after half an hour.
    assert writes.files["ledger"] == 1
    # In this half hour, what was read is written too.
    assert writes.bytes["totals"] < 340_000
    assert (writes.bytes - Counter(totals=writes.bytes["totals"])).total() < 150_000


async def test_after_a_kill_the_registers_bring_the_energy(
    hass: HomeAssistant, clock: Clock, meter: Device, kill: Kill
) -> None:
    """The stored counters are minutes old; what they show next is never lower."""
    counted = 5_000_000
    for seconds in (290, 6, 150):
        for _ in range(0, seconds, 6):
            counted += 10
            count(meter, counted)
            await clock.run(6)
        before = [kwh(hass, meter, key) for key in ("energy_imported", "imported_this_period")]
        assert before[0] == pytest.approx(counted / 1000)
        await kill()
        after = [kwh(hass, meter, key) for key in ("energy_imported", "imported_this_period")]
        assert after == before


async def test_after_a_kill_a_wrong_register_shows_nowhere(
    hass: HomeAssistant, clock: Clock, meter: Device, kill: Kill
) -> None:
    """Until two readings agree with what is stored, the counter shows nothing."""
    count(meter, 5_000_200)
    await clock.run(200)
    count(meter, 17)
    await kill()
    assert sensor(hass, meter, "energy_imported").state in {STATE_UNAVAILABLE, STATE_UNKNOWN}
    count(meter, 5_000_210)
    await clock.run(10)
    assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.21)


@pytest.mark.parametrize("register", [17, 2_000_000_000], ids=["lower", "higher"])
async def test_a_reload_before_the_counters_are_confirmed_after_a_kill(  # noqa: PLR0913 - fixtures
    *,
    hass: HomeAssistant,
    clock: Clock,
    meter: Device,
    entry: MockConfigEntry,
    kill: Kill,
    register: int,
) -> None:
    """The stored counters are still older than what was shown, and a misread shows nowhere."""
    count(meter, 5_000_200)
    await clock.run(200)
    assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.2)
    meter.refusal = ExcCodes.ILLEGAL_ADDRESS
    await kill()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await clock.settle()
    assert kill.disk.content("counters")["latest"] is False
    meter.refusal = None
    count(meter, register)
    await clock.run(30)
    assert sensor(hass, meter, "energy_imported").state in {STATE_UNAVAILABLE, STATE_UNKNOWN}
    count(meter, 5_000_210)
    await clock.run(10)
    assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.21)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert kill.disk.content("counters")["latest"] is True


async def test_a_kill_after_the_first_reading_of_a_replacement(
    hass: HomeAssistant, clock: Clock, meter: Device, entry: MockConfigEntry, kill: Kill
) -> None:
    """The offset between counter and register is on the disk before the counter moves on."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_carry_to_new_meter(hass, entry, seen(entry), from_zero=False)
    count(meter, 11, 0)
    await start(hass, entry)
    assert kwh(hass, meter, "energy_imported") == 5000
    count(meter, 31, 0)
    await clock.run(10)
    assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.02)
    await kill()
    assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.02)


async def test_a_kill_within_a_demand_interval(
    hass: HomeAssistant, clock: Clock, meter: Device, kill: Kill
) -> None:
    """Its start is stored; what was counted since is in the register."""
    await clock.run_to(instant("06-10 14:29:00"))
    for minute in range(3):
        count(meter, 5_000_000 + 10 * minute)
        await clock.run(60)
    for minute in range(3, 9):
        count(meter, 5_000_000 + 10 * minute)
        await clock.run(60)
        if minute == 5:
            await kill()
    await clock.run_to(instant("06-10 14:46:00"))
    # 14:30 to 14:45: from 20 Wh, or just before, to 80 Wh.
    assert kwh(hass, meter, "demand") == pytest.approx(0.280, abs=0.045)


async def test_a_kill_after_a_demand_interval(
    hass: HomeAssistant, clock: Clock, meter: Device, kill: Kill
) -> None:
    """It was stored when it was over, and so was the start of the next one."""
    await clock.run_to(instant("06-10 14:30:30"))
    count(meter, 5_000_100)
    await clock.run_to(instant("06-10 14:45:18"))
    running = kill.disk.content("totals")["demand"]["running"]
    assert running["start"] == instant("06-10 14:45:00").timestamp()
    peak = sensor(hass, meter, "demand_peak")
    assert float(peak.state) == pytest.approx(0.4, abs=0.02)
    await kill()
    assert sensor(hass, meter, "demand_peak").state == peak.state
    count(meter, 5_000_150)
    await clock.run_to(instant("06-10 15:00:30"))
    assert kwh(hass, meter, "demand") == pytest.approx(0.2, abs=0.02)


async def test_a_kill_after_midnight(
    hass: HomeAssistant, clock: Clock, meter: Device, kill: Kill, freezer: FrozenDateTimeFactory
) -> None:
    """The registers at midnight are stored at once."""
    freezer.move_to(instant("06-10 23:59:00"))
    await clock.run(50)
    count(meter, 5_000_100)
    await clock.run(20)
    at_midnight = sensor(hass, meter, "register_imported_midnight")
    assert at_midnight.attributes["estimated"] is False
    await kill(300)
    assert sensor(hass, meter, "register_imported_midnight").state == at_midnight.state


async def test_a_kill_before_midnight(
    hass: HomeAssistant, clock: Clock, meter: Device, kill: Kill, freezer: FrozenDateTimeFactory
) -> None:
    """What is lost is how exact the registers at midnight are: two readings are their bounds."""
    freezer.move_to(instant("06-30 23:55:00"))
    count(meter, 5_000_100)
    await clock.run(290)
    count(meter, 5_000_200)
    await kill(30)
    await clock.run(12)
    register = sensor(hass, meter, "register_imported_billing_day")
    assert register.attributes["estimated"] is True
    lowest, highest = (register.attributes[bound] for bound in ("lowest", "highest"))
    assert lowest == pytest.approx(5000.1)
    assert lowest <= float(register.state) <= highest == pytest.approx(5000.2)
    periods = [kwh(hass, meter, f"imported_{which}_period") for which in ("last", "this")]
    assert sum(periods) == pytest.approx(0.2)


async def test_a_kill_after_an_alarm(
    hass: HomeAssistant, clock: Clock, meter: Device, kill: Kill
) -> None:
    """It was stored within seconds; a power that pauses does not end it before its time."""
    meter.write("W", -3000)
    await clock.run(60)
    assert state_of(hass, meter, "exporting", "binary_sensor") == STATE_ON
    meter.write("W", 500)
    await kill(20)
    assert state_of(hass, meter, "exporting", "binary_sensor") == STATE_ON
    await clock.run(60)
    assert state_of(hass, meter, "exporting", "binary_sensor") == STATE_OFF


async def test_a_flapping_alarm_does_not_write_all_files(
    hass: HomeAssistant,
    clock: Clock,
    meter: Device,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The others go with it once a minute at most."""
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "export_hold": 0, "export_threshold": 100}
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    await clock.run(60)
    writes = Writes(monkeypatch)
    for turn in range(40):
        meter.write("W", 500 if turn % 2 else -3000)
        await clock.run(15)
    assert writes.files["states"] >= 35
    assert writes.files["counters"] <= 10 + 1


async def test_a_new_question_is_stored_soon(
    hass: HomeAssistant, clock: Clock, meter: Device, entry: MockConfigEntry, kill: Kill
) -> None:
    """And asked again at once."""
    count(meter, 3)
    asked = f"counter_set_back_{entry.entry_id}"
    while ir.async_get(hass).async_get_issue(DOMAIN, asked) is None:
        await clock.run(5)
    await clock.run(15)
    kept = kill.disk.content("counters")["counters"]["energy_imported.total"]
    assert kept["row"]["reads"] >= 6
    await kill()
    assert ir.async_get(hass).async_get_issue(DOMAIN, asked)


async def test_the_final_write(
    hass: HomeAssistant, clock: Clock, meter: Device, entry: MockConfigEntry
) -> None:
    """When Home Assistant stops, nothing that was shown is missing."""
    disk = Disk(hass, entry)
    count(meter, 5_000_070)
    await clock.run(10)
    assert disk.content("counters")["latest"] is False
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await clock.settle()
    stored = disk.content("counters")
    assert stored["latest"] is True
    assert stored["counters"]["energy_imported.total"]["trusted"]["last"]["value"] == 5_000_070
    left = disk.copied()
    count(meter, 5_000_090)
    await clock.run(600)
    assert disk.copied() == left


async def test_a_setup_that_fails_writes_nothing_later(
    hass: HomeAssistant,
    clock: Clock,
    meter: Device,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its timer would overwrite what the next one has written."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    fails = AsyncMock(side_effect=HomeAssistantError("no platforms"))
    monkeypatch.setattr(hass.config_entries, "async_forward_entry_setups", fails)
    count(meter, 5_000_010)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    left = Disk(hass, entry).copied()
    await clock.run(600)
    assert Disk(hass, entry).copied() == left


async def test_a_verdict_is_stored_soon(
    hass: HomeAssistant, clock: Clock, meter: Device, entry: MockConfigEntry
) -> None:
    """Such as how a register counts, which takes two movements to find out."""
    register = 2**32 - 250_000
    count(meter, 5_000_000, register)
    await clock.run(6)
    for moved in (10, 20):
        count(meter, 5_000_000, register - moved)
        await clock.run(6)
    await clock.run(18)
    assert Disk(hass, entry).content("direction")["senses"]["total"] is True


async def test_older_content_is_not_written_after_newer(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Though a disk may be slow, and the last write come meanwhile."""
    contents = iter(({"at": 1}, {"at": 2}))
    slow = SlowFile(hass, entry)
    saver = StateSaver(hass, entry)
    saver.add(slow, lambda: next(contents))
    first = asyncio.create_task(saver.async_write(slow))
    last = asyncio.create_task(saver.async_finish())
    await asyncio.sleep(0)
    slow.may_go_on.set()
    await asyncio.gather(first, last)
    assert slow.written == [{"at": 1}, {"at": 2}]


@pytest.mark.usefixtures("skip_waiting")
async def test_what_an_early_write_leaves_is_written_when_it_is_due(hass: HomeAssistant) -> None:
    """Also if nothing changes any more until then."""
    entry = MockConfigEntry(domain=DOMAIN)
    saver, early, late = StateSaver(hass, entry), SlowFile(hass, entry), SlowFile(hass, entry)
    for file in (early, late):
        file.may_go_on.set()
        saver.add(file, dict)
    saver.async_changed(early, AT_ONCE)
    await asyncio.sleep(1)
    saver.async_changed(late, WHILE_COUNTING)
    saver.async_changed(early, AT_ONCE)
    await asyncio.sleep(1)
    assert (len(early.written), len(late.written)) == (2, 0)
    await asyncio.sleep(WHILE_COUNTING)
    assert (len(early.written), len(late.written)) == (2, 1)


async def test_a_replacement_carries_the_counters_and_forgets_the_installation(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """What was found out about the old meter's sign says nothing about the new one's."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    disk = Disk(hass, entry)
    assert "direction" in disk.names
    kept = disk.content("counters")["counters"]["energy_imported.total"]
    assert kept["trusted"]["last"]["value"] == 5_000_000
    sight = replace(seen(entry), registers={"energy_imported.total": 11.0})
    await async_carry_to_new_meter(hass, entry, sight, from_zero=False)
    assert disk.names == {"counters", "intervals.db", "ledger", "states", "totals"}
    carried = disk.content("counters")
    assert carried["latest"] is True
    assert carried["first_sight"] is None
    restored = CounterFilter.from_dict(carried["counters"]["energy_imported.total"])
    assert restored.published == 5_000_000
    assert restored.trusted is not None
    assert restored.trusted.register == 11
    late = CounterFilter.from_dict(carried["counters"]["energy_exported.total"])
    assert late == CounterFilter(base=70_000)
    assert disk.content("totals")["serial_number"] == entry.unique_id
    assert disk.content("ledger")["unread"] == [[dt_util.utcnow().timestamp(), 1e5]]


@pytest.mark.parametrize("lost", [("counters",), ("counters", "totals")], ids=str)
async def test_totals_do_not_fall_when_the_counters_are_lost(  # noqa: PLR0913 - fixtures
    *,
    hass: HomeAssistant,
    clock: Clock,
    meter: Device,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    lost: tuple[str, ...],
) -> None:
    """The bill knows the offset between total and register, as here after a replacement."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_carry_to_new_meter(hass, entry, seen(entry), from_zero=False)
    count(meter, 11, 0)
    await start(hass, entry)
    freezer.move_to(instant("06-10 23:59:30"))
    await clock.run(60)
    count(meter, 51, 3)
    await clock.run(10)
    shown = [kwh(hass, meter, key) for key in ("energy_imported", "energy_exported")]
    assert shown == [pytest.approx(5000.04), pytest.approx(70.003)]
    assert await hass.config_entries.async_unload(entry.entry_id)
    for file in lost:
        Disk(hass, entry).path(file).write_text("")
    await start(hass, entry)
    assert [kwh(hass, meter, key) for key in ("energy_imported", "energy_exported")] == shown
    count(meter, 61, 3)
    await clock.run(10)
    assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.05)


async def test_a_replacement_after_the_counters_are_lost(
    hass: HomeAssistant, clock: Clock, meter: Device, entry: MockConfigEntry
) -> None:
    """The totals continue from the bill; the next loss finds another meter's readings there."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    disk = Disk(hass, entry)
    disk.path("counters").unlink()
    sight = seen(entry, 900_000, "S30799998")
    await async_carry_to_new_meter(hass, entry, sight, from_zero=False)
    meter.become(MeterConfig(serial="S30799999"))
    count(meter, 900_000, 5)
    hass.config_entries.async_update_entry(entry, unique_id="S30799999")
    disk.path("counters").unlink()
    await start(hass, entry)
    assert kwh(hass, meter, "energy_imported") == 5000
    count(meter, 900_020, 5)
    await clock.run(10)
    assert kwh(hass, meter, "energy_imported") == pytest.approx(5000.02)
