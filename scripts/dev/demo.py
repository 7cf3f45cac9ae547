"""Set up the demo in a fresh Home Assistant: both meters, dashboards and a past."""

from pathlib import Path

from . import energy, intervals
from .client import Client, wait_for
from .flows import add_entry
from .simulator import GRID, SOLAR, DemoMeter, RunningSimulator, local_time_zone

_CT_RATING = 200


async def prepare(client: Client, simulator: RunningSimulator, config: Path) -> None:
    """Set everything up in the order in which a user would."""
    await client.command(
        "config/core/update",
        country="US",
        currency=energy.CURRENCY,
        location_name="DTS 307 demo",
        time_zone=local_time_zone(),
    )
    grid_entry, grid = await _add_meter(client, simulator, GRID)
    solar_entry, solar = await _add_meter(client, simulator, SOLAR)
    sources = energy.Sources(
        grid_import=grid["energy_imported"],
        grid_export=grid["energy_exported"],
        grid_power=grid["power"],
        solar_energy=solar["energy_exported"],
        solar_power=solar["production"],
    )
    await energy.configure_dashboard(client, sources)
    past = await simulator.history(*energy.past_hours())
    await energy.import_past(client, sources, past[GRID.unit], past[SOLAR.unit])
    await energy.wait_until_complete(client)
    _, end = energy.past_hours()
    start = end - intervals.WEEKS * 7 * 86_400
    past = await simulator.history(start, end, intervals.STEP)
    intervals.write_intervals(config, grid_entry, past[GRID.unit])
    intervals.write_intervals(config, solar_entry, past[SOLAR.unit])
    await _add_dashboard(client)


async def _add_meter(
    client: Client, simulator: RunningSimulator, meter: DemoMeter
) -> tuple[str, dict[str, str]]:
    """Add a meter by its config flow; return its entry's ID, and its entity IDs by entity key."""
    entry = await add_entry(
        client,
        "dts307",
        {"serial"},
        {
            "device": str(simulator.pty),
            "unit_id": meter.unit,
            "meters": [meter.serial],
            "name": meter.name,
            "role": meter.role,
            "ct_rating": _CT_RATING,
        },
    )

    async def sensors() -> dict[str, str]:
        states = await client.states()
        found = {
            entity["unique_id"].partition("_")[2]: entity["entity_id"]
            for entity in await client.command("config/entity_registry/list")
            if entity["config_entry_id"] == entry["entry_id"]
        }
        keys = ["power", "energy_imported", "energy_exported"]
        if meter is SOLAR:
            keys.append("production")
        wanted = [found.get(key) for key in keys]
        return found if all(_is_number(states.get(entity or "")) for entity in wanted) else {}

    return entry["entry_id"], await wait_for(sensors, f"the sensors of the {meter.name.lower()}")


async def _add_dashboard(client: Client) -> None:
    """Add a dashboard that the integration's strategy generates."""
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
