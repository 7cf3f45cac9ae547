"""A scan of a serial port finds baud rate, parity and unit ID."""

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.dts307.meter import MeterSilentError
from custom_components.dts307.meter.modbus import SCAN_RANGE
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    add_meter,
    answers,
    assert_asks_about_meter,
    assert_refused,
    begin,
    follow,
    form_of,
    search,
    start,
    submit,
    suggested,
    unknowing,
)
from tests.integration.scanning import nothing_is_open, watch, when_free
from tests.integration.timing import change_timing
from tests.lines import SPEED, serial, serial_data
from tests.uart import uart

pytestmark = pytest.mark.usefixtures("skip_waiting")

DEFAULT = (9600, "N")
ALL_SETTINGS = {(baud, parity) for baud in SCAN_RANGE.baud_rates for parity in "NE"}
OTHERS = bytes.fromhex("55ff00010000005a55ff0164000000e1" * 2)
"""Two frames of no protocol: they resemble BACnet MS/TP, but with wrong checksums."""


@pytest.mark.usefixtures("all_speeds")
@pytest.mark.parametrize(("baud", "parity"), [(19200, "E"), (4800, "N"), (9600, "E")])
async def test_the_settings_are_found(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, baud: int, parity: str
) -> None:
    """The owner does not have to know it."""
    async with uart(monkeypatch, Device(), baud=baud, parity=parity) as line:
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert line.tried[0] == DEFAULT
        assert nothing_is_open(hass)
        entry = await add_meter(hass, result)
        assert entry.data == serial_data(line, speed=baud) | {
            "parity": {"N": "none", "E": "even"}[parity]
        }


async def test_what_is_known_is_tried_first(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even settings that are not among the usual ones."""
    async with uart(monkeypatch, Device(), baud=1200, parity="O") as line:
        data = serial_data(line, speed=1200) | {"parity": "odd", "stopbits": 2}
        entry = await add_meter(hass, await search(hass, "serial", answers(data)))
        assert set(line.tried) == {(1200, "O")}
        assert entry.data == data


async def test_what_is_known_may_be_wrong(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is entered is only a hint."""
    async with uart(monkeypatch, Device(), baud=9600) as line:
        wrong = serial_data(line, speed=115200) | {"parity": "even"}
        result = await search(hass, "serial", answers(wrong))
        assert line.tried[0] == (115200, "E")
        entry = await add_meter(hass, result)
        assert entry.data == serial_data(line, speed=9600)


@pytest.mark.usefixtures("all_speeds")
async def test_nothing_is_found_and_everything_is_offered(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After all usual settings, the form offers a scan of everything, which takes minutes."""
    unit_ids = range(100, 102)
    scan = {"first": 0.05, "following": 0.03}
    change_timing(hass, scan=scan, scan_range={"unit_ids": unit_ids, "serial_unit_ids": unit_ids})
    async with uart(monkeypatch, baud=9600) as line:
        entered = answers(serial_data(line, speed=9600))
        result = await begin(hass, "serial")
        assert "everything" not in {str(key) for key in form_of(result).schema}
        result = await submit(hass, result, entered)
        assert_refused(result, "serial", "nothing_found_serial")
        # What was entered is still there to be corrected.
        assert suggested(result) == {"device": line.path}
        assert suggested(result, "known") == entered["known"]
        assert form_of(result)({"device": line.path, "known": {}})["everything"] is False
        assert set(line.tried) == ALL_SETTINGS
        assert line.tried[0] == DEFAULT
        asked_so_far = len(line.tried)
        await when_free(line.path)
        assert nothing_is_open(hass)

        result = await submit(hass, result, {**entered, "everything": True})
        assert_refused(result, "serial", "nothing_found_serial")
        asked = len(line.tried) - asked_so_far
        assert asked == len(ALL_SETTINGS) * (1 + len(unit_ids))
        assert suggested(result)["everything"] is True


async def test_everything_finds_the_most_unusual_meter(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unusual unit ID at another baud rate and parity."""
    change_timing(hass, scan_range={"unit_ids": range(16, 19), "likely_unit_ids": (16,)})
    async with uart(monkeypatch, Device(MeterConfig(unit=17)), baud=19200, parity="E") as line:
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", "nothing_found_serial")
        result = await submit(hass, result, unknowing(serial_data(line), everything=True))
        entry = await add_meter(hass, result)
        assert entry.data == serial_data(line, unit_id=17, speed=19200) | {"parity": "even"}


@pytest.mark.usefixtures("all_unit_ids")
@pytest.mark.parametrize("unit_id", [1, 247])
async def test_any_unit_id_is_found(hass: HomeAssistant, unit_id: int) -> None:
    """With the usual settings, the most common unit IDs are part of the normal scan."""
    change_timing(hass, scan={"following": 0.01})
    async with serial(Device(MeterConfig(unit=unit_id))) as line:
        known = serial_data(line)
        result = await search(hass, "serial", answers(known))
        entry = await add_meter(hass, result)
        assert entry.data == known | {"unit_id": unit_id}


async def test_a_late_response_is_recognized(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It arrives while the next unit is probed, and carries its own unit ID."""
    change_timing(hass, scan={"following": 0.03})
    device = Device(MeterConfig(unit=99))
    async with uart(monkeypatch, device, baud=SPEED, turnaround=0.06) as line:
        data = serial_data(line)
        entry = await add_meter(hass, await search(hass, "serial", answers(data)))
        assert entry.data == data | {"unit_id": 99}


@pytest.mark.parametrize("baud", [38400, 9600])
async def test_noise_is_reported(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, baud: int
) -> None:
    """Bytes that are not Modbus arrive."""
    async with uart(monkeypatch, baud=baud) as line:
        line.neighbour = OTHERS
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", "wrong_speed_serial")


@pytest.mark.usefixtures("all_speeds")
async def test_a_meter_is_found_among_noise(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise at wrong baud rates does not matter once a meter answers."""
    async with uart(monkeypatch, Device(), baud=38400) as line:
        line.neighbour = b"\x00"
        result = await search(hass, "serial", unknowing(serial_data(line)))
        entry = await add_meter(hass, result)
        assert entry.data["baudrate"] == 38400


@pytest.mark.usefixtures("all_speeds")
async def test_any_device_proves_the_settings(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All devices on a bus have the same settings, so the first response rules out all others."""
    stranger = Device()
    stranger.refusal = ExcCodes.ILLEGAL_ADDRESS
    meter = Device(MeterConfig(unit=101))
    async with uart(monkeypatch, stranger, meter, baud=19200) as line:
        result = await search(hass, "serial", unknowing(serial_data(line)))
        entry = await add_meter(hass, result)
        assert entry.data == serial_data(line, unit_id=101, speed=19200)
        assert set(line.tried[-10:]) == {(19200, "N")}
        assert len(set(line.tried)) < len(ALL_SETTINGS)


async def test_unsupported_settings_are_skipped(hass: HomeAssistant) -> None:
    """A pseudo-terminal supports no parity, like some drivers; that is not the reported reason."""
    async with serial() as line:
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", "nothing_found_serial")


async def test_a_port_with_none_of_the_settings(hass: HomeAssistant) -> None:
    """Then the port is the reason, and the form says so."""
    async with serial(Device()) as line:
        change_timing(hass, scan_range={"baud_rates": ()})
        odd = serial_data(line) | {"parity": "odd"}
        result = await search(hass, "serial", answers(odd))
        assert_refused(result, "serial", "link_down_serial")
        result = await submit(hass, result, answers(serial_data(line)))
        assert_asks_about_meter(result)


async def test_the_port_goes_away_in_the_middle(hass: HomeAssistant) -> None:
    """The adapter is unplugged: the scan ends, and works again once it is back."""
    device = Device(MeterConfig(unit=102))
    device.silent = True
    async with serial(device) as line:
        entered = answers(serial_data(line, unit_id=102))
        result = await start(hass, await begin(hass, "serial"), entered)
        await device.asked.wait()
        await line.close()
        result = await follow(hass, result)
        assert_refused(result, "serial", "link_lost_serial")
        device.silent = False
        await line.open()
        result = await submit(hass, result, entered | {"device": line.path})
        assert_asks_about_meter(result)


@pytest.mark.usefixtures("all_speeds")
async def test_the_scan_shows_its_progress(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows stage, settings and unit ID as they change, and the progress of each stage."""
    scan = {"first": 0.05, "following": 0.03}
    change_timing(hass, scan=scan, scan_range={"serial_unit_ids": range(90, 116)})
    updates = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    async with uart(monkeypatch, baud=9600) as line:
        entered = unknowing(serial_data(line))
        shown = await watch(hass, await start(hass, await begin(hass, "serial"), entered))
        assert_refused(shown.pop(), "serial", "nothing_found_serial")
    actual = []
    for step in shown:
        placeholders = dict(step["description_placeholders"] or {})
        assert placeholders.pop("count") == "0"
        actual.append((step["progress_action"], *placeholders.values()))
    assert actual == [
        *(
            ("settings", f"{baud} 8{parity}1", "100")
            for baud in SCAN_RANGE.baud_rates
            for parity in "NE"
        ),
        # In a long row, every eighth is shown, and each as it is asked.
        *(("unit_ids", "9600 8N1", asked) for asked in ("90", "96", "104", "112")),
    ]
    assert set(ENGLISH["config"]["progress"]) >= {action for action, *_ in actual}
    progress = [event.data["progress"] for event in updates]
    stages = [progress[: len(ALL_SETTINGS)], progress[len(ALL_SETTINGS) :]]
    for stage in stages:
        assert stage == sorted(set(stage))
        assert stage[0] < 0.1
        assert 0.9 < stage[-1] < 1


async def test_the_scan_counts_the_meters(hass: HomeAssistant) -> None:
    """The count grows stage by stage, and the flow continues with all meters."""
    devices = [Device(MeterConfig(unit=unit)) for unit in (99, 101)]
    async with serial(*devices) as line:
        entered = answers(serial_data(line))
        shown = await watch(hass, await start(hass, await begin(hass, "serial"), entered))
        assert shown.pop()["step_id"] == "meters"
        actions = [step["progress_action"] for step in shown]
        assert list(dict.fromkeys(actions)) == ["settings", "unit_ids", "neighbours"]
        counts = [int((step["description_placeholders"] or {})["count"]) for step in shown]
        assert counts == sorted(counts)
        assert counts[0] == 0
        assert counts[actions.index("neighbours")] == 1
        neighbours = [
            (step["description_placeholders"] or {})["unit_id"]
            for step in shown
            if step["progress_action"] == "neighbours"
        ]
        assert neighbours == ["100", "101"]


async def test_an_inverter_is_skipped(hass: HomeAssistant) -> None:
    """It is a SunSpec device, too, but not a meter; the meter beside it is found."""
    inverter, meter = Device(), Device(MeterConfig(unit=102))
    inverter.registers[inverter.meter_model().model_addr] = 103
    async with serial(inverter, meter, speed=9600) as line:
        result = await search(hass, "serial", unknowing(serial_data(line)))
        entry = await add_meter(hass, result)
        assert entry.data == serial_data(line, speed=9600, unit_id=102)
        meter.silent = True
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", "no_meter_among")
        assert result["description_placeholders"] == {"devices": "#100, 9600 8N1"}


def test_the_kinds_of_silence() -> None:
    """What raw bytes distinguish is silence to all other code."""
    assert {kind.reason for kind in MeterSilentError.__subclasses__()} == {
        "another_unit",
        "speaks_bacnet",
        "wrong_speed",
        "wrong_transaction",
    }
