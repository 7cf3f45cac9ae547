"""Nothing is lost of what version 0.1.0 stored."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.coordinator import Dts307Coordinator
from custom_components.dts307.meter.intervals import Estimate, PeriodEnergy
from custom_components.dts307.meter.validation import CounterFilter
from custom_components.dts307.options import MeterOptions
from tests.integration.bills import start
from tests.integration.home import let_pass
from tests.integration.scenarios import Scenario, issues, scenarios, shown

pytestmark = pytest.mark.usefixtures("real_disk")

ANSWERS = [
    (name, choice)
    for name in scenarios()
    for choices in Scenario(name).situation["answers"].values()
    for choice in choices
]


def published(entry: ConfigEntry[Dts307Coordinator]) -> dict[str, float | None]:
    """Return what all counters show, in Wh."""
    counters = entry.runtime_data.store.counters.as_dict()["counters"]
    return {key: CounterFilter.from_dict(counter).published for key, counter in counters.items()}


def periods(entry: ConfigEntry[Dts307Coordinator]) -> list[dict[str, Any]]:
    """Return all billing periods."""

    def counted(known: PeriodEnergy | None) -> dict[str, Any] | None:
        if known is None:
            return None
        return {"since": known.since.isoformat(), **known.energy.as_dict()}

    def estimate(known: Estimate | None) -> dict[str, Any] | None:
        return None if known is None else known.as_dict()

    billing_day = MeterOptions.parse(entry.options).billing_day
    ledger = entry.runtime_data.store.billing.ledger
    return [
        {
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
            "imported": counted(period.imported),
            "exported": counted(period.exported),
            "net": counted(period.net),
            "credit": estimate(period.credit),
            "billed": estimate(period.billed),
            "carried": estimate(period.carried_forward),
        }
        for period in ledger.periods(dt_util.get_default_time_zone(), billing_day)
    ]


def assert_shows(
    hass: HomeAssistant, entry: ConfigEntry[Dts307Coordinator], expected: dict[str, Any]
) -> None:
    """See that what is known and shown is what version 0.1.0 knew and showed."""
    assert issues(hass) == expected["issues"]
    assert published(entry) == expected["published_wh"]
    if expected["periods"]:
        assert periods(entry) == expected["periods"]
    states = shown(hass, entry)
    for key, state in expected["states"].items():
        assert states[key]["state"] == state["state"], key
        for name, value in state.get("attributes", {}).items():
            assert states[key]["attributes"][name] == value, f"{key}: {name}"


@pytest.mark.parametrize("name", scenarios())
async def test_what_was_stored_is_still_known(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    scenario = Scenario(name)
    async with scenario.begun(hass, freezer, monkeypatch) as (entry, disk):
        before = disk.names
        await start(hass, entry)
        if name != "question-gone":
            # Two reads follow a start now, so that this question is withdrawn sooner.
            assert_shows(hass, entry, scenario.expected["after_setup"])
        freezer.tick(60)
        if then := scenario.situation["then"]:
            scenario.show(then["meter"])
        await let_pass(hass, 60)
        for _ in range(2):
            freezer.tick(6)
            await let_pass(hass)
        assert_shows(hass, entry, scenario.expected["after_then"])
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert disk.names >= before
        assert not [file for file in disk.names if "unreadable" in file]


@pytest.mark.parametrize(("name", "choice"), ANSWERS)
async def test_a_question_can_still_be_answered(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    choice: str,
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    scenario = Scenario(name)
    (key,) = scenario.situation["answers"]
    async with scenario.begun(hass, freezer, monkeypatch) as (entry, _disk):
        await start(hass, entry)
        manager = hass.data["repairs"]["flow_manager"]
        asked = await manager.async_init(DOMAIN, data={"issue_id": f"{key}_{entry.entry_id}"})
        await manager.async_configure(asked["flow_id"], {"next_step_id": choice})
        await hass.async_block_till_done(wait_background_tasks=True)
        freezer.tick(timedelta(seconds=6))
        await let_pass(hass)
        expected = scenario.expected["after_answer"][choice]
        assert issues(hass) == expected["issues"]
        assert published(entry) == expected["published_wh"]
        assert entry.state is ConfigEntryState.LOADED
