"""What Home Assistant's logbook says of a meter's events, in the language of the home."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.dts307 import logbook
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.reading_gaps import ReadingGap, Totals
from custom_components.dts307.meter.validation import CounterAnswer, CounterChange
from custom_components.dts307.meter_events import (
    BUS_EVENT,
    Answered,
    MeterOccurrence,
    Outage,
    Replaced,
    RolledOver,
)
from tests.device import Device
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

START = datetime.fromisoformat("2026-06-01T14:02:00+02:00")

IMPORTED = CounterChange(key="energy_imported.total", before=5e6, now=3, counted=3)
OTHERS = (
    CounterChange(key="energy_imported.a", before=1e6, now=1, counted=1),
    CounterChange(key="reactive_energy_q1.total", before=2e6, now=2, counted=2),
)
REACTIVE = CounterChange(key="reactive_energy_q1.b", before=2e6, now=2, counted=2)


def outage(imported: float | None, exported: float | None, hours: float = 3.05) -> Outage:
    """Return an outage."""
    begin = START.timestamp()
    energy = Totals(imported=imported, exported=exported)
    return Outage(ReadingGap(begin=begin, end=begin + hours * 3600, energy=energy, with_start=True))


SAID: dict[str, list[tuple[MeterOccurrence, str]]] = {
    "en": [
        (
            outage(3210.0, 400.0),
            (
                "Not read from 14:02 to 17:05 (3 h 3 min). "
                "Meanwhile, 3.210 kWh were imported and 0.400 kWh exported."
            ),
        ),
        (
            outage(3210.0, None, hours=25),
            (
                "Not read from 2026-06-01 14:02 to 2026-06-02 15:02 (25 h 0 min). "
                "Meanwhile, 3.210 kWh were imported."
            ),
        ),
        (
            outage(None, 0.0, hours=0.03),
            "Not read from 14:02 to 14:03 (2 min). Meanwhile, 0.000 kWh were exported.",
        ),
        (
            outage(None, None),
            (
                "Not read from 14:02 to 17:05 (3 h 3 min). "
                "What was imported and exported meanwhile is not known."
            ),
        ),
        (
            RolledOver((IMPORTED, *OTHERS)),
            (
                "Energy imported, Reactive energy Q1: the register reached its end and continued "
                "from zero (5000.000 kWh → 0.003 kWh)."
            ),
        ),
        (
            Answered(CounterAnswer.ZERO, (REACTIVE,)),
            (
                "Reactive energy Q1 phase B: the register went from 2000.000 kvarh to 0.002 kvarh. "
                "Your answer: Set back to zero. Added: 0.002 kvarh."
            ),
        ),
        (
            Answered(
                CounterAnswer.ZERO, (REACTIVE,), (START.timestamp() - 120, START.timestamp() + 780)
            ),
            (
                "Reactive energy Q1 phase B: the register went from 2000.000 kvarh to 0.002 kvarh. "
                "Your answer: Set back to zero. Added: 0.002 kvarh. "
                "The intervals from 14:00 to 14:15 are edited."
            ),
        ),
        (Replaced("S1", ""), "The meter was replaced. Serial number: S1 → none."),
        (Replaced("", "S2"), "The meter was replaced. Serial number: none → S2."),
    ],
    "de": [
        (
            replace(
                outage(3210.0, 400.0), estimated=(START.timestamp() - 120, START.timestamp() + 1e5)
            ),
            (
                "Nicht abgelesen von 14:02 bis 17:05 (3 h 3 min). "
                "Währenddessen wurden 3,210 kWh bezogen und 0,400 kWh eingespeist. "
                "Die Intervalle von 2026-06-01 14:00 bis 2026-06-02 17:48 sind geschätzt."
            ),
        ),
        (
            outage(3210.0, 400.0),
            (
                "Nicht abgelesen von 14:02 bis 17:05 (3 h 3 min). "
                "Währenddessen wurden 3,210 kWh bezogen und 0,400 kWh eingespeist."
            ),
        ),
        (
            Answered(CounterAnswer.NOT_REAL, (IMPORTED,)),
            (
                "Bezogene Energie: Der Zählerstand ging von 5000,000 kWh auf 0,003 kWh. "
                "Deine Antwort: Keine echte Energie. Hinzugezählt: 0,003 kWh."
            ),
        ),
    ],
}


@pytest.mark.parametrize("language", SAID)
async def test_the_sentences(hass: HomeAssistant, language: str) -> None:
    hass.config.language = language
    await hass.config.async_set_time_zone("Europe/Berlin")
    hass.config.components.add(DOMAIN)
    assert await async_get_translations(hass, language, "selector", [DOMAIN])
    described: dict[str, Callable[[Event], dict[str, str]]] = {}

    def describe_event(domain: str, event: str, describe: Callable[[Event], Any]) -> None:
        assert domain == DOMAIN
        described[event] = describe

    logbook.async_describe_events(hass, describe_event)
    for event, sentence in SAID[language]:
        data = {"device_id": "gone", "type": event.type.value, **event.attributes}
        entry = described[BUS_EVENT](Event(BUS_EVENT, data))
        assert entry["message"].replace("\u00a0", " ") == sentence
        assert entry["name"] == "DTS 307"
        assert entry["icon"].startswith("mdi:")


async def test_the_logbook(
    recorder_mock: Recorder,  # noqa: ARG001 - it keeps what the logbook shows
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It shows an outage at the device, under the name that the owner gave it."""
    start = dt_util.utcnow()
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        registry = dr.async_get(hass)
        (row,) = dr.async_entries_for_config_entry(registry, entry.entry_id)
        registry.async_update_device(row.id, name_by_user="Main meter")
        await hass.config_entries.async_unload(entry.entry_id)
        freezer.tick(600)
        await hass.config_entries.async_setup(entry.entry_id)
        await async_wait_recording_done(hass)
        # The frontend, which is not installed here, has a part in the logbook's setup only.
        hass.config.components.add("frontend")
        assert await async_setup_component(hass, "logbook", {})
        freezer.tick(1)
        client = await hass_ws_client()
        await client.send_json_auto_id(
            {
                "type": "logbook/get_events",
                "start_time": start.isoformat(),
                "device_ids": [row.id],
            }
        )
        (shown,) = (await client.receive_json())["result"]
    assert shown["name"] == "Main meter"
    assert shown["message"].startswith("Not read from ")
    assert shown["domain"] == DOMAIN
