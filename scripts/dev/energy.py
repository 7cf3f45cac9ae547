"""The Energy dashboard of the demo: its sources, and statistics from before the first start."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .client import Client, wait_for

CURRENCY = "USD"
_IMPORT_PRICE = 0.17
_EXPORT_PRICE = 0.08
_PAST = timedelta(days=7)
_LONG = 400 * 86_400

type Row = Mapping[str, Any]
type Unit = tuple[str, str | None]
"""A unit of measurement, and Home Assistant's unit class, None if it converts no such unit."""

_KILOWATT_HOUR: Unit = ("kWh", "energy")
_WATT: Unit = ("W", "power")
_MONEY: Unit = (CURRENCY, None)


@dataclass(frozen=True)
class Sources:
    """The entities that the dashboard shows."""

    grid_import: str
    grid_export: str
    grid_power: str
    solar_energy: str
    solar_power: str


def past_hours() -> tuple[int, int]:
    """Return start and end of the demo's history as Unix times: some days, up to this full hour."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return int((end - _PAST).timestamp()), int(end.timestamp())


async def configure_dashboard(client: Client, sources: Sources) -> None:
    """Configure the grid source with prices, and the solar source."""
    await client.command(
        "energy/save_prefs",
        energy_sources=[
            {
                "type": "grid",
                "stat_energy_from": sources.grid_import,
                "stat_energy_to": sources.grid_export,
                "power_config": {"stat_rate": sources.grid_power},
                "number_energy_price": _IMPORT_PRICE,
                "number_energy_price_export": _EXPORT_PRICE,
                "cost_adjustment_day": 0,
            },
            {
                "type": "solar",
                "stat_energy_from": sources.solar_energy,
                "stat_rate": sources.solar_power,
                "config_entry_solar_forecast": None,
            },
        ],
    )


async def import_past(
    client: Client, sources: Sources, grid: Iterable[Row], solar: Iterable[Row]
) -> None:
    """Import hourly statistics from before the meters were added.

    The rows are the simulator's spans: Wh and W with the meter's sign.
    """
    grid, solar = list(grid), list(solar)
    for entity_id, rows, point, price, paid in (
        (sources.grid_import, grid, "import_reading_wh", _IMPORT_PRICE, "cost"),
        (sources.grid_export, grid, "export_reading_wh", _EXPORT_PRICE, "compensation"),
        (sources.solar_energy, solar, "export_reading_wh", None, ""),
    ):
        live = await import_energy(client, entity_id, rows, point)
        if price is not None:
            money = [(row["start"], (row[point] / 1000 - live) * price) for row in rows]
            await _import_counter(client, f"{entity_id}_{paid}", _MONEY, money, 0.0)
    await _import_power(client, sources.grid_power, grid, lambda watts: watts)
    await _import_power(client, sources.solar_power, solar, lambda watts: -watts)


async def import_energy(client: Client, entity_id: str, rows: Iterable[Row], point: str) -> float:
    """Import a counter's history, and return its present state in kWh."""
    readings = [(row["start"], row[point] / 1000) for row in rows]
    live = float((await client.states())[entity_id])
    await _import_counter(client, entity_id, _KILOWATT_HOUR, readings, live)
    return live


async def wait_until_complete(client: Client) -> None:
    """Wait until the dashboard reports no problem with its sources."""

    async def is_complete() -> bool:
        found = await client.command("energy/validate")
        return not any(problem for source in found["energy_sources"] for problem in source)

    await wait_for(is_complete, "the Energy dashboard to accept its sources")


async def _import_counter(
    client: Client,
    entity_id: str,
    unit: Unit,
    readings: Iterable[tuple[int, float]],
    live: float,
) -> None:
    """Import hourly readings so that the live sensor continues them without a jump.

    The recorder starts the sum of a new sensor at 0 with its first state. So the sums of earlier
    hours must be negative: each is the energy that was still missing to the first state.
    """
    readings = list(readings)
    # Home Assistant counts the first row from 0, which shows as one high bar. An extra first row
    # moves that bar to a time that no one looks at.
    long_ago = [(start - _LONG, reading) for start, reading in readings[:1]]
    stats = [
        {"start": _iso(start), "state": reading, "sum": reading - live}
        for start, reading in long_ago + readings
    ]
    await _import(client, entity_id, unit, stats, has_sum=True)


async def _import_power(
    client: Client, entity_id: str, rows: Iterable[Row], sign: Callable[[float], float]
) -> None:
    stats = []
    for row in rows:
        lowest, highest = sorted((sign(row["min_w"]), sign(row["max_w"])))
        stats.append(
            {
                "start": _iso(row["start"]),
                "mean": sign(row["mean_w"]),
                "min": lowest,
                "max": highest,
            }
        )
    await _import(client, entity_id, _WATT, stats, has_sum=False)


async def _import(
    client: Client, entity_id: str, unit: Unit, stats: list[dict[str, Any]], *, has_sum: bool
) -> None:
    unit_of_measurement, unit_class = unit
    await client.command(
        "recorder/import_statistics",
        metadata={
            "statistic_id": entity_id,
            "source": "recorder",
            "name": None,
            "unit_of_measurement": unit_of_measurement,
            "unit_class": unit_class,
            "has_sum": has_sum,
            "mean_type": 0 if has_sum else 1,
        },
        stats=stats,
    )


def _iso(unix_time: int) -> str:
    return datetime.fromtimestamp(unix_time, UTC).isoformat()
