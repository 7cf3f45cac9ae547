"""The part of the setup that asks for a port or the address of a network adapter."""

from abc import abstractmethod
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_DEVICE
from homeassistant.core import callback
import voluptuous as vol

from ..connection import (
    CONF_UNIT_ID,
    Failure,
    MeterAddress,
    Transport,
    async_only_free_port,
    async_resolved,
)
from ..flows import (
    SECTION_KNOWN,
    address_answers,
    address_form,
    entered_address,
    errors_in_sections,
    unfolded,
)


class AddressFlow(ConfigFlow):
    """Asks for a port or an address, and says why nothing was found there."""

    _transport: Transport
    _answers: dict[str, Any] | None = None
    _failure: Failure | None = None
    """Why a scan has found nothing."""

    @abstractmethod
    async def _async_search(self, address: MeterAddress) -> ConfigFlowResult:
        """Continue with the address that was entered."""

    async def async_step_serial(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a serial port."""
        return await self._async_step_address(Transport.SERIAL, user_input)

    async def async_step_network(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a network adapter."""
        return await self._async_step_address(Transport.NETWORK, user_input)

    async def _async_step_address(
        self, transport: Transport, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        self._transport = transport
        if self._is_entry_gone():
            return self.async_abort(reason="entry_gone")
        if user_input is None:
            # The frontend requests a form again after it has shown progress.
            self._answers = self._answers or await self._async_likely_answers()
            return self._async_show_address()
        self._answers = user_input
        if errors := errors_in_sections(self._address_form, user_input):
            return self._async_show_address(errors)
        return await self._async_search(
            await async_resolved(self.hass, entered_address(transport, user_input))
        )

    @property
    def _entered_unit_id(self) -> int | None:
        """The unit ID that was entered; None if the field is empty."""
        known: dict[str, Any] = (self._answers or {}).get(SECTION_KNOWN, {})
        return known.get(CONF_UNIT_ID)

    @property
    def _asked_unit_id(self) -> int | None:
        """The unit ID at which the person in the flow says that the meter is.

        That of the entry that is reconfigured was filled in, and may no longer be right.
        """
        entry = self._existing_entry() if self.source == SOURCE_RECONFIGURE else None
        unit_id = self._entered_unit_id
        return None if entry and MeterAddress.parse(entry.data).unit_id == unit_id else unit_id

    @callback
    def _existing_entry(self) -> ConfigEntry | None:
        """Return the entry that is reconfigured, unless it was removed meanwhile."""
        return self.hass.config_entries.async_get_entry(self._reconfigure_entry_id)

    @callback
    def _is_entry_gone(self) -> bool:
        return self.source == SOURCE_RECONFIGURE and self._existing_entry() is None

    async def _async_likely_answers(self) -> dict[str, Any] | None:
        """Return the address of the entry that is reconfigured, or else the only free port."""
        if self.source == SOURCE_RECONFIGURE:
            address = MeterAddress.parse(self._get_reconfigure_entry().data)
            return address_answers(address) if address.bus.transport is self._transport else None
        if self._transport is Transport.SERIAL and (port := await async_only_free_port(self.hass)):
            return {CONF_DEVICE: port, SECTION_KNOWN: {}}
        return None

    @property
    def _address_form(self) -> vol.Schema:
        return address_form(self._transport, again=self._failure is not None)

    @callback
    def _async_show_address(self, errors: dict[str, str] | None = None) -> ConfigFlowResult:
        """Ask for the address, with ``errors`` in what was entered or why nothing was found."""
        failure, placeholders = self._failure or (None, None)
        if failure and not errors:
            errors = {"base": failure}
        form = unfolded(self._address_form, errors or {})
        return self.async_show_form(
            step_id=self._transport,
            data_schema=self.add_suggested_values_to_schema(form, self._answers),
            errors=errors,
            description_placeholders=placeholders,
        )
