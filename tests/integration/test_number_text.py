"""Numbers are written as the language of Home Assistant writes them."""

from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307.wording import number_text
from tests.integration.home import INTEGRATION

POINT = {"en"}


@pytest.mark.parametrize(
    "language", sorted(path.stem for path in (INTEGRATION / "translations").iterdir())
)
def test_the_decimals_of_a_translation(hass: HomeAssistant, language: str) -> None:
    hass.config.language = language
    expected = "-5.000" if language in POINT else "-5,000"
    assert number_text(hass, -5, digits=3) == expected


def test_another_language_has_english_texts(hass: HomeAssistant) -> None:
    hass.config.language = "sv"
    assert number_text(hass, 0.06, digits=1) == "0.1"
