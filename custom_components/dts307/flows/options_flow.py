"""Change a meter's options after its set-up, and add it to the Energy dashboard."""

from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
import voluptuous as vol

from ..energy_dashboard import (
    EnergyDashboardError,
    async_add_to_dashboard,
    async_can_offer,
    async_is_in_dashboard,
    async_sources_there,
)
from ..options import MeterOptions
from .option_forms import options_answers, options_data, options_form

_NONE: Final = "-"


class Dts307OptionsFlow(OptionsFlowWithReload):
    """Change how the meter is read, what its states depend on, and how it is billed."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what it is about; without an Energy dashboard there is but one answer."""
        if not async_can_offer(self.hass):
            return await self.async_step_settings()
        return self.async_show_menu(step_id="init", menu_options=["settings", "energy_dashboard"])

    async def async_step_settings(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the options; what is left empty is open again."""
        if user_input is not None:
            return self.async_create_entry(data=options_data(user_input))
        options = self.config_entry.options
        return self.async_show_form(
            step_id="settings",
            data_schema=self.add_suggested_values_to_schema(
                options_form(options), options_answers(options)
            ),
        )

    async def async_step_energy_dashboard(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what the dashboard has already, and add the meter after a yes."""
        entry = self.config_entry
        if await async_is_in_dashboard(self.hass, entry):
            return self.async_abort(reason="already_there")
        if user_input is not None:
            try:
                await async_add_to_dashboard(self.hass, entry)
            except EnergyDashboardError as err:
                return self.async_abort(reason=err.reason)
            return self.async_abort(reason="added")
        role = MeterOptions.parse(entry.options).role
        if role is None:
            return self.async_abort(reason="no_role")
        there = await async_sources_there(self.hass, role)
        return self.async_show_form(
            step_id="energy_dashboard",
            data_schema=vol.Schema({}),
            description_placeholders={
                "name": entry.title,
                "sources": ", ".join(there) or _NONE,
            },
        )
