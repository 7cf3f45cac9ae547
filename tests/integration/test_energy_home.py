"""A meter of the whole home, with Energy dashboards that can have one and with those that cannot.

The browser tests add one to a dashboard that checks it.
"""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.dts307.energy_dashboard import (
    EnergyDashboardError,
    async_add_to_dashboard,
    async_is_in_dashboard,
)
from simulator import MeterConfig
from tests.device import Device
from tests.integration.dashboard import have_home_source, open_dashboard, save, shown
from tests.integration.home import (
    ENGLISH,
    describe,
    entry_for,
    form_of,
    load,
    search,
    settings_of,
    submit,
    suggested,
    unknowing,
)
from tests.integration.test_energy_options import ask, assert_over, submit as options_submit
from tests.integration.test_setup_energy import finish, reason, ticked
from tests.lines import network, network_data

OLD_HOME = {"type": "home", "stat_energy_to": "sensor.old_panel"}
HOME_SOURCE = {
    "type": "home",
    "stat_energy_to": "sensor.dts_307_energy_consumed",
    "stat_rate": "sensor.dts_307_power",
}

pytestmark = pytest.mark.usefixtures("recorder_mock", "home_source")


@pytest.fixture
def home_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a dashboard that can have one."""
    have_home_source(monkeypatch)


def roles_of(result: ConfigFlowResult) -> list[str]:
    """Return the roles that a form offers."""
    options: list[str] = form_of(result).schema["role"].config["options"]
    return options


@pytest.mark.parametrize("available", [True, False])
async def test_it_is_offered_where_the_dashboard_can_have_one(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, *, available: bool
) -> None:
    """During setup and in the options."""
    have_home_source(monkeypatch, available=available)
    device, other = Device(), Device(MeterConfig(unit=101))
    async with network(device) as line, network(other) as second:
        entry = entry_for(device, network_data(line), role="grid")
        await load(hass, entry)
        options = await settings_of(hass, entry)
        setup = await search(hass, "network", unknowing(network_data(second)))
        for form in (options, setup):
            assert ("home" in roles_of(form)) is available
        hass.config_entries.flow.async_abort(setup["flow_id"])
        hass.config_entries.options.async_abort(options["flow_id"])


async def test_it_becomes_the_home(hass: HomeAssistant) -> None:
    """What is there already stays."""
    manager = await open_dashboard(hass, old=True)
    before = shown(manager)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="home")
        await load(hass, entry)
        await async_add_to_dashboard(hass, entry)
        assert await async_is_in_dashboard(hass, entry)
        before["energy_sources"].append(HOME_SOURCE)
        assert shown(manager) == before
        await async_add_to_dashboard(hass, entry)
        assert shown(manager) == before


async def test_a_second_one_is_refused(hass: HomeAssistant) -> None:
    """The dashboard would not take it; the options say so before anything is asked."""
    manager = await open_dashboard(hass)
    await save(manager, energy_sources=[OLD_HOME])
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="home")
        await load(hass, entry)
        with pytest.raises(EnergyDashboardError) as refused:
            await async_add_to_dashboard(hass, entry)
        assert refused.value.reason == "only_one_home"
        assert_over(await ask(hass, entry, "energy_dashboard"), "only_one_home")
        assert shown(manager)["energy_sources"] == [OLD_HOME]
        await save(manager, energy_sources=[])
        asked = await ask(hass, entry, "energy_dashboard")
        assert_over(await options_submit(hass, asked, {}), "added")
        assert shown(manager)["energy_sources"] == [HOME_SOURCE]


@pytest.mark.parametrize(
    ("there", "names", "offered", "others"),
    [
        ([], ["House"], ["House"], None),
        ([], ["House", "Barn"], ["House"], ("Barn", "House")),
        ([OLD_HOME], ["House"], [], ("House", "sensor.old_panel")),
    ],
)
async def test_set_up_offers_the_first(
    hass: HomeAssistant,
    there: list[dict[str, Any]],
    names: list[str],
    offered: list[str],
    others: tuple[str, str] | None,
) -> None:
    """A second one cannot be ticked, and the form says why; all are set up nevertheless."""
    manager = await open_dashboard(hass)
    await save(manager, energy_sources=list(there))
    devices = [Device(MeterConfig(unit=100 + place)) for place in range(len(names))]
    async with network(*devices) as line:
        result = await finish(hass, line, dict.fromkeys(names, "home"))
        if offered:
            assert ticked(result) == offered
            options = form_of(result).schema["energy"].config["options"]
            assert [option["label"] for option in options] == offered
        else:
            assert form_of(result).schema == {}
        text = ENGLISH["selector"]["live"]["options"]["home_source_there"]
        expected = others and text.format(meters=others[0], sources=others[1])
        assert reason(result) == (expected or "")
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done(wait_background_tasks=True)
        assert len(hass.config_entries.async_entries("dts307")) == len(names)
        homes = [each["stat_energy_to"] for each in shown(manager)["energy_sources"]]
        assert homes == ["sensor.house_energy_consumed" if offered else "sensor.old_panel"]


async def test_a_step_back_to_a_version_without_it(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The meter works and keeps its role; only the dashboard cannot have it, which is said."""
    have_home_source(monkeypatch, available=False)
    manager = await open_dashboard(hass, old=True)
    before = shown(manager)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="home")
        await load(hass, entry)
        power = hass.states.get("sensor.dts_307_power")
        assert power is not None
        assert power.state not in ("unavailable", "unknown")
        assert_over(await ask(hass, entry, "energy_dashboard"), "home_not_supported")
        assert shown(manager) == before

        asked = await ask(hass, entry, "settings")
        assert "home" in roles_of(asked)
        assert suggested(asked)["role"] == "home"
        answers = {"ct_sets": 2, "role": "home", "states": {}, "billing": {}, "prices": {}}
        await options_submit(hass, asked, answers)
        assert entry.options["ct_sets"] == 2
        assert entry.options["role"] == "home"


@pytest.mark.parametrize(("watts", "error"), [(-6000, "home_exports"), (-40, None), (6000, None)])
async def test_export_is_doubtful(hass: HomeAssistant, watts: int, error: str | None) -> None:
    """A home consumes; what it feeds in by itself does not come past this meter."""
    device = Device()
    device.write("W_SF", 0)
    device.write("W", watts)
    async with network(device) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        result = await describe(hass, result, name="House", role="home")
        assert result["errors"] == ({"base": error} if error else None)
        hass.config_entries.flow.async_abort(result["flow_id"])
