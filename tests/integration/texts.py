"""The texts of the integration, in all languages."""

from collections.abc import Iterator
import json
import re
from typing import Any

from tests.integration.home import INTEGRATION

TRANSLATED = sorted({path.stem for path in (INTEGRATION / "translations").iterdir()} - {"en"})


def texts(tree: dict[str, Any], *path: str) -> Iterator[tuple[str, str]]:
    """Go through the texts of a language, by the dotted path of their keys."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from texts(value, *path, key)
        else:
            yield ".".join((*path, key)), value


def placeholders(text: str) -> list[str]:
    """Return the names in braces."""
    return sorted(re.findall(r"{(\w+)}", text))


def told_in(language: str) -> dict[str, str]:
    """Return the texts of a language by their path."""
    path = INTEGRATION / "translations" / f"{language}.json"
    return dict(texts(json.loads(path.read_text())))
