"""The options flow: change a meter's options, or add it to the Energy dashboard."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlowWithReload
import voluptuous as vol

from ..connection import MeterAddress
from ..const import DOMAIN
from ..energy_dashboard import (
    EnergyDashboardError,
    async_add_to_dashboard,
    async_can_offer,
    async_is_in_dashboard,
    async_sources_beside,
)
from ..sharing import CONF_SHARING, SharingOptions
from .option_forms import (
    errors_in_sections,
    options_answers,
    options_data,
    options_form,
    unfolded,
)
from .sharing_form import (
    async_sharing_form,
    sharing_answers,
    sharing_errors,
    sharing_options,
    without_blanks,
)

_NONE: Final = "-"


class Dts307OptionsFlow(OptionsFlowWithReload):
    """Change options of a meter, add it to the Energy dashboard, or share it."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu."""
        dashboard = ["energy_dashboard"] if async_can_offer(self.hass) else []
        return self.async_show_menu(
            step_id="init", menu_options=["settings", *dashboard, "sharing"]
        )

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
                kept = {key: options[key] for key in (CONF_SHARING,) if key in options}
                return self.async_create_entry(data={**options_data(user_input), **kept})
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

    async def async_step_sharing(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whether and how the meter is shared; the other meters get the same server."""
        entry = self.config_entry
        others = self._shared_meters()
        errors: dict[str, str] = {}
        if user_input is not None:
            user_input = without_blanks(user_input)
            errors = sharing_errors(user_input, {each.unit_id for each in others.values()})
            if not errors:
                return self._async_share(sharing_options(user_input), others)
        answers = user_input or sharing_answers(entry.options, others.values())
        own_unit_id = MeterAddress.parse(entry.data).unit_id
        form = await async_sharing_form(self.hass, own_unit_id, answers)
        return self.async_show_form(
            step_id="sharing",
            data_schema=self.add_suggested_values_to_schema(form, answers),
            errors=errors,
            description_placeholders={
                "name": entry.title,
                "meters": ", ".join(
                    f"{other.title} ({options.unit_id})" for other, options in others.items()
                )
                or _NONE,
            },
        )

    def _shared_meters(self) -> dict[ConfigEntry, SharingOptions]:
        """Return the other meters that are shared."""
        return {
            entry: options
            for entry in self.hass.config_entries.async_entries(DOMAIN)
            if entry is not self.config_entry
            and (options := SharingOptions.parse(entry.options)) is not None
        }

    def _async_share(
        self, chosen: SharingOptions | None, others: Mapping[ConfigEntry, SharingOptions]
    ) -> ConfigFlowResult:
        """Store the answers, those about the server for all meters."""
        options = {k: v for k, v in self.config_entry.options.items() if k != CONF_SHARING}
        if chosen is None:
            return self.async_create_entry(data=options)
        manager = self.hass.config_entries
        for entry, theirs in others.items():
            if theirs.server != chosen.server:
                sharing = replace(theirs, server=chosen.server).as_option()
                manager.async_update_entry(entry, options={**entry.options, CONF_SHARING: sharing})
                manager.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={**options, CONF_SHARING: chosen.as_option()})
