"""From "Add integration" to states that are true, by clicking."""

from playwright.async_api import Page, expect
import pytest

from scripts.dev.client import Client, HomeAssistantError, wait_for
from scripts.dev.flows import set_options
from scripts.dev.processes import LOOPBACK, free_port
from simulator import Simulator
from simulator.meter import Meter

from .axe import assert_dialog_accessible
from .flow import begin_setup, dialog, enter_address, fill, finish, submit
from .truth import expected_states, shown_states

UNAVAILABLE = "unavailable"
ALWAYS_SHOWN = {"power", "energy_imported", "energy_exported"}


async def test_add_a_meter_and_see_what_it_measures(
    page: Page, home_assistant: Client, simulator: Simulator
) -> None:
    """A wrong address gets advice; at the right one, what is wrong otherwise does no harm."""
    meter = simulator.meters[0]

    await begin_setup(page, "Network adapter")
    await enter_address(page, LOOPBACK, free_port())
    await submit(page)
    await expect(dialog(page).get_by_text("refuses connections on this port")).to_be_visible()
    await assert_dialog_accessible(dialog(page))

    await enter_address(page, LOOPBACK, simulator.tcp_port)
    await dialog(page).get_by_text("Known settings").click()
    await fill(page, "Unit ID", "17")
    await submit(page)
    found = dialog(page).get_by_text(f"DTS 307 {meter.serial}")
    await expect(found).to_be_visible(timeout=60_000)
    await fill(page, "CT rating", "200")
    await submit(page)
    await expect(dialog(page).get_by_text("Does this look right?")).to_be_visible()
    await submit(page)
    await finish(page)
    (entry,) = await home_assistant.command("config_entries/get", domain="dts307")
    recording = {"recording": "every_reading"}
    await set_options(home_assistant, entry["entry_id"], {"settings"}, recording)

    await shows(home_assistant, meter)

    # Hardly faster than in earnest: counters that race would rightly not be believed.
    simulator.clock.advance(30)
    await shows(home_assistant, meter)

    await simulator.set_plugged(plugged=False)
    await wait_for(lambda: all_unavailable(home_assistant, meter), "the meter to go")
    simulator.clock.advance(30)
    await simulator.set_plugged(plugged=True)
    await shows(home_assistant, meter)


async def shows(home_assistant: Client, meter: Meter) -> None:
    """Wait until every sensor shows what is true of the meter, which stands still meanwhile."""
    expected = expected_states(meter.truth())
    shown: dict[str, float] = {}

    async def agree() -> bool:
        nonlocal shown
        states = await shown_states(home_assistant, meter.serial)
        shown = {key: float(state) for key, state in states.items() if state != UNAVAILABLE}
        return bool(shown) and shown == pytest.approx(
            {key: expected[key] for key in states}, rel=1e-12
        )

    try:
        await wait_for(agree, "the states to agree with the meter", seconds=20)
    except HomeAssistantError:
        assert shown == {key: expected[key] for key in shown}
        raise
    assert shown.keys() >= ALWAYS_SHOWN


async def all_unavailable(home_assistant: Client, meter: Meter) -> bool:
    states = await shown_states(home_assistant, meter.serial)
    return bool(states) and set(states.values()) == {UNAVAILABLE}
