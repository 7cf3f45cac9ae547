"""The forms of the config flow, for the address and for the meters."""

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

from ..connection import (
    CONF_BAUDRATE,
    CONF_FRAMING,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_UNIT_ID,
    DEFAULT_BAUDRATE,
    DEFAULT_PORT,
    DEFAULT_UNIT_ID,
    PARITIES,
    BusAddress,
    Framing,
    MeterAddress,
    NetworkAdapter,
    SerialPort,
    Transport,
)
from ..energy_dashboard import offered_roles
from ..meter.modbus import HIGHEST_UNIT_ID
from ..options import CONF_ROLE, Role
from .energy_offer import EnergyOffer
from .option_forms import CURRENT_TRANSFORMERS, choice, number_in_section, whole_number

SECTION_KNOWN: Final = "known"
CONF_THOROUGH: Final = "thorough"
CONF_EVERYTHING: Final = "everything"
CONF_METERS: Final = "meters"
CONF_ENERGY: Final = "energy"

_BAUDRATES: Final = ("1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")

_UNIT_ID: Final = {vol.Optional(CONF_UNIT_ID): number_in_section(1, HIGHEST_UNIT_ID)}
_THOROUGH: Final = {vol.Required(CONF_THOROUGH, default=False): BooleanSelector()}

_KNOWN: Final = {
    Transport.SERIAL: vol.Schema(
        {
            **_UNIT_ID,
            vol.Optional(CONF_BAUDRATE): choice(CONF_BAUDRATE, _BAUDRATES),
            vol.Optional(CONF_PARITY): choice(CONF_PARITY, tuple(PARITIES)),
            vol.Optional(CONF_STOPBITS): choice(CONF_STOPBITS, ("1", "2")),
            **_THOROUGH,
        }
    ),
    Transport.NETWORK: vol.Schema(
        {
            **_UNIT_ID,
            vol.Optional(CONF_FRAMING): choice(CONF_FRAMING, tuple(Framing)),
            **_THOROUGH,
        }
    ),
}

_PLACE: Final[Mapping[Transport, Mapping[Any, Any]]] = {
    Transport.SERIAL: {vol.Required(CONF_DEVICE): SerialPortSelector()},
    Transport.NETWORK: {
        vol.Required(CONF_HOST): TextSelector(),
        vol.Required(CONF_PORT, default=DEFAULT_PORT): whole_number(1, 65535, error="port_range"),
    },
}
_TRY_EVERYTHING: Final = {vol.Required(CONF_EVERYTHING, default=False): BooleanSelector()}


def address_form(transport: Transport, *, again: bool) -> vol.Schema:
    """Return the form for the address of a port or an adapter.

    To scan ``again``, after nothing was found, it offers to scan with all settings.
    """
    known = section(_KNOWN[transport], {"collapsed": True})
    everything = _TRY_EVERYTHING if again else {}
    return vol.Schema({**_PLACE[transport], **everything, vol.Required(SECTION_KNOWN): known})


def entered_address(transport: Transport, answers: Mapping[str, Any]) -> MeterAddress:
    """Return the address that was entered; empty fields have a meter's defaults (guide 4.1)."""
    known = answers[SECTION_KNOWN]
    bus: BusAddress
    if transport is Transport.NETWORK:
        host, port = _host_and_port(answers[CONF_HOST].strip())
        bus = NetworkAdapter(
            # Home Assistant compares addresses as text when it shares connections.
            host=host.lower(),
            port=port or answers[CONF_PORT],
            framing=Framing(known.get(CONF_FRAMING, Framing.TCP)),
        )
    else:
        bus = SerialPort(
            device=answers[CONF_DEVICE].strip(),
            baudrate=int(known.get(CONF_BAUDRATE, DEFAULT_BAUDRATE)),
            parity=PARITIES[known.get(CONF_PARITY, "none")],
            stopbits=2 if known.get(CONF_STOPBITS) == "2" else 1,
        )
    return MeterAddress(bus, known.get(CONF_UNIT_ID, DEFAULT_UNIT_ID))


def _host_and_port(entered: str) -> tuple[str, int | None]:
    """Return the host of a pasted address, and its port if it has one."""
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


def address_answers(address: MeterAddress) -> dict[str, Any]:
    """Convert an address to the form's input, to show it as suggested values."""
    data, transport = address.as_data(), address.bus.transport
    fields = {str(key) for key in _PLACE[transport]}
    known = {str(key) for key in _KNOWN[transport].schema}
    return {
        **{key: data[key] for key in fields},
        SECTION_KNOWN: {
            key: str(data[key]) if key in (CONF_BAUDRATE, CONF_STOPBITS) else data[key]
            for key in known & data.keys()
        },
    }


def meter_form() -> vol.Schema:
    """Return the form for what the registers of a meter do not contain."""
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_ROLE, default=Role.GRID.value): choice(
                CONF_ROLE, offered_roles(), SelectSelectorMode.LIST
            ),
            **CURRENT_TRANSFORMERS,
        }
    )


def meters_form(labels: Mapping[str, str]) -> vol.Schema:
    """Return the form to select the meters to add, by unique ID."""
    return vol.Schema({vol.Required(CONF_METERS, default=list(labels)): _checkboxes(labels)})


def energy_form(offer: EnergyOffer) -> vol.Schema:
    """Return the form to select the meters to add to the Energy dashboard, by unique ID."""
    field = vol.Required(CONF_ENERGY, default=offer.ticked)
    return vol.Schema({field: _checkboxes(offer.labels)} if offer.labels else {})


def _checkboxes(labels: Mapping[str, str]) -> SelectSelector:
    options = [SelectOptionDict(value=value, label=label) for value, label in labels.items()]
    config = SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
    return SelectSelector(config)
