"""What the entities of a meter have to show, by pysunspec2 from the very registers it serves."""

from collections.abc import Iterator

from tests.device import Device

_TOTALS = {
    "power": "W",
    "voltage_line_to_neutral": "PhV",
    "voltage_line_to_line": "PPV",
    "current": "A",
    "energy_imported": "TotWhImp",
    "energy_exported": "TotWhExp",
    "power_factor": "PF",
    "apparent_power": "VA",
    "reactive_power": "VAR",
    "apparent_energy_imported": "TotVAhImp",
    "apparent_energy_exported": "TotVAhExp",
    "reactive_energy_q1": "TotVArhImpQ1",
    "reactive_energy_q2": "TotVArhImpQ2",
    "reactive_energy_q3": "TotVArhExpQ3",
    "reactive_energy_q4": "TotVArhExpQ4",
}

_LETTERS = {201: "", 202: "AB", 203: "ABC", 204: "ABC", 211: "", 212: "AB", 213: "ABC", 214: "ABC"}
"""The phases that a model has, where they are more than its total."""

_PAIRS = {"": (), "AB": ("AB",), "ABC": ("AB", "BC", "CA")}


def _points(model_id: int) -> Iterator[tuple[str, str]]:
    """Go through entity keys and the points they show; pysunspec2 spells some in several ways."""
    yield "frequency", "Hz"
    yield from _TOTALS.items()
    letters = _LETTERS[model_id]
    for key, point in _TOTALS.items():
        if key == "voltage_line_to_line":
            yield from ((f"{key}_{pair.lower()}", f"PhVph{pair}") for pair in _PAIRS[letters])
        else:
            yield from ((f"{key}_{letter.lower()}", f"{point}ph{letter}") for letter in letters)


def expected_values(device: Device) -> dict[str, float]:
    """Return the values that a meter implements, in the units of the entities, by entity key."""
    model = device.meter_model()
    floats = model.model_id > 210
    points = {name.lower().replace("ppvph", "phvph"): point for name, point in model.points.items()}
    values: dict[str, float] = {}
    for key, name in _points(model.model_id):
        point = points[name.lower()]
        value = point.cvalue
        if value is None and point.pdef["type"] == "acc32":
            # By the letter of SunSpec, 0 means that nothing is accumulated; here it is a reading.
            value = 0
        if value is None:
            continue
        if "energy" in key:
            value /= 1000
        elif "factor" in key and not floats:
            value /= 100
        values[key] = value
    if {"energy_imported", "energy_exported"} <= values.keys():
        values["energy_net"] = values["energy_imported"] - values["energy_exported"]
    return values
