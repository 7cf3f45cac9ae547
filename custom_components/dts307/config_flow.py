"""Set a meter up, move it to another link, and change its options, all in the UI."""

import logging
from typing import Any, override

from homeassistant.components import usb
from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from .const import (
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    DEFAULT_NAME,
    DOMAIN,
    TRANSPORT_NETWORK,
    TRANSPORT_SERIAL,
)
from .forms import (
    CURRENT_TRANSFORMERS_FORM,
    OPTIONS_FORM,
    link_answers,
    link_data,
    link_form,
    options_answers,
    options_data,
)
from .link import failure_key, identify, link_params, other_settings, port_params
from .meter import GarbledReplyError, Identity, MeterError, MeterSilentError

_LOGGER = logging.getLogger(__name__)


class LinkRefusedError(Exception):
    """A link that was entered cannot be used; the translation key says why."""

    def __init__(self, key: str) -> None:
        """Keep the translation key of what to tell the owner."""
        super().__init__(key)
        self.key = key
        self.placeholders: dict[str, str] = {}
        self.corrections: dict[str, Any] = {}
        """What would have to be entered into the form."""


class OtherSettingsError(LinkRefusedError):
    """A meter does answer on the port that was entered, but with other settings of the line."""

    def __init__(self, data: dict[str, Any]) -> None:
        """Tell the settings in the usual short form, such as 19200 8E1, and correct the form."""
        super().__init__("answers_at")
        params = port_params(data)
        character = f"{params.bytesize}{params.parity}{params.stopbits}"
        self.placeholders = {"settings": f"{params.baudrate} {character}"}
        self.corrections = link_answers(data)


class Dts307ConfigFlow(ConfigFlow, domain=DOMAIN):
    """Ask how the meter is reached, identify it, and ask about its current transformers."""

    VERSION = 1

    _data: dict[str, Any]
    _identity: Identity

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> Dts307OptionsFlow:
        return Dts307OptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which kind of link the meter is on."""
        return self.async_show_menu(
            step_id="user", menu_options=[TRANSPORT_SERIAL, TRANSPORT_NETWORK]
        )

    async def async_step_serial(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a serial port."""
        return await self._async_step_link(TRANSPORT_SERIAL, user_input)

    async def async_step_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a network adapter."""
        return await self._async_step_link(TRANSPORT_NETWORK, user_input)

    async def _async_step_link(
        self, transport: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Identify the meter on the link that was entered, or say why that failed."""
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            self._data = await self._async_link_data(transport, user_input)
            try:
                self._identity = await self._async_identify(self._data)
            except LinkRefusedError as err:
                errors["base"] = err.key
                placeholders = err.placeholders
                user_input = user_input | err.corrections
            else:
                # A flow that was left half-way in another window is no obstacle.
                await self.async_set_unique_id(
                    self._identity.serial_number, raise_on_progress=False
                )
                self._abort_if_unique_id_configured()
                return await self.async_step_current_transformers()
        return self.async_show_form(
            step_id=transport,
            data_schema=self.add_suggested_values_to_schema(
                link_form(transport, user_input), user_input
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_current_transformers(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what no register tells: the rating of the current transformers."""
        name = self._identity.model or DEFAULT_NAME
        if user_input is not None:
            return self.async_create_entry(title=name, data=self._data, options=user_input)
        return self.async_show_form(
            step_id="current_transformers",
            data_schema=CURRENT_TRANSFORMERS_FORM,
            description_placeholders={
                "model": name,
                "serial_number": self._identity.serial_number,
            },
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which kind of link the meter is on from now on."""
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=["reconfigure_serial", "reconfigure_network"],
        )

    async def async_step_reconfigure_serial(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Reach the meter through a serial port from now on."""
        return await self._async_step_other_link(TRANSPORT_SERIAL, user_input)

    async def async_step_reconfigure_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Reach the meter through a network adapter from now on."""
        return await self._async_step_other_link(TRANSPORT_NETWORK, user_input)

    async def _async_step_other_link(
        self, transport: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Find the entry's own meter on the link that was entered, or say why that failed."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            data = await self._async_link_data(transport, user_input)
            try:
                await self._async_find_again(entry, data)
            except LinkRefusedError as err:
                errors["base"] = err.key
                placeholders = err.placeholders
                user_input = user_input | err.corrections
            else:
                return self.async_update_reload_and_abort(entry, data=data)
        elif entry.data[CONF_TRANSPORT] == transport:
            user_input = link_answers(entry.data)
        return self.async_show_form(
            step_id=f"reconfigure_{transport}",
            data_schema=self.add_suggested_values_to_schema(
                link_form(transport, user_input), user_input
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _async_find_again(self, entry: ConfigEntry, data: dict[str, Any]) -> None:
        """Make sure that the entry's meter answers on another link.

        Raises LinkRefusedError; the entry then goes on as before.
        """
        stepped_aside = await self._async_step_aside(entry, data)
        found = False
        try:
            identity = await self._async_identify(data)
            found = identity.serial_number == entry.unique_id
        finally:
            if stepped_aside and not found:
                await self.hass.config_entries.async_setup(entry.entry_id)
        if not found:
            raise LinkRefusedError("another_meter")

    async def _async_step_aside(self, entry: ConfigEntry, data: dict[str, Any]) -> bool:
        """Unload an entry that holds the very link that is to be tried with other settings.

        An entry that waits for its next attempt may take the link at any time, so that it counts.
        """
        current, new = link_params(entry.data), link_params(data)
        if new.endpoint != current.endpoint or new == current:
            return False
        if entry.state not in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY):
            return False
        return await self.hass.config_entries.async_unload(entry.entry_id)

    async def _async_link_data(self, transport: str, answers: dict[str, Any]) -> dict[str, Any]:
        """Return config entry data; a serial port goes by the name that outlasts replugging."""
        data = link_data(transport, answers)
        if transport == TRANSPORT_SERIAL:
            data[CONF_DEVICE] = await self.hass.async_add_executor_job(
                usb.get_serial_by_id, data[CONF_DEVICE]
            )
        return data

    async def _async_identify(self, data: dict[str, Any]) -> Identity:
        """Return the identity of the meter on a link.

        Raises LinkRefusedError.
        """
        try:
            async with async_get_temporary_unit(
                self.hass, link_params(data), data[CONF_UNIT_ID]
            ) as unit:
                meter = await identify(unit, data)
        except MeterError as err:
            _LOGGER.debug("No meter at %s: %r", data, err)
            if isinstance(err, (MeterSilentError, GarbledReplyError)) and (
                found := await other_settings(data)
            ):
                raise OtherSettingsError(found) from err
            raise LinkRefusedError(failure_key(err, data)) from err
        except HomeAssistantError as err:
            # One link serves all who share it with the same settings, and they hold it already.
            _LOGGER.debug("Link %s is taken: %s", data, err)
            raise LinkRefusedError("link_in_use") from err
        if not meter.identity.serial_number:
            raise LinkRefusedError("no_serial_number")
        return meter.identity


class Dts307OptionsFlow(OptionsFlowWithReload):
    """Change how the meter is read, what its states depend on, and how it is billed."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the options; what is left empty is open again."""
        if user_input is not None:
            return self.async_create_entry(data=options_data(user_input))
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS_FORM, options_answers(self.config_entry.options)
            ),
        )
