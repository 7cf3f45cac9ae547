"""Which entities a meter has and how Home Assistant treats them: entities.csv states it once more.

Its last column lists the kinds of service that have the entity, by the last digit of their SunSpec
model: single phase (1), split phase (2), wye (3), delta (4). On single phase, the phase equals
the total, and a delta service has no neutral to measure against.
"""

import csv
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import slugify
from homeassistant.util.yaml import load_yaml_dict
import pytest

from simulator import MeterConfig
from tests.device import METER_MODELS, Device
from tests.integration.home import INTEGRATION, entry_for, load
from tests.lines import network, network_data

type Row = dict[str, str]

with (Path(__file__).parent / "entities.csv").open() as table:
    ROWS: list[Row] = list(csv.DictReader(table))


def expected_rows(model: int) -> dict[str, Row]:
    """Return the rows of a model's entities, by key."""
    return {
        row["key"]: {name: cell for name, cell in row.items() if name != "services"}
        for row in ROWS
        if str(model % 10) in row["services"]
    }


def row_of(entity: er.RegistryEntry, key: str) -> Row:
    """Return what Home Assistant knows of an entity."""
    category = entity.entity_category
    return {
        "platform": entity.domain,
        "key": key,
        "name": entity.original_name or "",
        "device_class": entity.original_device_class or "",
        "unit": entity.unit_of_measurement or "",
        "state_class": (entity.capabilities or {}).get("state_class", ""),
        "category": category.value if category else "",
        "enabled": "no" if entity.disabled_by else "yes",
    }


@pytest.mark.parametrize("model", METER_MODELS)
async def test_the_entities_of_each_model(hass: HomeAssistant, model: int) -> None:
    """These and no others."""
    device = Device(MeterConfig(model=model))
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        entities = {
            entity.unique_id.removeprefix(f"{device.serial_number}_"): entity
            for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        }
        expected = expected_rows(model)
        assert {key: row_of(entity, key) for key, entity in entities.items()} == expected
        assert len({entity.original_name for entity in entities.values()}) == len(expected)
        assert all(entity.has_entity_name for entity in entities.values())
        assert {entity.entity_id for entity in entities.values()} == {
            f"{row['platform']}.{slugify(f'DTS 307 {row["name"]}')}" for row in expected.values()
        }


def test_the_quality_scale_counts_them() -> None:
    """Those of a wye service, whose CT rating is not known yet."""
    rows = expected_rows(203)
    enabled = [key for key, row in rows.items() if row["enabled"] == "yes"]
    verdict = load_yaml_dict(str(INTEGRATION / "quality_scale.yaml"))["rules"]
    comment = verdict["entity-disabled-by-default"]["comment"]
    assert f"{len(enabled)} of {len(rows)} entities" in comment


async def test_names_in_a_language_that_we_lack(hass: HomeAssistant) -> None:
    """The names of the device classes come from Home Assistant, the others are English."""
    hass.config.language = "sv"
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        names = {
            entity.unique_id.removeprefix(f"{device.serial_number}_"): entity.original_name
            for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        }
    in_swedish = {
        "power": "Effekt",
        "voltage_line_to_neutral": "Spänning",
        "current": "Ström",
        "frequency": "Frekvens",
        "power_factor": "Effektfaktor",
        "apparent_power": "Skenbar effekt",
        "reactive_power": "Reaktiv effekt",
    }
    in_english = {key: row["name"] for key, row in expected_rows(MeterConfig().model).items()}
    assert names == in_english | in_swedish


@pytest.mark.usefixtures("all_entities_enabled")
async def test_how_they_are_shown(hass: HomeAssistant) -> None:
    """The states keep all digits; only what is shown is rounded."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        state = hass.states.get("sensor.dts_307_voltage_a_b")
        assert state is not None
        assert state.attributes["friendly_name"] == "DTS 307 Voltage A-B"
        registry = er.async_get(hass)
        precisions = {
            key: registry.entities[f"sensor.dts_307_{key}"].options["sensor"][
                "suggested_display_precision"
            ]
            for key in ("power", "voltage", "current", "energy_imported", "frequency")
        }
        assert precisions == {
            "power": 0,
            "voltage": 1,
            "current": 2,
            "energy_imported": 2,
            "frequency": 2,
        }
