"""How a repair names the counters that it asks about."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
import pytest

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import (
    CounterFilter,
    CounterQuestion,
    QuestionedCounter,
    Trusted,
    questioned_counters,
)
from custom_components.dts307.meter.validation.contender import Contender
from custom_components.dts307.stores.question_texts import counter_list

NOON = 1_780_315_200.0
"""s; 1 June 2026, 12:00 UTC"""


def set_back(offset: float, seconds: float) -> CounterFilter:
    """Return a counter that stood at 5,000 Wh, and has shown 7 Wh for some time."""
    before = Sample(value=5000 + offset, at=NOON - 5)
    first, last = Sample(value=3, at=NOON), Sample(value=7, at=NOON + seconds)
    return CounterFilter(
        trusted=Trusted(latest=before, confirmed=before, offset=offset),
        contender=Contender(first=first, last=last, until=last.at, reads=20),
    )


def test_only_counters_with_a_question_are_listed() -> None:
    """With what the display showed before and shows now, whatever was published."""
    filters = {
        "energy_imported.total": set_back(0, seconds=10),
        "apparent_energy_imported.b": set_back(700, seconds=100),
        "energy_exported.total": CounterFilter(),
    }
    assert questioned_counters(filters) == (
        QuestionedCounter(
            key="apparent_energy_imported.b",
            question=CounterQuestion.SET_BACK,
            published=5700,
            register_before=5000,
            register_now=7,
            since=NOON,
        ),
    )


@pytest.mark.parametrize(
    ("language", "registers", "names"),
    [
        (
            "en",
            "5.000 → 0.007",
            ("Apparent energy imported phase B", "Reactive energy Q1", "Energy exported"),
        ),
        (
            "de",
            "5,000 → 0,007",
            ("Bezogene Scheinenergie Phase B", "Blindenergie Q1", "Eingespeiste Energie"),
        ),
    ],
)
async def test_the_list_speaks_the_language_of_the_home(
    hass: HomeAssistant, language: str, registers: str, names: tuple[str, ...]
) -> None:
    hass.config.language = language
    await hass.config.async_set_time_zone("Europe/Berlin")
    hass.config.components.add(DOMAIN)
    texts = await async_get_translations(hass, language, "entity", [DOMAIN])
    filters = {
        key: set_back(0, seconds=100)
        for key in (
            "apparent_energy_imported.b",
            "reactive_energy_q1.total",
            "energy_exported.total",
        )
    }
    lines = counter_list(hass, questioned_counters(filters)).splitlines()
    numbers = [f"{registers} {unit} (2026-06-01 14:00)" for unit in ("kVAh", "kvarh", "kWh")]
    assert texts
    assert lines == [f"- **{name}**: {each}" for name, each in zip(names, numbers, strict=True)]
