"""Each language has one form of address, its own punctuation, and one name for each thing."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import pytest

from tests.integration.home import INTEGRATION
from tests.integration.texts import TRANSLATED, texts, told_in

FRONTEND = Path(__file__).parents[2] / "frontend/src"
CARDS = next(FRONTEND.rglob("pt-BR.json")).parent
"""The texts of the dashboard cards."""

ADDRESSED = {
    "de": r"\b(du|dein\w*)\b",
    "es": r"\b(tu|tus|puedes|tienes)\b",
    "fr": r"\b(vous|votre|vos)\b",
    "nl": r"\b(je)\b",
    "pt-BR": r"\b(você)\b",
}
"""The form of address that Home Assistant's own texts use."""

ADDRESSED_OTHERWISE = {
    # At the start of a sentence, "Sie" may be "it" or "they"; after a verb it is an imperative.
    "de": r"(?<!^)(?<![.:?!] )\bSie\b|\b[A-Z]\w+en Sie\b|\bIh(nen|r|re[nmrs]?)\b",
    # What can be a subjunctive as well, such as "abra", is left out, and so is "su".
    "es": (
        r"(?i)\bustedes\b|\busted\b|"
        r"(^|[.:;] )(compruebe|elija|espere|haga|indique|introduzca|seleccione)\b"
    ),
    "fr": r"(?i)\b(tu|toi|ton|ta|tes)\b",
    "nl": r"(?i)\b(u|uw)\b",
    "pt-BR": r"(?i)\b(tu|teus?|tuas?|contigo)\b",
}
"""The forms of address that would mix with it."""

OLD_NAME_OF_APPS = r"(?i)\badd-?ons?\b|\bcomplementos?\b|\bmodules? complémentaires?\b"

RECONFIGURE = {
    "en": "Reconfigure",
    "de": "Neu konfigurieren",
    "es": "Reconfigurar",
    "fr": "Reconfigurer",
    "nl": "Herconfigureer",
    "pt-BR": "Reconfigurar",
}
"""What Home Assistant calls it in the menu of an entry."""

NO_BREAK = "\u00a0\u202f"
UNSPACED_IN_FRENCH = re.compile(rf"[^{NO_BREAK}][:;!?%»]|«[^{NO_BREAK}]")
BREAKS_BEFORE_UNIT = re.compile(r"[\d}] (A|V|W|kW|kWh|Hz|%|s|min|Ω)\b")
SECTION = "modbus:"
"""What configuration.yaml says is no French."""

LONGEST_TITLE = 30
"""Characters; of a window on a phone that is 390 px wide"""

LONGEST_REPAIR_TITLE = 31
"""Characters; a repair has no room for a second line"""

EMPHASISED = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")
BUTTON = re.compile(r"\*\*([^*{}]+)\*\*")
QUOTED = re.compile(r"[\"„«][\u00a0\u202f]?([^\"“”»]+?)[\u00a0\u202f]?[\"“”»]")

LONGEST_MENU_ITEM = 36
"""Characters; 270 px on a phone that is 390 px wide"""


def read(folder: Path, language: str) -> dict[str, Any]:
    """Return the texts of a language."""
    content: dict[str, Any] = json.loads((folder / f"{language}.json").read_text())
    return content


def all_texts(language: str) -> Iterator[tuple[str, str]]:
    """Go through the integration's and the cards' texts of a language."""
    for folder in (INTEGRATION / "translations", CARDS):
        yield from texts(read(folder, language))


@pytest.mark.parametrize("language", TRANSLATED)
def test_there_is_one_form_of_address(language: str) -> None:
    assert any(re.search(ADDRESSED[language], text) for _, text in all_texts(language))
    for key, text in all_texts(language):
        assert not re.search(ADDRESSED_OTHERWISE[language], text), key


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Alles über Ihre Zähler"),
        ("de", "Prüfen Sie den Anschluss."),
        ("de", "Wenn Sie den Zähler ersetzt haben"),
        ("es", "Indique la relación de los TC en las opciones."),
        ("fr", "Vérifie ton adaptateur."),
        ("nl", "Alles over uw meters"),
        ("pt-BR", "Tudo sobre teus medidores"),
    ],
)
def test_another_form_of_address_is_noticed(language: str, text: str) -> None:
    assert re.search(ADDRESSED_OTHERWISE[language], text)


def test_french_punctuation_does_not_break() -> None:
    for key, text in all_texts("fr"):
        assert not UNSPACED_IN_FRENCH.search(text.replace(SECTION, "")), key


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_add_ons_are_apps(language: str) -> None:
    for key, text in all_texts(language):
        assert not re.search(OLD_NAME_OF_APPS, text), key


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_what_is_named_in_a_text_has_that_name(language: str) -> None:
    told = dict(texts(read(INTEGRATION / "translations", language)))
    options = read(INTEGRATION / "translations", language)["options"]["step"]["settings"]
    labels = {text for key, text in texts(options) if "data." in key}
    emphasised = {name for text in told.values() for name in EMPHASISED.findall(text)}
    assert len(emphasised) == 12
    assert emphasised <= set(told.values())
    assert {name for text in told.values() for name in BUTTON.findall(text)} == {
        RECONFIGURE[language]
    }
    quoted = {name for _, text in texts(read(CARDS, language)) for name in QUOTED.findall(text)}
    assert len(quoted) == 1
    assert quoted <= labels


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_menus_fit_on_a_phone(language: str) -> None:
    """Home Assistant cuts what an item does not fit on one line; its description may be longer."""
    for key, text in all_texts(language):
        if ".menu_options." in key:
            assert len(text) <= LONGEST_MENU_ITEM, key


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_titles_fit_on_a_phone(language: str) -> None:
    """Home Assistant cuts the title of a window of 390 px after some 30 letters."""
    told = told_in(language)
    titles = {
        path: title
        for path, title in told.items()
        if re.fullmatch(r"(config|options)\.step\.\w+\.title", path)
    }
    assert len(titles) > 10
    assert {path: title for path, title in titles.items() if len(title) > LONGEST_TITLE} == {}


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_titles_of_repairs_fit_on_a_phone(language: str) -> None:
    """Home Assistant draws a second line over who reports the repair."""
    for key, text in all_texts(language):
        if ".fix_flow.step." in key and key.endswith(".title"):
            assert len(text) <= LONGEST_REPAIR_TITLE, key


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_a_number_stays_with_its_unit(language: str) -> None:
    """No line is broken between them."""
    for key, text in all_texts(language):
        assert not BREAKS_BEFORE_UNIT.search(text), key
