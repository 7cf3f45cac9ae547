"""Set up meters in the UI, and move a meter to another port or adapter."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowContext,
    ConfigFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import discovery_flow

from .connection import BusAddress, MeterAddress, Transport
from .const import CONF_ADD_TO_ENERGY, DEFAULT_NAME, DOMAIN
from .flows import (
    CONF_ENERGY,
    CONF_METERS,
    PREVIEWS,
    Dts307OptionsFlow,
    NewMeter,
    async_energy_offer,
    async_live_text,
    async_measure,
    async_register_preview,
    async_text,
    doubt,
    energy_form,
    meter_form,
    meters_form,
    names_of,
)
from .identification import CONF_SERIAL_NUMBER, identification
from .meter.modbus import ScanResult
from .options import MeterOptions
from .scan import ScanFlow, result_text

_NOT_OF_THE_ADDRESS: Final = {CONF_ADD_TO_ENERGY, CONF_SERIAL_NUMBER}
"""What an entry's data holds besides the address of its meter."""


class Dts307ConfigFlow(ScanFlow, domain=DOMAIN):
    """Find meters, ask for the role and CTs of each, and show what they measure."""

    VERSION = 1

    _at = 0
    """The index of the meter whose form is shown."""

    def __init__(self) -> None:
        """Begin without a meter."""
        super().__init__()
        self._meters: list[NewMeter] = []
        """The meters that are being added."""
        self._found: dict[str, NewMeter] = {}
        """The meters that were found, by unique ID."""
        self._labels: dict[str, str] = {}
        """The labels of the meters to choose from, by unique ID."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> Dts307OptionsFlow:
        return Dts307OptionsFlow()

    @staticmethod
    @override
    async def async_setup_preview(hass: HomeAssistant) -> None:
        async_register_preview(hass)

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether the meter is on a serial port or behind a network adapter."""
        return self.async_show_menu(
            step_id="user", menu_options=[Transport.SERIAL, Transport.NETWORK]
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what the meter is connected to now."""
        return self.async_show_menu(
            step_id="reconfigure", menu_options=[Transport.SERIAL, Transport.NETWORK]
        )

    @override
    def _is_wanted(self, result: ScanResult[BusAddress]) -> bool:
        if self.source == SOURCE_RECONFIGURE:
            entry = self._existing_entry()
            if entry is None:
                return False
            return self._known.is_meter_of(entry, result, self._entered_unit_id)
        return self._known.is_new(result, is_one_meter=self._scan.is_one_meter)

    @override
    async def _async_found(self, found: list[ScanResult[BusAddress]]) -> ConfigFlowResult:
        self._suspended.async_resume_with_settings(found[0].settings)
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            kept = {key: entry.data[key] for key in _NOT_OF_THE_ADDRESS & entry.data.keys()}
            return self.async_update_reload_and_abort(
                entry, data={**_address(found[0]).as_data(), **kept}
            )
        # The step may be requested twice.
        self._found, self._meters, self._at = {}, [], 0
        self._labels = self._async_note(found)
        if len(self._found) == 1:
            return await self._async_configure(list(self._found))
        return await self.async_step_meters()

    @callback
    def _async_note(self, found: list[ScanResult[BusAddress]]) -> dict[str, str]:
        """Note the meters that were not found before; return their labels by unique ID."""
        known = {meter.address for meter in self._found.values()}
        labels = {}
        for result, identity in ((each, each.identity) for each in found if each.identity):
            if (address := _address(result)) in known:
                continue
            taken = {*self._async_current_ids(include_ignore=False), *self._found}
            unique_id, kept = identification(identity, address.place, taken)
            self._found[unique_id] = NewMeter(address, identity, unique_id=unique_id, kept=kept)
            labels[unique_id] = result_text(result)
        return labels

    async def async_step_meters(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which of the meters to add; the others become discovered devices."""
        if user_input is not None:
            if user_input[CONF_METERS]:
                return await self._async_configure(user_input[CONF_METERS])
            errors = {CONF_METERS: "none_chosen"}
        else:
            errors = {}
        return self.async_show_form(
            step_id="meters", data_schema=meters_form(self._labels), errors=errors
        )

    async def _async_configure(self, unique_ids: list[str]) -> ConfigFlowResult:
        self._meters += [meter for each, meter in self._found.items() if each in unique_ids]
        return await self.async_step_meter()

    async def async_step_more_meters(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which to add of the meters that were found while the first one's form was shown."""
        if user_input is None:
            if labels := self._async_note(await self._async_neighbours()):
                return self.async_show_form(step_id="more_meters", data_schema=meters_form(labels))
            return await self.async_step_finish()
        if user_input[CONF_METERS]:
            return await self._async_configure(user_input[CONF_METERS])
        return await self.async_step_finish()

    async def async_step_meter(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for what the registers of a meter do not contain: its name, role and CTs."""
        if user_input is not None:
            meter = self._meters[self._at]
            meter.name = user_input.pop(CONF_NAME).strip() or meter.name
            meter.options = user_input
            self._at += 1
        # The frontend may request the form while its answer is still being worked on.
        if self._at == len(self._meters):
            if self._are_neighbours_asked:
                return await self.async_step_neighbours()
            return await self.async_step_more_meters()
        meter = self._meters[self._at]
        titles = {entry.title for entry in self._async_current_entries()}
        meter.name = meter.suggested_name(titles, is_alone=len(self._meters) == 1)
        previous = self._meters[self._at - 1].ct_options if self._at else {}
        self._async_preview([meter])
        reading = await async_measure(self.hass, meter.address)
        self._async_ask_neighbours()
        return self.async_show_form(
            step_id="meter",
            data_schema=self.add_suggested_values_to_schema(
                meter_form(), {CONF_NAME: meter.name, **previous}
            ),
            description_placeholders={
                "model": meter.identity.model or DEFAULT_NAME,
                "serial_number": meter.short_id,
                "unit_id": str(meter.address.unit_id),
                "position": str(self._at + 1),
                "count": str(len(self._meters)),
                "measured": await async_text(self.hass, reading),
                "identified": await self._async_identified(meter),
            },
            preview=DOMAIN,
        )

    async def _async_identified(self, meter: NewMeter) -> str:
        """Return a sentence if the meter's serial number does not distinguish it from others."""
        identity, text = meter.identity, partial(async_live_text, self.hass)
        if not identity.has_serial_number:
            return await text("no_serial_number", address=meter.address.place)
        serial_numbers = [each.identity.serial_number for each in self._found.values()]
        if meter.kept or serial_numbers.count(identity.serial_number) > 1:
            return await text("shared_serial_number", serial_number=identity.serial_number)
        return ""

    async def async_step_finish(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what the meters measure, and offer to add them to the Energy dashboard."""
        if user_input is not None:
            return await self._async_create(user_input.get(CONF_ENERGY, []))
        # Before the meters are read: the dialog may be closed meanwhile.
        self._async_preview(self._meters)
        labels = names_of(self._meters)
        doubts: list[str] = []
        measured: list[str] = []
        for meter in self._meters:
            reading = await async_measure(self.hass, meter.address)
            mark = ""
            if key := doubt(reading, MeterOptions.parse(meter.options)):
                doubts.append(key)
                mark = "⚠ "
            text = await async_text(self.hass, reading)
            measured.append(f"- {mark}**{labels[meter.unique_id]}**: {text}")
        offer = await async_energy_offer(self.hass, self._meters)
        return self.async_show_form(
            step_id="finish",
            data_schema=energy_form(offer),
            errors={"base": doubts[0]} if doubts else None,
            description_placeholders={
                "measured": "\n".join(measured),
                "not_ticked": offer.reason,
            },
            preview=DOMAIN,
            last_step=True,
        )

    async def _async_create(self, for_energy: list[str]) -> ConfigFlowResult:
        """Create the entries of all meters; the first is this flow's result.

        Skip meters that another flow has added meanwhile.
        """
        for meter in self._found.values():
            if meter not in self._meters:
                discovery_flow.async_create_flow(
                    self.hass, DOMAIN, context=_discovered(), data=meter.as_discovered()
                )
        existing = self._async_current_ids(include_ignore=False)
        new = [meter for meter in self._meters if meter.unique_id not in existing]
        if not new:
            return self.async_abort(reason="already_configured")
        mine, *others = new
        for meter in new:
            if meter.unique_id in for_energy:
                meter.add_to_energy = True
        await self.async_set_unique_id(mine.unique_id, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        for meter in others:
            await self.hass.config_entries.flow.async_init(
                DOMAIN, context=_discovered(), data=meter.as_discovered()
            )
        return self.async_create_entry(title=mine.name, data=mine.entry_data, options=mine.options)

    async def async_step_integration_discovery(
        self, discovery_info: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Continue with a meter that another flow has found, and may have configured."""
        meter = NewMeter.discovered(discovery_info)
        # The owner wants a configured meter, even if it was discovered before, or ignored.
        is_configured = bool(meter.options)
        await self.async_set_unique_id(meter.unique_id, raise_on_progress=not is_configured)
        if meter.unique_id in self._async_current_ids(include_ignore=not is_configured):
            return self.async_abort(reason="already_configured")
        if is_configured:
            return self.async_create_entry(
                title=meter.name, data=meter.entry_data, options=meter.options
            )
        model = meter.identity.model or DEFAULT_NAME
        self.context["title_placeholders"] = {"name": f"{model} {meter.short_id}"}
        self._found = {meter.unique_id: meter}
        return await self._async_configure([meter.unique_id])

    @callback
    def _async_preview(self, meters: list[NewMeter]) -> None:
        previews = self.hass.data.setdefault(PREVIEWS, {})
        previews[self.flow_id] = [meter.subject for meter in meters]
        self._at_end.append(lambda: previews.pop(self.flow_id, None))


def _address(result: ScanResult[BusAddress]) -> MeterAddress:
    return MeterAddress(result.settings, result.unit_id)


def _discovered() -> ConfigFlowContext:
    """Return a new context for each flow, because the flow writes its meter into it."""
    return ConfigFlowContext(source=SOURCE_INTEGRATION_DISCOVERY)
