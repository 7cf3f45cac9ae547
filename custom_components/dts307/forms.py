"""The forms of the set-up and of the options: what is asked, and in which form it is kept."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import (
    CONF_DEVICE,
    CONF_HOST,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
    PERCENTAGE,
    UnitOfElectricCurrent,
    UnitOfPower,
    UnitOfTime,
)
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    SerialPortSelector,
    TextSelector,
)
import voluptuous as vol

from .const import (
    CONF_BAUDRATE,
    CONF_BILLING_DAY,
    CONF_CT_RATING,
    CONF_CT_SETS,
    CONF_DEMAND_WINDOW,
    CONF_DIRECTION,
    CONF_EXPORT_HOLD,
    CONF_EXPORT_THRESHOLD,
    CONF_FRAMING,
    CONF_OVERLOAD_HOLD,
    CONF_OVERLOAD_THRESHOLD,
    CONF_PARITY,
    CONF_PHASE_LOST_HOLD,
    CONF_STOPBITS,
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    CONF_VOLTAGE_HOLD,
    DEFAULT_BAUDRATE,
    DEFAULT_BILLING_DAY,
    DEFAULT_DEMAND_WINDOW,
    DEFAULT_EXPORT_HOLD,
    DEFAULT_EXPORT_THRESHOLD,
    DEFAULT_OVERLOAD_HOLD,
    DEFAULT_OVERLOAD_THRESHOLD,
    DEFAULT_PHASE_LOST_HOLD,
    DEFAULT_PORT,
    DEFAULT_SCAN_INTERVAL,
    DEFAULT_UNIT_ID,
    DEFAULT_VOLTAGE_HOLD,
    DEMAND_WINDOWS,
    DIRECTION_AUTO,
    FRAMING_RTU,
    FRAMING_TCP,
    MOST_CT_SETS,
    TRANSPORT_NETWORK,
    TRANSPORT_SERIAL,
)
from .link import PARITIES
from .meter.direction import Direction

SECTION_ADVANCED: Final = "advanced"
SECTION_STATES: Final = "states"
SECTION_BILLING: Final = "billing"

_BAUDRATES: Final = (
    "1200",
    "2400",
    "4800",
    "9600",
    "19200",
    "38400",
    "57600",
    "115200",
)
_HIGHEST_UNIT_ID: Final = 247
_HIGHEST_CT_RATING: Final = 10000


def _whole_number(lowest: int, highest: int, unit: str | None = None) -> vol.All:
    config = NumberSelectorConfig(min=lowest, max=highest, step=1, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return vol.All(NumberSelector(config), vol.Coerce(int))


def _hold_time() -> vol.All:
    return _whole_number(0, 3600, UnitOfTime.SECONDS)


def _choice(key: str, options: tuple[str, ...], mode: SelectSelectorMode) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=list(options), mode=mode, translation_key=key)
    )


_ADVANCED: Final = vol.Schema(
    {vol.Required(CONF_UNIT_ID, default=DEFAULT_UNIT_ID): _whole_number(1, _HIGHEST_UNIT_ID)}
)

_CURRENT_TRANSFORMERS: Final = {
    vol.Optional(CONF_CT_RATING): NumberSelector(
        NumberSelectorConfig(
            min=1,
            max=_HIGHEST_CT_RATING,
            step="any",
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        )
    ),
    vol.Required(CONF_CT_SETS, default=1): _whole_number(1, MOST_CT_SETS),
}

_LINK: Final = {
    TRANSPORT_SERIAL: {
        vol.Required(CONF_DEVICE): SerialPortSelector(),
        vol.Required(CONF_BAUDRATE, default=str(DEFAULT_BAUDRATE)): _choice(
            CONF_BAUDRATE, _BAUDRATES, SelectSelectorMode.DROPDOWN
        ),
        vol.Required(CONF_PARITY, default="none"): _choice(
            CONF_PARITY, tuple(PARITIES), SelectSelectorMode.DROPDOWN
        ),
        vol.Required(CONF_STOPBITS, default="1"): _choice(
            CONF_STOPBITS, ("1", "2"), SelectSelectorMode.DROPDOWN
        ),
    },
    TRANSPORT_NETWORK: {
        vol.Required(CONF_HOST): TextSelector(),
        vol.Required(CONF_PORT, default=DEFAULT_PORT): _whole_number(1, 65535),
        vol.Required(CONF_FRAMING, default=FRAMING_TCP): _choice(
            CONF_FRAMING, (FRAMING_TCP, FRAMING_RTU), SelectSelectorMode.LIST
        ),
    },
}

CURRENT_TRANSFORMERS_FORM: Final = vol.Schema(_CURRENT_TRANSFORMERS)

_STATES: Final = vol.Schema(
    {
        vol.Required(CONF_EXPORT_THRESHOLD, default=DEFAULT_EXPORT_THRESHOLD): _whole_number(
            1, 100_000, UnitOfPower.WATT
        ),
        vol.Required(CONF_EXPORT_HOLD, default=DEFAULT_EXPORT_HOLD): _hold_time(),
        vol.Required(CONF_OVERLOAD_THRESHOLD, default=DEFAULT_OVERLOAD_THRESHOLD): _whole_number(
            10, 200, PERCENTAGE
        ),
        vol.Required(CONF_OVERLOAD_HOLD, default=DEFAULT_OVERLOAD_HOLD): _hold_time(),
        vol.Required(CONF_PHASE_LOST_HOLD, default=DEFAULT_PHASE_LOST_HOLD): _hold_time(),
        vol.Required(CONF_VOLTAGE_HOLD, default=DEFAULT_VOLTAGE_HOLD): _hold_time(),
    }
)

_BILLING: Final = vol.Schema(
    {
        vol.Required(CONF_BILLING_DAY, default=DEFAULT_BILLING_DAY): _whole_number(1, 31),
        vol.Required(CONF_DEMAND_WINDOW, default=str(DEFAULT_DEMAND_WINDOW)): _choice(
            CONF_DEMAND_WINDOW, tuple(map(str, DEMAND_WINDOWS)), SelectSelectorMode.DROPDOWN
        ),
    }
)

_OPTIONS_SECTIONS: Final = {SECTION_STATES: _STATES, SECTION_BILLING: _BILLING}

OPTIONS_FORM: Final = vol.Schema(
    {
        vol.Required(
            CONF_SCAN_INTERVAL, default=int(DEFAULT_SCAN_INTERVAL.total_seconds())
        ): _whole_number(1, 60, UnitOfTime.SECONDS),
        **_CURRENT_TRANSFORMERS,
        vol.Required(CONF_DIRECTION, default=DIRECTION_AUTO): _choice(
            CONF_DIRECTION,
            (DIRECTION_AUTO, Direction.IMPORT_POSITIVE, Direction.EXPORT_POSITIVE),
            SelectSelectorMode.DROPDOWN,
        ),
        **{
            vol.Required(name): section(fields, {"collapsed": True})
            for name, fields in _OPTIONS_SECTIONS.items()
        },
    }
)


def options_data(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config entry options for what was entered into their form."""
    options = dict(answers)
    for name in _OPTIONS_SECTIONS:
        options |= options.pop(name)
    return {**options, CONF_DEMAND_WINDOW: int(options[CONF_DEMAND_WINDOW])}


def options_answers(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would have been entered into their form for these config entry options."""
    answers = dict(options)
    if CONF_DEMAND_WINDOW in answers:
        answers[CONF_DEMAND_WINDOW] = str(answers[CONF_DEMAND_WINDOW])
    for name, fields in _OPTIONS_SECTIONS.items():
        keys = answers.keys() & {str(key) for key in fields.schema}
        answers[name] = {key: answers.pop(key) for key in keys}
    return answers


def link_form(transport: str, answers: Mapping[str, Any] | None) -> vol.Schema:
    """Return the form that describes a link; a unit id that is not the usual one is in sight."""
    unit_id = answers[SECTION_ADVANCED][CONF_UNIT_ID] if answers else DEFAULT_UNIT_ID
    advanced = section(_ADVANCED, {"collapsed": unit_id == DEFAULT_UNIT_ID})
    return vol.Schema({**_LINK[transport], vol.Required(SECTION_ADVANCED): advanced})


def link_data(transport: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config entry data for what was entered into a link's form."""
    data = {CONF_TRANSPORT: transport, **answers}
    data |= data.pop(SECTION_ADVANCED)
    if transport == TRANSPORT_NETWORK:
        # Home Assistant shares a link by the letters of its address.
        data[CONF_HOST] = data[CONF_HOST].strip().strip("[]").lower()
    else:
        data[CONF_BAUDRATE] = int(data[CONF_BAUDRATE])
        data[CONF_STOPBITS] = int(data[CONF_STOPBITS])
    return data


def link_answers(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would have been entered into a link's form for these config entry data."""
    answers: dict[str, Any] = {
        key: str(value) if key in (CONF_BAUDRATE, CONF_STOPBITS) else value
        for key, value in data.items()
        if key not in (CONF_TRANSPORT, CONF_UNIT_ID)
    }
    return {**answers, SECTION_ADVANCED: {CONF_UNIT_ID: data[CONF_UNIT_ID]}}
