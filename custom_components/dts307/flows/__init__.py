"""Forms and steps of the config flow and the options flow."""

from .ct_rating_offer import CT_RATING_MISSING, async_offer_ct_rating
from .energy_offer import async_energy_offer
from .new_meter import NewMeter, names_of
from .option_forms import CT_RATING_FORM, errors_in_sections, unfolded
from .options_flow import Dts307OptionsFlow
from .preview import (
    PREVIEWS,
    async_live_text,
    async_measure,
    async_register_preview,
    async_text,
    doubt,
)
from .setup_forms import (
    CONF_ENERGY,
    CONF_EVERYTHING,
    CONF_METERS,
    CONF_THOROUGH,
    SECTION_KNOWN,
    address_answers,
    address_form,
    energy_form,
    entered_address,
    meter_form,
    meters_form,
)

__all__ = [
    "CONF_ENERGY",
    "CONF_EVERYTHING",
    "CONF_METERS",
    "CONF_THOROUGH",
    "CT_RATING_FORM",
    "CT_RATING_MISSING",
    "PREVIEWS",
    "SECTION_KNOWN",
    "Dts307OptionsFlow",
    "NewMeter",
    "address_answers",
    "address_form",
    "async_energy_offer",
    "async_live_text",
    "async_measure",
    "async_offer_ct_rating",
    "async_register_preview",
    "async_text",
    "doubt",
    "energy_form",
    "entered_address",
    "errors_in_sections",
    "meter_form",
    "meters_form",
    "names_of",
    "unfolded",
]
