"""A bus to search, over a port of its own or over a link that Home Assistant shares."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
import errno
from math import inf
import time
from typing import Any, Final

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from modbus_connection import ModbusExceptionError, ModbusSerialParams, ModbusTcpParams

from ..connection.link import LinkParams, identify, link_state, params_in_use
from ..const import CONF_UNIT_ID, DEFAULT_UNIT_ID
from ..meter import (
    Identity,
    LinkDownError,
    MeterBusyError,
    MeterError,
    MeterSilentError,
    ReadRefusedError,
)
from ..meter.errors import HostUnknownError, LinkLostError, opening_error
from ..meter.modbus import (
    ProbeResult,
    SerialProbe,
    UnitProbe,
    UnusableSettingsError,
    classify,
    opened_probe,
    read_registers,
    responding_units,
)
from ..meter.sunspec import BASE_ADDRESSES

_EXCHANGE_BITS: Final = (8 + 9) * 11
"""Bits on a serial line for a question and its answer."""

_ADAPTERS_BAUDRATE: Final = 9600
"""What the line behind an adapter is taken to run at: the meter's default."""
_NETWORK_PATIENCE: Final = 0.1
"""Seconds more that the way through a network may take."""
_GATEWAY_PATIENCE: Final = 1.0
"""Seconds that a gateway to Modbus TCP may itself wait for the unit that it asks."""
_CONNECT_PATIENCE: Final = 10.0
"""Seconds that the Modbus library takes to give up on an adapter that does not connect."""

_SLOT_FREE_AFTER: Final = 0.4
"""Seconds that an adapter which serves one client at a time may need to notice that it has gone."""

_ATTEMPTS_TO_OPEN: Final = 15
_ATTEMPTS_TO_BE_ALONE: Final = 50
_PAUSE: Final = 0.1


class LinkBus:
    """A bus behind a serial port or a network adapter, with each of its possible settings."""

    def __init__(
        self, hass: HomeAssistant, candidates: Mapping[LinkParams, Mapping[str, Any]]
    ) -> None:
        """Reach the bus as config entry data describe it for each of the ``candidates``."""
        self._hass = hass
        self._candidates = candidates
        self._gateway: ModbusTcpParams | None = None
        """What is proven to be a gateway: it has said itself that nobody answers behind it."""
        self._usable: set[LinkParams] = set()
        """The settings with which a question could be asked."""
        self._trouble: MeterError | None = None
        """Why other settings could not be used."""
        self._closed_at = -inf
        """Monotonic s at which the last connection was closed."""
        self.noisy = False
        """Whether bytes were heard that are no answer."""

    @property
    def trouble(self) -> MeterError | None:
        """Why no question could be asked with any settings."""
        return None if self._usable else self._trouble

    @asynccontextmanager
    async def opened(self, settings: LinkParams, patience: float) -> AsyncIterator[UnitProbe]:
        """Open the bus to ask units on it.

        Raises MeterError if that cannot be, UnusableSettingsError if it is for the settings.
        """
        if self._gateway not in (None, settings):
            raise UnusableSettingsError("a gateway to Modbus TCP is there")
        alone = await self._is_alone(settings)
        if isinstance(settings, ModbusSerialParams) and alone:
            link = self._by_ear(settings, patience)
        else:
            link = self._shared(settings, patience, alone=alone)
        async with self._turn_of(settings), link as ask:

            async def note(unit_id: int) -> frozenset[int]:
                answering = await ask(unit_id)
                self._usable.add(settings)
                return answering

            yield note

    async def _is_alone(self, settings: LinkParams) -> bool:
        """Tell whether nobody else holds the link; whoever asks for a meter is done in a moment."""
        for _ in range(_ATTEMPTS_TO_BE_ALONE):
            used = params_in_use(self._hass, settings)
            if used in (None, settings):
                return used is None
            await asyncio.sleep(_PAUSE)
        return False

    async def identify(self, settings: LinkParams, unit_id: int) -> Identity:
        """Return who answers.

        Raises MeterError.
        """
        data = {**self._candidates[settings], CONF_UNIT_ID: unit_id}
        async with (
            self._turn_of(settings),
            async_get_temporary_unit(self._hass, settings, unit_id) as unit,
        ):
            return (await identify(unit, data)).identity

    @asynccontextmanager
    async def _turn_of(self, settings: LinkParams) -> AsyncIterator[None]:
        """Give an adapter in the network the time to notice that the one before has gone."""
        if isinstance(settings, ModbusTcpParams) or "://" in settings.device:
            await asyncio.sleep(self._closed_at + _SLOT_FREE_AFTER - time.monotonic())
        try:
            yield
        finally:
            self._closed_at = time.monotonic()

    @asynccontextmanager
    async def _by_ear(
        self, params: ModbusSerialParams, patience: float
    ) -> AsyncIterator[UnitProbe]:
        """Open a port that nobody else holds: whatever comes is heard, and when it comes."""
        behind_adapter = "://" in params.device
        baudrate = _ADAPTERS_BAUDRATE if behind_adapter else params.baudrate
        seconds = patience + _EXCHANGE_BITS / baudrate
        if behind_adapter:
            seconds += _NETWORK_PATIENCE

        async def ask(unit_id: int) -> frozenset[int]:
            with self._troubles(params, opening=False):
                heard = await opened.request(unit_id, seconds)
            self.noisy |= classify(heard, unit_id) is ProbeResult.NOISE
            return responding_units(heard)

        async with AsyncExitStack() as stack:
            with self._troubles(params, opening=True):
                opened = await _open_patiently(stack, params)
            yield ask

    @contextmanager
    def _troubles(self, params: ModbusSerialParams, *, opening: bool) -> Iterator[None]:
        """Turn the system's errors into ours.

        What an adapter in the network refuses or hangs up on may be the framing, a port's
        driver the speed.
        """
        try:
            yield
        except (ValueError, HomeAssistantError) as err:
            # An address that cannot be one, or an adapter of Home Assistant's own that is away.
            kind = HostUnknownError if isinstance(err, UnicodeError) else LinkDownError
            raise kind(str(err)) from err
        except OSError as err:
            error = opening_error(err) if opening else LinkLostError(str(err))
            if "://" in params.device or err.errno == errno.EINVAL:
                raise self._unusable(error) from err
            raise error from err

    def _unusable(self, error: MeterError) -> UnusableSettingsError:
        self._trouble = error
        return UnusableSettingsError(str(error))

    @asynccontextmanager
    async def _shared(
        self, params: LinkParams, patience: float, *, alone: bool
    ) -> AsyncIterator[UnitProbe]:
        """Ask over a link that others use as well, or that none but the library can frame."""
        seconds = 2 * patience
        if isinstance(params, ModbusTcpParams):
            seconds = max(patience, _GATEWAY_PATIENCE)
        link = link_state(self._candidates[params])

        async def ask(unit_id: int) -> frozenset[int]:
            async with async_get_temporary_unit(self._hass, params, unit_id) as unit, link.lock:
                longest = seconds if unit.connected else seconds + _CONNECT_PATIENCE
                try:
                    async with asyncio.timeout(longest):
                        await read_registers(unit, BASE_ADDRESSES[0], 2)
                except TimeoutError:
                    return frozenset()
                except MeterSilentError as err:
                    if isinstance(params, ModbusTcpParams) and _is_gateways(err):
                        self._gateway = params
                    return frozenset()
                except LinkLostError as err:
                    raise self._unusable(err) from err
                except MeterBusyError, ReadRefusedError:
                    pass
            return frozenset({unit_id})

        # The link stays open between two questions.
        async with async_get_temporary_unit(self._hass, params, DEFAULT_UNIT_ID) as unit:
            if alone:
                # The library waits no longer either once it has connected.
                unit.require_timeout(seconds)
            yield ask


def _is_gateways(err: MeterSilentError) -> bool:
    """Tell a gateway's word that nobody answers from mere silence."""
    return isinstance(err.__cause__, ModbusExceptionError)


async def _open_patiently(stack: AsyncExitStack, params: ModbusSerialParams) -> SerialProbe:
    """Open a port that may be closed in the background, a moment after it was used."""
    for _ in range(_ATTEMPTS_TO_OPEN):
        try:
            return await stack.enter_async_context(opened_probe(params))
        except OSError as err:
            if err.errno != errno.EBUSY:
                raise
        await asyncio.sleep(_PAUSE)
    return await stack.enter_async_context(opened_probe(params))
