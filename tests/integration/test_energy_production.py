"""A meter on a solar inverter has a sensor that is positive while the sun gives."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import EVERY_READING, entry_for, let_pass, load, state_of
from tests.lines import network, network_data


@pytest.fixture
def inverter() -> Device:
    """A meter that sees 3 kW go out, and has counted some of that."""
    device = Device()
    device.write("W_SF", 0)
    device.write("W", -3000)
    device.write("TotWhImp", 5_000)
    device.write("TotWhExp", 80_000)
    return device


def production(hass: HomeAssistant, device: Device) -> str | None:
    """Return the entity that shows the production, if there is one."""
    unique_id = f"{device.serial_number}_production"
    return er.async_get(hass).async_get_entity_id("sensor", DOMAIN, unique_id)


async def test_export_is_production(hass: HomeAssistant, inverter: Device) -> None:
    """At night the inverter draws a little, and without current nothing is -0."""
    async with network(inverter) as line:
        entry = entry_for(inverter, network_data(line), role="solar")
        await load(hass, entry)
        assert float(state_of(hass, inverter, "production")) == 3000
        inverter.write("W", 8)
        await let_pass(hass)
        assert float(state_of(hass, inverter, "production")) == -8
        inverter.write("W", 0)
        await let_pass(hass)
        assert not state_of(hass, inverter, "production").startswith("-")
        found = {"role": "solar", "production": "energy_exported"}
        assert entry.options == {**EVERY_READING, **found}


@pytest.mark.parametrize(
    ("imported", "exported", "counter"),
    [
        (80_000, 5_000, "energy_imported"),
        (5_000, 80_000, "energy_exported"),
        (80_000, 40_000, "energy_exported"),
        (9_000, 0, "energy_exported"),
        (10_000, 1_000, "energy_imported"),
        (None, None, "energy_exported"),
    ],
    ids=["turned", "usual", "unclear", "new", "just clear", "uncounted"],
)
async def test_which_counter_it_is(
    hass: HomeAssistant,
    inverter: Device,
    imported: int | None,
    exported: int | None,
    counter: str,
) -> None:
    """The one that is far ahead; if it is unclear, the usual one. It never changes later."""
    inverter.write("W", 2000)
    inverter.write("TotWhImp", imported)
    inverter.write("TotWhExp", exported)
    async with network(inverter) as line:
        entry = entry_for(inverter, network_data(line), role="solar")
        await load(hass, entry)
        assert entry.options["production"] == counter
        sign = 1 if counter == "energy_imported" else -1
        assert float(state_of(hass, inverter, "production")) == sign * 2000
        if imported:
            await hass.config_entries.async_unload(entry.entry_id)
            inverter.write("TotWhExp", 20_000_000)
            await hass.config_entries.async_setup(entry.entry_id)
            assert entry.options["production"] == counter


async def test_unknown_power_is_unknown_production(hass: HomeAssistant, inverter: Device) -> None:
    async with network(inverter) as line:
        await load(hass, entry_for(inverter, network_data(line), role="solar"))
        for point in ("W", "WphA", "WphB", "WphC"):
            inverter.write(point, None)
        await let_pass(hass)
        assert state_of(hass, inverter, "production") == "unknown"
        inverter.write("W", -1)
        await let_pass(hass)
        assert float(state_of(hass, inverter, "production")) == 1


@pytest.mark.parametrize("options", [{}, {"role": "grid"}, {"role": "load"}])
async def test_nowhere_else(hass: HomeAssistant, inverter: Device, options: dict[str, str]) -> None:
    async with network(inverter) as line:
        entry = entry_for(inverter, network_data(line), **options)
        await load(hass, entry)
        assert production(hass, inverter) is None
        assert entry.options == {**EVERY_READING, **options}
