"""After an outage, its cost is in the hours in which the energy flowed."""

from datetime import timedelta

from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.home import entry_for, load
from tests.integration.statistics_repair.hours import BEGUN, Hours, an_outage, bars, starts
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("real_disk")

COST = "energy_cost"
PRICE = "sensor.price"


async def test_the_cost_of_an_outage(hours: Hours) -> None:
    """The price is negative for an hour of it; later hours stay, and the cost goes on."""
    hass = hours.hass
    hass.states.async_set(PRICE, "0.5")
    async with network(hours.device) as line:
        entry = entry_for(
            hours.device, network_data(line), ct_rating=100.0, import_price_entity=PRICE
        )
        await load(hass, entry)
        hours.power["energy_imported"] = 2000
        await hours.run_to(2.7)
        hours.fall_silent()
        await hours.run_to(2.995)
        hass.states.async_set(PRICE, "-0.1")
        await hours.run_to(3.995)
        hass.states.async_set(PRICE, "0.5")
        await hours.run_to(5.5)
        hours.answer()
        await hours.run_to(6.05)
        await hours.compile(6, fill=False)
        before = await hours.rows(COST, unit="EUR")
        assert max(bars(before)) > 2
        await hours.run_to(8.2)
        rows = await hours.rows(COST, unit="EUR")
        assert starts(rows) == list(range(8))
        assert bars(rows) == pytest.approx([1, 1, -0.2, 1, 1, 1, 1], abs=0.06)
        assert [row for row in rows if row[0] in {rows[0][0], rows[1][0], rows[5][0]}] == [
            before[0],
            before[1],
            before[-1],
        ]
        restored = await hass.services.async_call(
            "dts307",
            "restore_statistics",
            {"start": BEGUN, "end": dt_util.utcnow() + timedelta(hours=1)},
            blocking=True,
            return_response=True,
        )
        assert restored is not None
        again = await hours.rows(COST, unit="EUR")
        assert max(bars(again)) == pytest.approx(max(bars(before)))


async def test_totals_of_hours_are_not_kept_in_vain(hours: Hours, entry: MockConfigEntry) -> None:
    """If outages are not filled in, the totals are not needed."""
    manager = hours.hass.config_entries
    options = {**entry.options, "fill_outages": False, "import_price": 0.5}
    manager.async_update_entry(entry, options=options)
    assert await manager.async_reload(entry.entry_id)
    await an_outage(hours)
    cost = entry.runtime_data.store.cost
    assert await cost.async_hour_ends("exported", 0, dt_util.utcnow().timestamp()) == []
    assert await cost.async_hour_ends("imported", 0, dt_util.utcnow().timestamp()) == []
