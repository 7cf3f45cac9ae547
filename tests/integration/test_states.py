"""What the entities show is what the registers say."""

from decimal import Decimal
import logging

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.dts307.descriptions.measured import PHASE_SENSORS, TOTAL_SENSORS
from custom_components.dts307.meter.sunspec import meter as library
from simulator import MeterConfig
from tests.device import METER_MODELS, NOON, Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.integration.truth import expected_values
from tests.lines import network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

EVENTS = {
    "power_failure": 2,
    "under_voltage": 3,
    "low_power_factor": 4,
    "over_current": 5,
    "over_voltage": 6,
    "missing_sensor": 7,
}
"""The bits of the point Evt, by the names that the integration gives them."""


MEASURED = {row.key for row in TOTAL_SENSORS + PHASE_SENSORS}
"""The keys of the sensors of what a meter measures; others show what follows from it."""


def shown(hass: HomeAssistant, device: Device) -> dict[str, float]:
    """Return the values of all sensors of what a meter measures, by entity key."""
    prefix = f"{device.serial_number}_"
    keys = {
        entry.unique_id.removeprefix(prefix)
        for entry in er.async_get(hass).entities.values()
        if entry.domain == "sensor" and entry.unique_id.startswith(prefix)
    }
    return {key: float(state_of(hass, device, key)) for key in keys & MEASURED}


def count(device: Device, more: int = 0) -> None:
    """Give each counter that the model has for its phases a value of its own, and some more."""
    model = device.meter_model()
    counters = [name for name in model.points if name.startswith("Tot") and "_SF" not in name]
    phases = {1: "", 2: "AB", 3: "ABC", 4: "ABC"}[model.model_id % 10]
    for number, name in enumerate(counters):
        if "ph" not in name.lower() or name[-1] in phases:
            device.write(name, 1_234_567 + 100_003 * number + more)


@pytest.mark.parametrize("hour", [0, 12])
@pytest.mark.parametrize("model", METER_MODELS)
async def test_every_model(hass: HomeAssistant, model: int, hour: int) -> None:
    """At noon and at midnight: exactly the sensors that the model has, with exactly its values."""
    device = Device(MeterConfig(model=model), timestamp=NOON - 12 * 3600 + hour * 3600)
    count(device)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        assert shown(hass, device) == pytest.approx(expected_values(device), rel=1e-12)

        # The next poll brings the head of the model; the rest may be up to a minute old.
        before = expected_values(device)
        device.become(MeterConfig(model=model), timestamp=NOON + 3600)
        count(device, more=1)
        # No power flows for this count, so that it takes a second read.
        for _ in range(2):
            await let_pass(hass)
        expected = expected_values(device) | {
            key: value
            for key, value in before.items()
            if "tive_energy" in key or "ent_energy" in key
        }
        assert shown(hass, device) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2])
async def test_scale_factors(hass: HomeAssistant, exponent: int) -> None:
    """Also those that make a value larger."""
    device = Device()
    for quantity in ("A", "V", "Hz", "W", "VA", "VAR", "TotWh", "TotVAh", "TotVArh"):
        device.write(f"{quantity}_SF", exponent)
    count(device)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        expected = expected_values(device)
        # The ratio shows the encoding of the power factor, and scaling changed it here.
        values = shown(hass, device)
        for key in expected:
            if "factor" not in key:
                assert values[key] == pytest.approx(expected[key], rel=1e-12), key


@pytest.mark.parametrize(
    ("imported", "exported", "exponent"),
    [
        (123_456_789, 987_654, 0),
        (1, 2, 0),
        (4_294_967_294, 3, 0),
        (4_294_967_294, 1_000_000_007, -3),
        (123_456_789, 11, 2),
        # In binary, a thousandth of these is not quite what the decimals say.
        (9, 21, -3),
        (12, 3, -2),
    ],
)
async def test_energies_are_exact(
    hass: HomeAssistant, imported: int, exported: int, exponent: int
) -> None:
    """To the last digit that the meter counts, so that small loads do not vanish."""
    device = Device()
    device.write("TotWhImp", imported)
    device.write("TotWhExp", exported)
    device.write("TotWh_SF", exponent)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        kilo = Decimal(10) ** (exponent - 3)
        assert Decimal(state_of(hass, device, "energy_imported")) == imported * kilo
        assert Decimal(state_of(hass, device, "energy_exported")) == exported * kilo
        assert Decimal(state_of(hass, device, "energy_net")) == (imported - exported) * kilo


async def test_a_counter_at_zero_is_a_reading(hass: HomeAssistant) -> None:
    """A new meter has counted nothing, which is not the same as having no counter."""
    device = Device()
    for point in ("TotWhImp", "TotWhExp"):
        device.write(point, 0)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        for key in ("energy_imported", "energy_exported", "energy_net"):
            assert float(state_of(hass, device, key)) == 0


async def test_what_is_no_longer_measured_is_unknown(hass: HomeAssistant) -> None:
    """A value that the meter leaves out for a while takes its entity's state, not the entity."""
    device = Device()
    async with serial(device) as line:
        await load(hass, entry_for(device, serial_data(line)))
        assert state_of(hass, device, "power_factor") != STATE_UNKNOWN
        for point in ("PF", "PFphA", "PFphB", "PFphC"):
            device.write(point, None)
        await let_pass(hass)
        assert state_of(hass, device, "power_factor") == STATE_UNKNOWN
        assert state_of(hass, device, "power_factor_a") == STATE_UNKNOWN
        assert state_of(hass, device, "power") != STATE_UNKNOWN
        device.write("PF", -950)
        await let_pass(hass)
        assert float(state_of(hass, device, "power_factor")) == -0.95
        assert state_of(hass, device, "power_factor_a") == STATE_UNKNOWN


async def test_what_is_measured_later_appears_then(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Some meters leave the power factor out while no current flows; it is added once."""
    device = Device(MeterConfig(missing=frozenset({"PF", "PFphA", "PFphB", "PFphC"})))
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        await let_pass(hass)
        assert not {"power_factor", "power_factor_a"} & shown(hass, device).keys()
        present = Device()
        device.registers = present.registers
        for _ in range(2):
            await let_pass(hass)
            assert shown(hass, device) == pytest.approx(expected_values(device), rel=1e-12)
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_totals_from_phases(hass: HomeAssistant) -> None:
    """Devices in the field leave out totals that SunSpec demands, while the phases are there."""
    device = Device(MeterConfig(missing=frozenset({"A", "PhV", "PPV", "W"})))
    device.write("WphA", -1000)
    device.write("WphB", 400)
    device.write("WphC", 350)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        values = shown(hass, device)
        assert values["power"] == -250
        for key, divisor in (
            ("current", 1),
            ("voltage_line_to_neutral", 3),
            ("voltage_line_to_line", 3),
        ):
            phases = [value for name, value in values.items() if name.startswith(f"{key}_")]
            assert len(phases) == 3
            assert values[key] == pytest.approx(sum(phases) / divisor, rel=1e-12)


@pytest.mark.parametrize("model", [203, 213])
@pytest.mark.parametrize("event", EVENTS)
async def test_events(hass: HomeAssistant, model: int, event: str) -> None:
    """Each flag has its binary sensor; what is reserved or the maker's own has none."""
    device = Device(MeterConfig(model=model))
    device.write("Evt", 1 << EVENTS[event] | 1 << 9 | 1 << 20)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        states = {key: state_of(hass, device, key, "binary_sensor") for key in EVENTS}
        assert states == dict.fromkeys(EVENTS, STATE_OFF) | {event: STATE_ON}


async def test_events_come_and_go(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read once a minute; here, with every poll."""
    monkeypatch.setattr(library, "FULL_READ_EVERY", 0)
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        for flags, state in ((1 << 5, STATE_ON), (None, STATE_UNKNOWN), (0, STATE_OFF)):
            device.write("Evt", flags)
            await let_pass(hass)
            assert state_of(hass, device, "over_current", "binary_sensor") == state


async def test_a_meter_without_event_flags(hass: HomeAssistant) -> None:
    """It gets none of their binary sensors."""
    device = Device(MeterConfig(missing=frozenset({"Evt"})))
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        keys = {
            shown_entry.unique_id.removeprefix(f"{device.serial_number}_")
            for shown_entry in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
            if shown_entry.domain == "binary_sensor"
        }
        assert "answering" in keys
        assert not keys & EVENTS.keys()
