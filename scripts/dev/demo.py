"""Make a fresh Home Assistant the demo: both meters, and an Energy dashboard with a past."""

from typing import Any

from . import energy
from .client import Client, wait_for
from .flows import add_entry
from .simulator import GRID, SOLAR, DemoMeter, RunningSimulator, local_time_zone

_CT_RATING = 200


async def prepare(client: Client, simulator: RunningSimulator) -> None:
    """Do all that a person would click, in the same order."""
    await client.command(
        "config/core/update",
        country="US",
        currency=energy.CURRENCY,
        location_name="DTS 307 demo",
        time_zone=local_time_zone(),
    )
    grid = await _add_meter(client, simulator, GRID)
    solar = await _add_meter(client, simulator, SOLAR)
    sources = energy.Sources(
        grid_import=grid["energy_imported"],
        grid_export=grid["energy_exported"],
        grid_power=grid["power"],
        solar_energy=solar["energy_exported"],
        solar_power=await _add_production(client, solar["power"]),
    )
    await energy.configure_dashboard(client, sources)
    past = await simulator.history(*energy.past_hours())
    await energy.import_past(client, sources, past[GRID.unit], past[SOLAR.unit])
    await energy.wait_until_complete(client)
    await _add_dashboard(client)


async def _add_meter(
    client: Client, simulator: RunningSimulator, meter: DemoMeter
) -> dict[str, str]:
    """Add a meter by its config flow, and return its sensors' entity ids by what they measure."""
    entry = await add_entry(
        client,
        "dts307",
        {"serial"},
        {"device": str(simulator.pty), "unit_id": meter.unit, "ct_rating": _CT_RATING},
    )

    async def sensors() -> dict[str, str]:
        states = await client.states()
        found = {
            entity["unique_id"].partition("_")[2]: entity["entity_id"]
            for entity in await client.command("config/entity_registry/list")
            if entity["config_entry_id"] == entry["entry_id"]
        }
        wanted = [found.get(key) for key in ("power", "energy_imported", "energy_exported")]
        return found if all(_is_number(states.get(entity or "")) for entity in wanted) else {}

    found = await wait_for(sensors, f"the sensors of the {meter.name.lower()}")
    await _name_device(client, entry, meter.name)
    return found


async def _name_device(client: Client, entry: dict[str, Any], name: str) -> None:
    for device in await client.command("config/device_registry/list"):
        if entry["entry_id"] in device["config_entries"]:
            await client.command(
                "config/device_registry/update", device_id=device["id"], name_by_user=name
            )


async def _add_production(client: Client, power: str) -> str:
    """Add the helper an owner would add: the Energy dashboard wants what the sun gives positive."""
    await add_entry(
        client,
        "template",
        {"sensor"},
        {
            "name": "Solar production",
            "state": f"{{{{ 0 - states('{power}') | float }}}}",
            "availability": f"{{{{ has_value('{power}') }}}}",
            "unit_of_measurement": "W",
            "device_class": "power",
            "state_class": "measurement",
        },
    )
    production = "sensor.solar_production"

    async def has_state() -> bool:
        return _is_number((await client.states()).get(production))

    await wait_for(has_state, "the solar production")
    return production


async def _add_dashboard(client: Client) -> None:
    """Make the dashboard that the integration's own strategy makes of both meters."""
    url_path = "dts-307"
    await client.command(
        "lovelace/dashboards/create",
        url_path=url_path,
        title="DTS 307",
        icon="mdi:meter-electric",
        mode="storage",
    )
    await client.command(
        "lovelace/config/save",
        url_path=url_path,
        config={"strategy": {"type": "custom:dts307"}},
    )


def _is_number(state: str | None) -> bool:
    return state is not None and state not in {"unknown", "unavailable"}
