"""Which point of the simulator's meter each sensor must agree with."""

from collections.abc import Mapping

from scripts.dev.client import Client

_PER_PHASE = {
    "power": "W",
    "voltage_line_to_neutral": "PhV",
    "current": "A",
    "power_factor": "PF",
    "apparent_power": "VA",
    "reactive_power": "VAR",
}
_LINE_TO_LINE = {"": "PPV", "_ab": "PhVphAB", "_bc": "PhVphBC", "_ca": "PhVphCA"}

POINTS = {
    "frequency": "Hz",
    "energy_imported": "TotWhImp",
    "energy_exported": "TotWhExp",
    **_PER_PHASE,
    **{
        f"{key}_{phase.lower()}": f"{point}ph{phase}"
        for key, point in _PER_PHASE.items()
        for phase in "ABC"
    },
    **{f"voltage_line_to_line{suffix}": point for suffix, point in _LINE_TO_LINE.items()},
}
"""The SunSpec point by the key of the sensor that shows it."""

MEASURED = POINTS.keys() | {"energy_net"}
"""The keys of all sensors that show what the meter measures."""


def expected_states(truth: Mapping[str, float | None]) -> dict[str, float]:
    """Return what every sensor must show, by its key, for what the simulator says is true."""
    states = {
        key: value / 1000 if key.startswith("energy_") else value
        for key, point in POINTS.items()
        if (value := truth[point]) is not None
    }
    return states | {"energy_net": states["energy_imported"] - states["energy_exported"]}


async def shown_states(client: Client, serial_number: str) -> dict[str, str]:
    """Return the states of a meter's enabled sensors, by their key; not those of the link."""
    states = await client.states()
    entities = {
        entity["unique_id"].removeprefix(f"{serial_number}_"): entity["entity_id"]
        for entity in await client.command("config/entity_registry/list")
        if entity["platform"] == "dts307" and entity["entity_id"] in states
    }
    return {key: states[entity_id] for key, entity_id in entities.items() if key in MEASURED}
