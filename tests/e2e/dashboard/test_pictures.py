"""The pictures of the documents, which show what the cards show here."""

from datetime import UTC, datetime, timedelta
from functools import partial

from playwright.async_api import expect

from scripts.dev.client import wait_for
from tests.e2e.pictures import picture

from .home import Home, shows

TODAY = {"energy_imported": 6.71, "energy_exported": 14.82}
NOT_A_NUMBER = {"unknown", "unavailable"}
HOUSE: dict[str, dict[str, float]] = {
    "A": {"load_factor": 0.0, "sun": 0.7, "extra_watts": 300.0},
    "B": {"load_factor": 1.0, "sun": 0.9, "extra_watts": 0.0},
    "C": {"load_factor": 1.0, "sun": 0.0, "extra_watts": 1900.0},
}


async def test_pictures(home: Home) -> None:
    """A house that exports at noon, though one of its phases consumes."""
    meter = home.meter("wye")
    # What the states show is what the cards show.
    await home.set_options("wye", recording="every_reading")
    home.simulator.set_house(meter, meter.site.house.tweaked(HOUSE))
    home.simulator.clock.advance(5)
    await home.page.emulate_media(reduced_motion="reduce")
    await count_today(home)
    await name_meter(home, "Grid meter")
    for dark, name in ((False, "cards-light"), (True, "cards-dark")):
        await home.show("both", dark=dark, size={"width": 1280, "height": 780})
        card = home.card()
        power = meter.truth()["W"]
        assert power is not None
        await shows(card, f"{abs(power):,.0f}")
        for energy in TODAY.values():
            await shows(card, f"{energy:.2f} kWh")
        await expect(home.page.locator("ha-card h2")).to_have_text(["Grid meter"] * 2)
        await picture(home.page.locator("hui-sections-view"), name, steady=False, colours=256)
    await name_meter(home, "The wye meter")
    await home.set_options("wye", recording="economical")


async def name_meter(home: Home, name: str) -> None:
    await home.client.command(
        "config/device_registry/update", device_id=home.devices["wye"], name_by_user=name
    )


async def count_today(home: Home) -> None:
    """Let the recorder know how much has been counted since midnight."""
    entities = await home.entities("wye")
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for key, energy in TODAY.items():
        live = float(await wait_for(partial(number, home, entities[key]), f"a number of {key}"))
        counted_live = live - await first_state(home, entities[key])
        rows = ((midnight - timedelta(hours=1), 0.0), (midnight, energy))
        await home.client.command(
            "recorder/import_statistics",
            metadata={
                "statistic_id": entities[key],
                "source": "recorder",
                "name": None,
                "unit_of_measurement": "kWh",
                "unit_class": "energy",
                "has_sum": True,
                "mean_type": 0,
            },
            stats=[
                # The recorder counts from 0 on, beginning with the first live state.
                {
                    "start": start.isoformat(),
                    "state": live - energy + counted,
                    "sum": counted_live - energy + counted,
                }
                for start, counted in rows
            ],
        )


async def number(home: Home, entity_id: str) -> str:
    """Return the number that a sensor shows; nothing while it is not available."""
    state = (await home.client.states())[entity_id]
    return "" if state in NOT_A_NUMBER else state


async def first_state(home: Home, entity_id: str) -> float:
    """Return the first number that Home Assistant has recorded for a sensor."""
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    (states,) = await home.client.get(
        f"/api/history/period/{since}?filter_entity_id={entity_id}&minimal_response&no_attributes"
    )
    numbers = [state["state"] for state in states if state["state"] not in NOT_A_NUMBER]
    return float(numbers[0])
