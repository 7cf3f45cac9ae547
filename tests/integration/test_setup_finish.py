"""The last forms of the setup show what the meter measures, and doubts about it."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    answers,
    describe,
    form_of,
    search,
    submit,
)
from tests.integration.scanning import nothing_is_open
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

NBSP = "\N{NO-BREAK SPACE}"
VOLTS = "A_123.1_V · B_120.7_V · C_120.4_V".replace("_", NBSP)


def measurements(result: ConfigFlowResult) -> str:
    """Return the measurements that a form shows."""
    return str((result["description_placeholders"] or {})["measured"])


async def finish(hass: HomeAssistant, device: Device, **said: Any) -> ConfigFlowResult:
    """Add one meter, and return what the last form looked like."""
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        last = await describe(hass, result, **said)
        assert last["step_id"] == "finish"
        assert last["last_step"]
        assert nothing_is_open(hass)
        created = await submit(hass, last, {})
        assert created["type"] is FlowResultType.CREATE_ENTRY
        return last


async def test_power_and_volts_are_shown(hass: HomeAssistant) -> None:
    """Both forms show the measurements, the last one with the meter's name."""
    device = Device()
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        assert measurements(result) == f"Exporting 4434{NBSP}W · {VOLTS}"
        assert result["preview"] == "dts307"
        device.write("W", 1234)
        device.write("W_SF", 0)
        result = await describe(hass, result, name="House")
        assert measurements(result) == f"- **House**: Importing 1234{NBSP}W · {VOLTS}"
        assert result["preview"] == "dts307"
        assert not result["errors"]
        # Without the Energy dashboard there is nothing to tick.
        assert form_of(result).schema == {}


async def test_volts_between_phases_where_there_is_no_neutral(hass: HomeAssistant) -> None:
    """A delta service has no other voltages, so the form shows no others."""
    hass.config.language = "de"
    device = Device()
    for point in ("PhVphA", "PhVphB", "PhVphC", "PhVphCA"):
        device.write(point, None)
    for point in ("W", "WphA", "WphB", "WphC"):
        device.write(point, None)
    assert (
        measurements(await finish(hass, device))
        == f"- **DTS 307**: A-B{NBSP}211,1{NBSP}V · B-C{NBSP}208,8{NBSP}V"
    )


@pytest.mark.parametrize(
    ("points", "said", "error"),
    [
        ({"W": 6000}, {"role": "solar"}, "solar_imports"),
        ({"W": -6000}, {"role": "solar"}, None),
        ({"W": 40}, {"role": "solar"}, None),
        ({"W": None}, {"role": "solar"}, None),
        ({"W": -6000}, {"role": "load"}, "load_exports"),
        ({"W": 6000}, {"role": "load"}, None),
        ({"W": -6000}, {"role": "grid"}, None),
        ({"W": -6000}, {"role": "battery"}, None),
        ({"W": 6000}, {"role": "battery"}, None),
        ({"AphB": 13000, "AphA": None}, {"ct_rating": 100}, "current_above_rating"),
        ({"AphC": -13000}, {"ct_rating": 100}, "current_above_rating"),
        ({"AphB": 11000}, {"ct_rating": 100}, None),
        ({"AphB": 13000}, {"ct_rating": 100, "ct_sets": 2}, None),
        ({"AphB": 13000}, {}, None),
        ({"PhVphB": 0, "AphB": 5000}, {}, "current_without_voltage"),
    ],
)
async def test_what_cannot_be_right_is_told(
    hass: HomeAssistant, points: dict[str, int | None], said: dict[str, Any], error: str | None
) -> None:
    """The form shows a doubt, but the meter can be added."""
    device = Device()
    for scale in ("W_SF", "A_SF"):
        device.write(scale, {"W_SF": 0, "A_SF": -2}[scale])
    for point, value in points.items():
        device.write(point, value)
    last = await finish(hass, device, **said)
    assert last["errors"] == ({"base": error} if error else None)
    assert error is None or ENGLISH["config"]["error"][error]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"ct_rating": 0.5}, {"ct_rating": "ct_rating_range"}),
        ({"ct_rating": 10001}, {"ct_rating": "ct_rating_range"}),
        ({"ct_sets": 4}, {"ct_sets": "ct_sets_range"}),
    ],
)
async def test_a_number_out_of_range_is_told_the_range(
    hass: HomeAssistant, said: dict[str, float], error: dict[str, str]
) -> None:
    """At its field, and the same form can be sent again."""
    async with network(Device()) as line:
        asked = await search(hass, "network", answers(network_data(line)))
        with pytest.raises(InvalidData) as refused:
            await describe(hass, asked, **said)
        assert refused.value.schema_errors == error
        assert (await describe(hass, asked, ct_rating=1))["step_id"] == "finish"
        hass.config_entries.flow.async_abort(asked["flow_id"])


async def test_a_meter_without_a_value(hass: HomeAssistant) -> None:
    """The meter answers, but its voltage inputs are not connected."""
    device = Device()
    for point in list(device.meter_model().points):
        if point.startswith(("A", "PhV", "PPV", "Hz", "W", "V", "PF")):
            device.write(point, None)
    last = await finish(hass, device)
    assert last["errors"] == {"base": "no_values"}
    assert measurements(last) == "- ⚠ **DTS 307**: -"


async def test_a_meter_that_is_silent_by_then(hass: HomeAssistant) -> None:
    """The form says so in place of values, and the meter can be added."""
    device = Device()
    async with network(device) as line:
        result = await search(hass, "network", answers(network_data(line)))
        device.silent = True
        result = await describe(hass, result)
        assert measurements(result) == "- **DTS 307**: No answer"
        assert not result["errors"]
        device.silent = False
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_doubts_about_several_meters(hass: HomeAssistant) -> None:
    """The form shows the first doubt and marks the meters that have any."""
    devices = [Device(MeterConfig(unit=unit)) for unit in (100, 101, 102)]
    for device in devices:
        device.write("W_SF", 0)
        device.write("W", 6000)
    async with network(*devices) as line:
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        serials = [device.serial_number for device in devices]
        result = await submit(hass, result, {"meters": serials})
        result = await describe(hass, result, role="load")
        result = await describe(hass, result, role="solar")
        result = await describe(hass, result, role="solar")
        assert result["errors"] == {"base": "solar_imports"}
        assert measurements(result).splitlines() == [
            f"- **DTS 307 (100)**: Importing 6000{NBSP}W · {VOLTS}",
            f"- ⚠ **DTS 307 (101)**: Importing 6000{NBSP}W · {VOLTS}",
            f"- ⚠ **DTS 307 (102)**: Importing 6000{NBSP}W · {VOLTS}",
        ]
        hass.config_entries.flow.async_abort(result["flow_id"])
