"""Another meter under the same address is never mixed in."""

from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import Device, Request
from tests.integration.disk import storage_key
from tests.integration.home import assert_asked_only_in_use, entry_for, let_pass, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

OLD, NEW = "S30700100", "S30799999"
IMPORTED = "sensor.dts_307_energy_imported"
IDENTIFICATION = 5
"""Requests: the marker, the headers of both models and of the end, and who the meter is."""


@pytest.fixture
async def meter(hass: HomeAssistant) -> Device:
    """A meter that has imported 5 MWh."""
    assert await async_setup_component(hass, "repairs", {})
    device = Device()
    device.write("TotWhImp", 5_000_000)
    return device


def replace(device: Device, serial: str = NEW, model: int = 203) -> None:
    """Hang up another meter under the same address, fresh from the box."""
    device.become(MeterConfig(serial=serial, model=model))
    device.write("TotWhImp", 11)


def question(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the repair that asks about the replacement, if it does."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"meter_replaced_{entry.entry_id}")


async def answer(hass: HomeAssistant, entry: MockConfigEntry, choice: str) -> str:
    """Click on an answer, and return how the repair ended."""
    asked = question(hass, entry)
    assert asked is not None
    manager = hass.data["repairs"]["flow_manager"]
    shown = await manager.async_init(DOMAIN, data={"issue_id": asked.issue_id})
    assert choice in shown["menu_options"]
    result = await manager.async_configure(shown["flow_id"], {"next_step_id": choice})
    await hass.async_block_till_done(wait_background_tasks=True)
    if result["type"] is FlowResultType.ABORT:
        return str(result["reason"])
    return str(result["type"])


def energy(hass: HomeAssistant) -> str:
    """Return what the imported energy shows."""
    state = hass.states.get(IMPORTED)
    assert state is not None
    return state.state


async def test_replaced_while_running(hass: HomeAssistant, meter: Device) -> None:
    """The same place goes on: entities, device, and the energies without a jump."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        registry = er.async_get(hass)
        before = {row.entity_id: row.id for row in registry.entities.values()}
        meter.silent = True
        await let_pass(hass)
        meter.silent = False
        replace(meter)
        await let_pass(hass, 40)
        assert energy(hass) == STATE_UNAVAILABLE
        assert entry.unique_id == OLD
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert entry.state is ConfigEntryState.LOADED
        assert entry.unique_id == NEW
        assert question(hass, entry) is None
        assert energy(hass) == "5000.0"
        assert {row.entity_id: row.id for row in registry.entities.values()} == before
        assert all(row.unique_id.startswith(NEW) for row in registry.entities.values())
        (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert device.identifiers == {(DOMAIN, NEW)}
        assert device.serial_number == NEW

        # More than its power explains in no time at all, so that a second reading has to agree.
        meter.write("TotWhImp", 20)
        await let_pass(hass)
        await let_pass(hass)
        assert energy(hass) == "5000.009"


async def test_replaced_by_another_model(hass: HomeAssistant, meter: Device) -> None:
    """The new meter is identified, and its values wait for the owner's answer."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        replace(meter, model=213)
        await let_pass(hass)
        assert energy(hass) == STATE_UNAVAILABLE
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]
        assert energy(hass) == "5000.0"


async def test_the_own_meter_comes_back(hass: HomeAssistant, meter: Device) -> None:
    """Then there is nothing to ask any more."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        own = dict(meter.registers)
        meter.silent = True
        await let_pass(hass)
        meter.silent = False
        replace(meter)
        await let_pass(hass, 40)
        assert question(hass, entry) is not None
        assert await answer(hass, entry, "elsewhere") == "reconfigure"
        meter.registers = own
        await let_pass(hass, 40)
        assert question(hass, entry) is None
        assert energy(hass) == "5000.0"


async def test_replaced_while_home_assistant_was_off(hass: HomeAssistant, meter: Device) -> None:
    """The entry shows nothing of it before the owner says so."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        replace(meter)
        assert await hass.config_entries.async_setup(entry.entry_id)
        assert energy(hass) == STATE_UNAVAILABLE
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]
        assert energy(hass) == "5000.0"


async def test_the_own_meter_comes_back_while_home_assistant_waits(
    hass: HomeAssistant, meter: Device
) -> None:
    """It is found by itself; and a click at that moment breaks nothing."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        own = dict(meter.registers)
        assert await hass.config_entries.async_unload(entry.entry_id)
        replace(meter)
        assert await hass.config_entries.async_setup(entry.entry_id)
        meter.registers = own
        meter.write("TotWhImp", 5_000_060)
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert entry.state is ConfigEntryState.LOADED
        assert entry.unique_id == OLD
        assert question(hass, entry) is None
        await let_pass(hass)
        assert energy(hass) == "5000.06"


async def test_an_old_question_is_not_asked_of_the_new_meter(
    hass: HomeAssistant, meter: Device, freezer: FrozenDateTimeFactory
) -> None:
    """Its counter begins where the old one's stood, however that came about."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        meter.write("TotWhImp", 7)
        for _ in range(14):
            freezer.tick(6)
            await let_pass(hass)
        asked = f"counter_set_back_{entry.entry_id}"
        assert ir.async_get(hass).async_get_issue(DOMAIN, asked)
        assert await hass.config_entries.async_unload(entry.entry_id)
        replace(meter)
        assert await hass.config_entries.async_setup(entry.entry_id)
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert energy(hass) == "5000.0"
        assert ir.async_get(hass).async_get_issue(DOMAIN, asked) is None


async def test_nothing_is_asked_of_a_disabled_entry(hass: HomeAssistant, meter: Device) -> None:
    """The question is withdrawn while the entry is disabled, and asked again afterwards."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        replace(meter)
        await load(hass, entry)
        await assert_asked_only_in_use(hass, entry, question)


@pytest.mark.parametrize("reason", ["not_answering", "already_configured"])
async def test_a_meter_that_cannot_take_over(
    hass: HomeAssistant, meter: Device, reason: str
) -> None:
    """The entry stays as it is, and the question, too."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        meter.silent = True
        await let_pass(hass)
        meter.silent = False
        replace(meter)
        await let_pass(hass, 40)
        if reason == "not_answering":
            meter.silent = True
        else:
            MockConfigEntry(domain=DOMAIN, unique_id=NEW).add_to_hass(hass)
        assert await answer(hass, entry, "same_place") == reason
        assert entry.unique_id == OLD
        await let_pass(hass)
        assert question(hass, entry) is not None


async def test_an_entry_that_is_gone(hass: HomeAssistant, meter: Device) -> None:
    """Nothing is left to go on with."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        replace(meter)
        await hass.config_entries.async_setup(entry.entry_id)
        asked = question(hass, entry)
        assert asked is not None
        manager = hass.data["repairs"]["flow_manager"]
        shown = await manager.async_init(DOMAIN, data={"issue_id": asked.issue_id})
        await hass.config_entries.async_remove(entry.entry_id)
        assert question(hass, entry) is None
        result = await manager.async_configure(shown["flow_id"], {"next_step_id": "same_place"})
        assert result["reason"] == "not_answering"


class LastAnswers(list[Request]):
    """The requests to a device that answers a few more times, and then no longer."""

    def __init__(self, device: Device, answers: int) -> None:
        """Let the device fall silent after so many ``answers``."""
        super().__init__()
        self._device = device
        self._answers = answers

    @override
    def append(self, request: Request) -> None:
        super().append(request)
        self._device.silent = len(self) > self._answers


async def test_what_was_found_out_about_the_old_one_is_forgotten(
    hass: HomeAssistant, hass_storage: dict[str, Any], meter: Device
) -> None:
    """The new meter may state its power with another sign."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        kept = hass_storage[storage_key(entry, "direction")]["data"]
        kept["direction"] = "export_positive"
        replace(meter)
        meter.write("W", 1234)
        await hass.config_entries.async_setup(entry.entry_id)
        assert await answer(hass, entry, "same_place") == "create_entry"
        shown = hass.states.get("sensor.dts_307_power")
        assert shown is not None
        assert float(shown.state) == meter.meter_model().W.cvalue


async def test_the_new_meter_falls_silent_just_then(hass: HomeAssistant, meter: Device) -> None:
    """The entry is its own by then, and goes on without a jump once it answers."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        replace(meter)
        await hass.config_entries.async_setup(entry.entry_id)
        meter.requests = LastAnswers(meter, IDENTIFICATION)
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert meter.requests[0] == Request(meter.base, 2)
        assert meter.silent
        assert entry.state is ConfigEntryState.LOADED
        assert entry.unique_id == NEW
        assert energy(hass) == STATE_UNAVAILABLE
        assert question(hass, entry) is None
        meter.requests, meter.silent = [], False
        await let_pass(hass, 40)
        assert energy(hass) == "5000.0"


async def test_registers_that_cannot_be_read(hass: HomeAssistant, meter: Device) -> None:
    """The owner is asked all the same; they are read with the answer at the latest."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        replace(meter)
        meter.requests = LastAnswers(meter, IDENTIFICATION)
        await hass.config_entries.async_setup(entry.entry_id)
        asked = question(hass, entry)
        assert asked is not None
        assert asked.translation_placeholders is not None
        assert asked.translation_placeholders["imported"] == "?"
        for answers in (IDENTIFICATION, IDENTIFICATION + 1):
            meter.requests, meter.silent = LastAnswers(meter, answers), False
            assert await answer(hass, entry, "same_place") == "not_answering"
        meter.requests, meter.silent = [], False
        assert await answer(hass, entry, "same_place") == "create_entry"
        assert energy(hass) == "5000.0"
