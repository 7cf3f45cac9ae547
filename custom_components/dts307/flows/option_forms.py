"""The options form, and its conversion to and from config entry options."""

from collections.abc import Container, Mapping
import math
from typing import Any, Final, override

from homeassistant.const import (
    CONF_SCAN_INTERVAL,
    PERCENTAGE,
    UnitOfElectricCurrent,
    UnitOfPower,
    UnitOfTime,
)
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..energy_dashboard import offered_roles
from ..meter.installation import PowerSign
from ..options import (
    CONF_BILLING_DAY,
    CONF_CT_RATING,
    CONF_CT_SETS,
    CONF_DEMAND_WINDOW,
    CONF_EXPORT_HOLD,
    CONF_EXPORT_PRICE,
    CONF_EXPORT_PRICE_ENTITY,
    CONF_EXPORT_THRESHOLD,
    CONF_FILL_OUTAGES,
    CONF_IMPORT_PRICE,
    CONF_IMPORT_PRICE_ENTITY,
    CONF_INTERVAL,
    CONF_OVERLOAD_HOLD,
    CONF_OVERLOAD_THRESHOLD,
    CONF_PHASE_LOST_HOLD,
    CONF_POWER_SIGN,
    CONF_PRODUCTION,
    CONF_RECORDING,
    CONF_ROLE,
    CONF_VOLTAGE_HOLD,
    DEFAULTS,
    DEMAND_WINDOWS,
    INTERVALS,
    MOST_CT_SETS,
    POWER_SIGN_AUTO,
    ProductionCounter,
    Recording,
    Role,
)

SECTION_STATES: Final = "states"
SECTION_BILLING: Final = "billing"
SECTION_PRICES: Final = "prices"

_HIGHEST_CT_RATING: Final = 10000


def whole_number(lowest: int, highest: int, unit: str | None = None, *, error: str) -> vol.All:
    """Return a field for a whole number, optionally with a unit of measurement.

    ``error`` is the translation key of what a number out of this range gets. In a section, use
    ``number_in_section``.
    """
    return vol.All(NumberSelector(_whole(lowest, highest, unit)), vol.Coerce(int), msg=error)


def _whole(lowest: int, highest: int, unit: str | None) -> NumberSelectorConfig:
    config = NumberSelectorConfig(min=lowest, max=highest, step=1, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return config


class _NumberInSection(NumberSelector):
    """A whole number whose range is left to ``errors_in_sections``.

    Home Assistant does not translate what a schema says about a field of a section.
    """

    @override
    def __call__(self, data: Any) -> float:
        number: float = vol.Coerce(float)(data)
        return int(number) if math.isfinite(number) else number

    def accepts(self, number: float) -> bool:
        """Return whether a number is in the range."""
        return bool(self.config["min"] <= number <= self.config["max"])


def number_in_section(lowest: int, highest: int, unit: str | None = None) -> _NumberInSection:
    """Return a field of a section for a whole number, optionally with a unit of measurement."""
    return _NumberInSection(_whole(lowest, highest, unit))


def errors_in_sections(form: vol.Schema, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return an error for each section with a number out of its range: that of the first one.

    Its translation key is the field's, followed by ``_range``.
    """
    errors: dict[str, str] = {}
    sections = {str(name): part for name, part in form.schema.items() if isinstance(part, section)}
    for name, part in sections.items():
        for key, number in answers[name].items():
            field = part.schema.schema[key]
            if isinstance(field, _NumberInSection) and not field.accepts(number):
                errors.setdefault(name, f"{key}_range")
    return errors


def unfolded(form: vol.Schema, names: Container[str]) -> vol.Schema:
    """Return a form with these sections open, such as those with errors."""
    return vol.Schema(
        {
            name: section(part.schema, {"collapsed": False}) if name in names else part
            for name, part in form.schema.items()
        }
    )


def _hold_time() -> _NumberInSection:
    return number_in_section(0, 3600, UnitOfTime.SECONDS)


def choice(
    key: str, options: tuple[str, ...], mode: SelectSelectorMode = SelectSelectorMode.DROPDOWN
) -> SelectSelector:
    """Return a field for one of several options; ``key`` is the key of their translations."""
    return SelectSelector(
        SelectSelectorConfig(options=list(options), mode=mode, translation_key=key)
    )


_CT_RATING: Final = vol.All(
    NumberSelector(
        NumberSelectorConfig(
            min=1,
            max=_HIGHEST_CT_RATING,
            step="any",
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        )
    ),
    msg="ct_rating_range",
)

_CT_SETS: Final = {
    vol.Required(CONF_CT_SETS, default=DEFAULTS[CONF_CT_SETS]): whole_number(
        1, MOST_CT_SETS, error="ct_sets_range"
    )
}

CURRENT_TRANSFORMERS: Final = {vol.Optional(CONF_CT_RATING): _CT_RATING, **_CT_SETS}
CT_RATING_FORM: Final = vol.Schema(CURRENT_TRANSFORMERS)
"""The rating is optional, as Home Assistant fills in the least number of a required field."""
"""The form of the repair that asks for the rating."""

_STATES: Final = vol.Schema(
    {
        vol.Required(
            CONF_EXPORT_THRESHOLD, default=DEFAULTS[CONF_EXPORT_THRESHOLD]
        ): number_in_section(1, 100_000, UnitOfPower.WATT),
        vol.Required(CONF_EXPORT_HOLD, default=DEFAULTS[CONF_EXPORT_HOLD]): _hold_time(),
        vol.Required(
            CONF_OVERLOAD_THRESHOLD, default=DEFAULTS[CONF_OVERLOAD_THRESHOLD]
        ): number_in_section(10, 200, PERCENTAGE),
        vol.Required(CONF_OVERLOAD_HOLD, default=DEFAULTS[CONF_OVERLOAD_HOLD]): _hold_time(),
        vol.Required(CONF_PHASE_LOST_HOLD, default=DEFAULTS[CONF_PHASE_LOST_HOLD]): _hold_time(),
        vol.Required(CONF_VOLTAGE_HOLD, default=DEFAULTS[CONF_VOLTAGE_HOLD]): _hold_time(),
    }
)

_BILLING: Final = vol.Schema(
    {
        vol.Required(CONF_BILLING_DAY, default=DEFAULTS[CONF_BILLING_DAY]): number_in_section(
            1, 31
        ),
        vol.Required(CONF_DEMAND_WINDOW, default=str(DEFAULTS[CONF_DEMAND_WINDOW])): choice(
            CONF_DEMAND_WINDOW, tuple(map(str, DEMAND_WINDOWS))
        ),
        vol.Required(CONF_INTERVAL, default=str(DEFAULTS[CONF_INTERVAL])): choice(
            CONF_INTERVAL, tuple(map(str, INTERVALS))
        ),
    }
)

_PRICE: Final = NumberSelector(NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX))
_PRICE_ENTITY: Final = EntitySelector(
    EntitySelectorConfig(domain=["sensor", "input_number", "number"])
)
_PRICES: Final = vol.Schema(
    {
        vol.Optional(CONF_IMPORT_PRICE_ENTITY): _PRICE_ENTITY,
        vol.Optional(CONF_IMPORT_PRICE): _PRICE,
        vol.Optional(CONF_EXPORT_PRICE_ENTITY): _PRICE_ENTITY,
        vol.Optional(CONF_EXPORT_PRICE): _PRICE,
    }
)

_IN_MINUTES: Final = (CONF_DEMAND_WINDOW, CONF_INTERVAL)
"""Choices of a form are texts."""

_OPTIONS_SECTIONS: Final = {
    SECTION_STATES: _STATES,
    SECTION_BILLING: _BILLING,
    SECTION_PRICES: _PRICES,
}

_READING: Final = {
    vol.Required(CONF_SCAN_INTERVAL, default=DEFAULTS[CONF_SCAN_INTERVAL]): whole_number(
        1, 60, UnitOfTime.SECONDS, error="scan_interval_range"
    ),
    **CURRENT_TRANSFORMERS,
    vol.Required(CONF_POWER_SIGN, default=POWER_SIGN_AUTO): choice(
        CONF_POWER_SIGN,
        (POWER_SIGN_AUTO, PowerSign.IMPORT_POSITIVE, PowerSign.EXPORT_POSITIVE),
    ),
}

_HISTORY: Final = {
    vol.Required(CONF_RECORDING, default=Recording.ECONOMICAL): choice(
        CONF_RECORDING, tuple(Recording)
    ),
    vol.Required(CONF_FILL_OUTAGES, default=True): BooleanSelector(),
}

_SOLAR_OPTIONS: Final = {
    vol.Optional(CONF_PRODUCTION): choice(CONF_PRODUCTION, tuple(ProductionCounter))
}


def options_form(options: Mapping[str, Any]) -> vol.Schema:
    """Return the form for a meter that has these config entry options."""
    chosen = options.get(CONF_ROLE)
    role = {vol.Optional(CONF_ROLE): choice(CONF_ROLE, offered_roles(chosen))}
    production = _SOLAR_OPTIONS if chosen == Role.SOLAR else {}
    sections = {
        vol.Required(name): section(fields, {"collapsed": True})
        for name, fields in _OPTIONS_SECTIONS.items()
    }
    return vol.Schema({**_READING, **role, **_HISTORY, **production, **sections})


def options_data(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the form's input to config entry options."""
    options = dict(answers)
    for name in _OPTIONS_SECTIONS:
        options |= options.pop(name)
    return {**options, **{name: int(options[name]) for name in _IN_MINUTES}}


def options_answers(options: Mapping[str, Any]) -> dict[str, Any]:
    """Convert config entry options to the form's input, to show them as suggested values."""
    answers = dict(options)
    answers |= {name: str(answers[name]) for name in _IN_MINUTES if name in answers}
    for name, fields in _OPTIONS_SECTIONS.items():
        keys = answers.keys() & {str(key) for key in fields.schema}
        answers[name] = {key: answers.pop(key) for key in keys}
    return answers
