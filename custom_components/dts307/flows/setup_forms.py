"""The forms of the set-up: what is asked of a link and of a meter, and in which form it is kept."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    SerialPortSelector,
    TextSelector,
)
import voluptuous as vol

from ..connection.link import PARITIES
from ..const import (
    CONF_BAUDRATE,
    CONF_FRAMING,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    DEFAULT_BAUDRATE,
    DEFAULT_PORT,
    DEFAULT_UNIT_ID,
    FRAMING_RTU,
    FRAMING_TCP,
    TRANSPORT_NETWORK,
    TRANSPORT_SERIAL,
)
from ..options import CONF_ROLE, Role
from .option_forms import CURRENT_TRANSFORMERS, choice, whole_number

SECTION_KNOWN: Final = "known"
CONF_THOROUGH: Final = "thorough"
CONF_EVERYTHING: Final = "everything"
CONF_METERS: Final = "meters"
CONF_ENERGY: Final = "energy"

_HIGHEST_UNIT_ID: Final = 247
_BAUDRATES: Final = ("1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")

_UNIT_ID: Final = {vol.Optional(CONF_UNIT_ID): whole_number(1, _HIGHEST_UNIT_ID)}
_THOROUGH: Final = {vol.Required(CONF_THOROUGH, default=False): BooleanSelector()}

_KNOWN: Final = {
    TRANSPORT_SERIAL: vol.Schema(
        {
            **_UNIT_ID,
            vol.Optional(CONF_BAUDRATE): choice(CONF_BAUDRATE, _BAUDRATES),
            vol.Optional(CONF_PARITY): choice(CONF_PARITY, tuple(PARITIES)),
            vol.Optional(CONF_STOPBITS): choice(CONF_STOPBITS, ("1", "2")),
            **_THOROUGH,
        }
    ),
    TRANSPORT_NETWORK: vol.Schema(
        {
            **_UNIT_ID,
            vol.Optional(CONF_FRAMING): choice(CONF_FRAMING, (FRAMING_TCP, FRAMING_RTU)),
            **_THOROUGH,
        }
    ),
}

_LINK: Final[Mapping[str, Mapping[Any, Any]]] = {
    TRANSPORT_SERIAL: {vol.Required(CONF_DEVICE): SerialPortSelector()},
    TRANSPORT_NETWORK: {
        vol.Required(CONF_HOST): TextSelector(),
        vol.Required(CONF_PORT, default=DEFAULT_PORT): whole_number(1, 65535),
    },
}
_EVERYTHING: Final = {vol.Required(CONF_EVERYTHING, default=False): BooleanSelector()}

METER_FORM: Final = vol.Schema(
    {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_ROLE, default=Role.GRID.value): choice(
            CONF_ROLE, tuple(Role), SelectSelectorMode.LIST
        ),
        **CURRENT_TRANSFORMERS,
    }
)


def link_form(transport: str, *, again: bool) -> vol.Schema:
    """Return the form that describes a link.

    To search ``again``, after nothing was found, more can be asked for.
    """
    known = section(_KNOWN[transport], {"collapsed": True})
    everything = _EVERYTHING if again else {}
    return vol.Schema({**_LINK[transport], **everything, vol.Required(SECTION_KNOWN): known})


def link_data(transport: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config entry data for what was entered into a link's form.

    What is not known is what a meter has by default (guide 4.1).
    """
    known = answers[SECTION_KNOWN]
    data = {CONF_TRANSPORT: transport, CONF_UNIT_ID: known.get(CONF_UNIT_ID, DEFAULT_UNIT_ID)}
    if transport == TRANSPORT_NETWORK:
        host, port = _address(answers[CONF_HOST].strip())
        return {
            **data,
            # Home Assistant shares a link by the letters of its address.
            CONF_HOST: host.lower(),
            CONF_PORT: port or answers[CONF_PORT],
            CONF_FRAMING: known.get(CONF_FRAMING, FRAMING_TCP),
        }
    return {
        **data,
        CONF_DEVICE: answers[CONF_DEVICE].strip(),
        CONF_BAUDRATE: int(known.get(CONF_BAUDRATE, DEFAULT_BAUDRATE)),
        CONF_PARITY: known.get(CONF_PARITY, "none"),
        CONF_STOPBITS: int(known.get(CONF_STOPBITS, 1)),
    }


def _address(entered: str) -> tuple[str, int | None]:
    """Return the host, and its port if there is one with it, of an address that was copied."""
    if "://" not in entered:
        if entered.count(":") > 1 and not entered.startswith("["):
            # An IPv6 address: no port can follow it without brackets.
            return entered, None
        entered = f"//{entered}"
    try:
        address = urlsplit(entered)
        host, port = address.hostname, address.port
    except ValueError:
        host = port = None
    return (host, port) if host else (entered.removeprefix("//").strip("[]"), None)


def link_answers(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would have been entered into a link's form for these config entry data."""
    fields = {str(key) for key in _LINK[data[CONF_TRANSPORT]]}
    known = {str(key) for key in _KNOWN[data[CONF_TRANSPORT]].schema}
    return {
        **{key: data[key] for key in fields},
        SECTION_KNOWN: {
            key: str(data[key]) if key in (CONF_BAUDRATE, CONF_STOPBITS) else data[key]
            for key in known & data.keys()
        },
    }


def meters_form(labels: Mapping[str, str]) -> vol.Schema:
    """Return the form to tick which of several meters are to be added, by serial number."""
    return vol.Schema({vol.Required(CONF_METERS, default=list(labels)): _ticks(labels)})


def energy_form(labels: Mapping[str, str]) -> vol.Schema:
    """Return the form to tick which meters the Energy dashboard shall show, by serial number."""
    return vol.Schema({vol.Required(CONF_ENERGY, default=[]): _ticks(labels)} if labels else {})


def _ticks(labels: Mapping[str, str]) -> SelectSelector:
    options = [SelectOptionDict(value=value, label=label) for value, label in labels.items()]
    config = SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
    return SelectSelector(config)
