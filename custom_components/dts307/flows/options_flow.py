"""The options flow: change a meter's options, or add it to the Energy dashboard."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
import voluptuous as vol

from ..energy_dashboard import (
    EnergyDashboardError,
    async_add_to_dashboard,
    async_can_offer,
    async_is_in_dashboard,
    async_sources_beside,
)
from .option_forms import (
    errors_in_sections,
    options_answers,
    options_data,
    options_form,
    unfolded,
)

_NONE: Final = "-"


class Dts307OptionsFlow(OptionsFlowWithReload):
    """Change polling, CTs, alarms and billing of a meter, or add it to the Energy dashboard."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu, or the options at once if there is no Energy dashboard."""
        if not async_can_offer(self.hass):
            return await self.async_step_settings()
        return self.async_show_menu(step_id="init", menu_options=["settings", "energy_dashboard"])

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the options; clearing an optional field removes the option."""
        options = self.config_entry.options
        form = options_form(options)
        if user_input is None:
            answers, errors = options_answers(options), {}
        else:
            answers, errors = user_input, errors_in_sections(form, user_input)
            if not errors:
                return self.async_create_entry(data=options_data(user_input))
        return self.async_show_form(
            step_id="settings",
            data_schema=self.add_suggested_values_to_schema(unfolded(form, errors), answers),
            errors=errors,
        )

    async def async_step_energy_dashboard(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the dashboard's existing sources, and add the meter once that is confirmed."""
        entry = self.config_entry
        if await async_is_in_dashboard(self.hass, entry):
            return self.async_abort(reason="already_there")
        try:
            if user_input is not None:
                await async_add_to_dashboard(self.hass, entry)
                return self.async_abort(reason="added")
            sources = await async_sources_beside(self.hass, entry)
        except EnergyDashboardError as err:
            return self.async_abort(reason=err.reason)
        return self.async_show_form(
            step_id="energy_dashboard",
            data_schema=vol.Schema({}),
            description_placeholders={
                "name": entry.title,
                "sources": ", ".join(sources) or _NONE,
            },
        )
