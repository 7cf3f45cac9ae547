"""The form that asks whether and how a meter is shared."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)
import voluptuous as vol

from ..meter.modbus import HIGHEST_UNIT_ID
from ..sharing import (
    ALL_ADAPTERS,
    CONF_ADAPTER,
    CONF_ALLOWED,
    CONF_SHARED_UNIT_ID,
    DEFAULT_SERVER_PORT,
    SharingOptions,
    allowed_networks,
    async_adapter_choices,
    async_default_adapter,
)
from .option_forms import whole_number

CONF_IS_SHARED: Final = "is_shared"

_HIGHEST_PORT: Final = 65535


async def async_sharing_form(
    hass: HomeAssistant, unit_id: int, answers: Mapping[str, Any]
) -> vol.Schema:
    """Return the form for a meter that has a unit ID on its own bus."""
    default = await async_default_adapter(hass)
    chosen = answers.get(CONF_ADAPTER, default)
    # An adapter that is gone, such as that of a VPN, stays what was chosen.
    adapters = {chosen: "-", **await async_adapter_choices()}
    return sharing_form(unit_id, adapters, default)


def sharing_form(unit_id: int, adapters: Mapping[str, str], default: str) -> vol.Schema:
    """Return the form; ``adapters`` are names, each with its addresses."""
    choices = [SelectOptionDict(value=ALL_ADAPTERS, label=ALL_ADAPTERS)]
    choices += [
        SelectOptionDict(value=name, label=f"{name} ({addresses})")
        for name, addresses in adapters.items()
        if name != ALL_ADAPTERS
    ]
    return vol.Schema(
        {
            vol.Required(CONF_IS_SHARED, default=False): BooleanSelector(),
            vol.Required(CONF_SHARED_UNIT_ID, default=unit_id): whole_number(
                1, HIGHEST_UNIT_ID, error="unit_id_range"
            ),
            vol.Required(CONF_PORT, default=DEFAULT_SERVER_PORT): whole_number(
                1, _HIGHEST_PORT, error="port_range"
            ),
            vol.Required(CONF_ADAPTER, default=default): SelectSelector(
                SelectSelectorConfig(
                    options=choices,
                    mode=SelectSelectorMode.DROPDOWN,
                    translation_key=CONF_ADAPTER,
                )
            ),
            vol.Optional(CONF_ALLOWED, default=[]): TextSelector(TextSelectorConfig(multiple=True)),
        }
    )


def sharing_answers(options: Mapping[str, Any], others: Iterable[SharingOptions]) -> dict[str, Any]:
    """Return what the form begins with: what is set, or the server of the other meters."""
    sharing = SharingOptions.parse(options)
    if sharing is not None:
        return {CONF_IS_SHARED: True, **sharing.as_option()}
    return next((other.server.as_option() for other in others), {})


def without_blanks(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers without rows of allowed clients that were added and left blank."""
    clients = [client for each in answers[CONF_ALLOWED] if (client := each.strip())]
    return {**answers, CONF_ALLOWED: clients}


def sharing_errors(answers: Mapping[str, Any], taken: Collection[int]) -> dict[str, str]:
    """Return an error for each field that is wrong; ``taken`` are unit IDs of other meters."""
    errors: dict[str, str] = {}
    if answers[CONF_IS_SHARED] and answers[CONF_SHARED_UNIT_ID] in taken:
        errors[CONF_SHARED_UNIT_ID] = "unit_id_shared"
    try:
        allowed_networks(answers[CONF_ALLOWED])
    except ValueError:
        errors[CONF_ALLOWED] = "allowed_clients_invalid"
    return errors


def sharing_options(answers: Mapping[str, Any]) -> SharingOptions | None:
    """Convert the form's input; None if the meter is not to be shared."""
    return SharingOptions.from_option(answers) if answers[CONF_IS_SHARED] else None
