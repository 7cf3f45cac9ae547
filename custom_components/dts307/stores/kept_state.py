"""One stored file of a meter, which is loaded after a restart."""

from collections.abc import Callable
from itertools import chain, count
import logging
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util.json import json_loads
import voluptuous as vol

from ..const import DOMAIN

_LOGGER = logging.getLogger(__name__)

STORAGE_VERSION: Final = 1
_UNREADABLE: Final = ".unreadable"


class KeptState[T]:
    """A stored file that is parsed as a whole, or renamed as a whole if it cannot be read.

    A file that cannot be read costs what it held, and nothing else: the entry is set up all the
    same, and the old content stays beside the new file.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        name: str,
        *,
        parse: Callable[[Any], T],
        content: str,
    ) -> None:
        """Prepare to load a file.

        ``parse`` raises vol.Invalid or ValueError for what is not well-typed. ``content`` says in
        the log what is lost with the file.
        """
        self._hass = hass
        self._title = entry.title
        self._parse = parse
        self._content = content
        self._store = _store(hass, entry, name)

    async def async_load(self) -> T | None:
        """Return what was stored; None if nothing was, or nothing of use."""
        path = Path(self._store.path)
        try:
            # Home Assistant would log a traceback and raise a repair about a broken file.
            await self._hass.async_add_executor_job(_check_file, path)
            stored = await self._store.async_load()
            return None if stored is None else self._parse(stored)
        except (OSError, ValueError, vol.Invalid) as err:
            where = await self._hass.async_add_executor_job(set_aside, path)
            log_set_aside(self._title, self._content, err, where)
        return None

    async def async_write(self, content: dict[str, Any]) -> None:
        """Write the file now; if Home Assistant is stopping, with its final write."""
        await self._store.async_save(content)


async def async_remove(hass: HomeAssistant, entry: ConfigEntry, name: str) -> None:
    """Remove a stored file and its renamed copies."""
    store = _store(hass, entry, name)
    await store.async_remove()
    await hass.async_add_executor_job(_unlink_copies, Path(store.path))


def _store(hass: HomeAssistant, entry: ConfigEntry, name: str) -> Store[dict[str, Any]]:
    return Store(hass, STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.{name}")


def _check_file(path: Path) -> None:
    """Raise an OSError or a ValueError if there is a file that Home Assistant cannot load."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    # Home Assistant takes an empty object, and no data, for a file that is not there.
    if not isinstance(file := json_loads(content), dict) or file.get("data") is None:
        raise ValueError("not a storage file")
    if file.get("version") != STORAGE_VERSION:
        raise ValueError(f"version {file.get('version')}")


def log_set_aside(title: str, content: str, err: Exception, where: Path) -> None:
    """Say in the log which meter has lost what content, why, and where the old file is."""
    _LOGGER.error(
        "%s has lost %s, because a stored file cannot be read (%s). "
        "The meter works without it. The old content is in %s",
        title,
        content,
        err,
        where,
    )


def set_aside(path: Path) -> Path:
    """Rename an unreadable file, to a name that no earlier one has; return where it is now."""
    try:
        return path.replace(_free_name(path))
    except OSError:
        return path


def _free_name(path: Path) -> Path:
    """Return the first name for an unreadable file that no earlier one has."""
    aside = path.with_name(path.name + _UNREADABLE)
    numbered = (aside.with_name(f"{aside.name}.{number}") for number in count(2))
    return next(each for each in chain((aside,), numbered) if not each.exists())


def _unlink_copies(path: Path) -> None:
    # Home Assistant itself renames broken files to ".corrupt" and a time.
    for copy in path.parent.glob(f"{path.name}.*"):
        copy.unlink()
