"""A bus to scan, over a port of its own or over a connection that others use, too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from math import inf
import time
from typing import Final

from modbus_connection import (
    ModbusExceptionError,
    ModbusSerialParams,
    ModbusTcpParams,
    ModbusUnit,
)

from ..address import (
    DEFAULT_BAUDRATE,
    DEFAULT_UNIT_ID,
    BusAddress,
    MeterAddress,
    NetworkAdapter,
)
from ..errors import (
    GarbledReplyError,
    LinkLostError,
    MeterBusyError,
    MeterError,
    MeterSilentError,
    ReadRefusedError,
    SpeaksBacnetError,
)
from ..identity import Identity
from ..modbus import (
    PROBE_ERRORS,
    ProbeResult,
    UnitProbe,
    UnusableSettingsError,
    classify,
    limited_request,
    probe_gateway,
    raw_port,
    read_registers,
    responding_units,
)
from ..sunspec import BASE_ADDRESSES
from .links import Links

_EXCHANGE_BITS: Final = (8 + 9) * 11
"""Bits on a serial line for a probe and its response."""

_POLL: Final = 0.1
"""s between two looks at whether a port or a connection is free"""


class ConnectedBus:
    """A bus behind a serial port or a network adapter, with each of its possible settings."""

    def __init__(self, links: Links) -> None:
        """Begin with a bus of which nothing is known."""
        self._links = links
        self._timing = links.timing
        self._gateway: BusAddress | None = None
        """The settings with which a gateway reported that no unit answers."""
        self._asked: set[BusAddress] = set()
        """The settings with which a unit was asked over a shared connection."""
        self._usable: set[BusAddress] = set()
        """The settings with which a unit could be probed."""
        self._error: MeterError | None = None
        """Why other settings could not be used."""
        self._is_held = False
        """Whether the scan goes on while a form is shown, over a connection that stays open."""
        self._closed_at = -inf
        """Monotonic s at which the last connection was closed."""
        self.noisy = False
        """Whether bytes arrived that are not Modbus."""

    @property
    def error(self) -> MeterError | None:
        """Why no unit could be probed with any settings."""
        return None if self._usable else self._error

    @asynccontextmanager
    async def opened(
        self, settings: BusAddress, response_timeout: float
    ) -> AsyncIterator[UnitProbe]:
        """Open the bus to probe units on it.

        Raises MeterError if it cannot be opened, UnusableSettingsError if that is for the settings.
        """
        if self._gateway not in (None, settings):
            raise UnusableSettingsError("a gateway to Modbus TCP is there")
        alone = await self._is_alone(settings)
        params = settings.params
        if isinstance(params, ModbusSerialParams) and alone:
            link = self._raw(params, response_timeout)
        else:
            link = self._shared(settings, response_timeout, alone=alone)
        async with self._turn_of(settings), link as probe:

            async def probe_and_note(unit_id: int) -> frozenset[int]:
                answering = await probe(unit_id)
                self._usable.add(settings)
                return answering

            yield probe_and_note

    async def _is_alone(self, settings: BusAddress) -> bool:
        """Return whether nothing else holds the connection.

        A temporary use with other settings ends in a moment.
        """
        deadline = time.monotonic() + self._timing.others_finish
        while time.monotonic() < deadline:
            used = self._links.params_in_use(settings.params.endpoint)
            if used in (None, settings.params):
                return used is None
            await asyncio.sleep(_POLL)
        return False

    @asynccontextmanager
    async def held(self, settings: BusAddress) -> AsyncIterator[None]:
        """Keep the connection to an adapter open while a form reads a meter over it, too.

        Otherwise an adapter that serves one client at a time might refuse either of them.
        """
        await asyncio.sleep(self._timing.scan.slot_free)
        async with self._links.unit(settings.params, DEFAULT_UNIT_ID) as unit:
            unit.require_timeout(self._timing.scan.gateway)
            self._is_held = True
            yield

    def is_alive(self, settings: BusAddress) -> bool:
        """Return whether a gateway has responded with these settings, be it for no unit."""
        return settings == self._gateway

    async def identify(self, settings: BusAddress, unit_id: int) -> Identity:
        """Return the identity of the meter that answers.

        Raises MeterError.
        """
        address = MeterAddress(settings, unit_id)
        async with self._turn_of(settings), self._links.meter(address) as meter:
            return meter.identity

    async def diagnose(self, settings: BusAddress, unit_id: int) -> MeterError | None:
        """Return why a unit behind a gateway does not answer, as far as its frames show that."""
        params = settings.params
        if not isinstance(params, ModbusTcpParams) or not await self._is_alone(settings):
            return None
        async with self._turn_of(settings):
            with suppress(OSError):
                seconds = self._timing.scan.gateway
                result = await probe_gateway(params.host, params.port, unit_id, seconds)
                if error := PROBE_ERRORS.get(result):
                    return error("found by a probe of the gateway")
        return None

    @asynccontextmanager
    async def _turn_of(self, settings: BusAddress) -> AsyncIterator[None]:
        """Give a network adapter the time to notice that the last connection was closed."""
        if isinstance(settings, NetworkAdapter) or "://" in settings.device:
            await asyncio.sleep(self._closed_at + self._timing.scan.slot_free - time.monotonic())
        try:
            yield
        finally:
            self._closed_at = time.monotonic()

    @asynccontextmanager
    async def _raw(
        self, params: ModbusSerialParams, response_timeout: float
    ) -> AsyncIterator[UnitProbe]:
        """Open a port that nothing else holds, to receive all bytes as they arrive.

        A probe raises SpeaksBacnetError if BACnet is on the bus: then Modbus is not.
        """
        behind_adapter = "://" in params.device
        baudrate = DEFAULT_BAUDRATE if behind_adapter else params.baudrate
        seconds = response_timeout + _EXCHANGE_BITS / baudrate
        if behind_adapter:
            seconds += self._timing.scan.network

        async def probe(unit_id: int) -> frozenset[int]:
            received = await request(unit_id, seconds)
            result = classify(received, unit_id)
            if result is ProbeResult.BACNET:
                raise SpeaksBacnetError(f"BACnet frames arrive at {params.baudrate} baud")
            self.noisy |= result is ProbeResult.NOISE
            return responding_units(received)

        async with raw_port(
            params, self._timing.port_open, self._unusable, self._links.unavailable
        ) as request:
            yield probe

    def _unusable(self, error: MeterError) -> UnusableSettingsError:
        self._error = error
        return UnusableSettingsError(str(error))

    @asynccontextmanager
    async def _shared(
        self, settings: BusAddress, response_timeout: float, *, alone: bool
    ) -> AsyncIterator[UnitProbe]:
        """Probe over a connection that others share, or that only the library can frame."""
        seconds = 2 * response_timeout
        params = settings.params
        if isinstance(params, ModbusTcpParams) or self._is_held:
            # While a form is shown, there is time for a slow network, too.
            seconds = max(response_timeout, self._timing.scan.gateway)
        # Alone, the library's own timeout ends the wait for a silent unit before that.
        busy = self._timing.link.busy if alone else 0.0
        shared = self._links.shared_bus(settings)

        async def probe(unit_id: int) -> frozenset[int]:
            async with self._links.unit(params, unit_id) as unit, shared.lock:
                answers = await self._answers_at_first(unit, settings, seconds, busy)
            return frozenset({unit_id} if answers else ())

        # The connection stays open between two probes.
        async with self._links.unit(params, DEFAULT_UNIT_ID) as unit:
            if alone:
                # Once connected, the library waits no longer either.
                unit.require_timeout(seconds)
            yield probe

    async def _answers_at_first(
        self, unit: ModbusUnit, settings: BusAddress, seconds: float, busy: float
    ) -> bool:
        """Return whether a unit answers; the first one that is asked has two attempts.

        Some adapters lose or garble the first answer on each connection.
        """
        if settings in self._asked:
            return await self._answers(unit, settings, seconds, busy)
        self._asked.add(settings)
        with suppress(GarbledReplyError):
            answers = await self._answers(unit, settings, seconds, busy)
            if answers or settings == self._gateway:
                return answers
        return await self._answers(unit, settings, min(seconds, self._timing.scan.gateway), 0.0)

    async def _answers(
        self, unit: ModbusUnit, settings: BusAddress, seconds: float, busy: float
    ) -> bool:
        """Return whether a unit answers within the time, or needs ``busy`` seconds more.

        The library waits no longer for a silent unit than ``seconds``, but repeats a request to a
        busy one. If ``busy`` is 0, it may wait longer for either.

        Raises UnusableSettingsError, or another MeterError if the connection cannot be opened.
        """
        try:
            connect = self._timing.link.connect
            await limited_request(unit, _request(unit), seconds + busy, connect)
        except TimeoutError:
            return busy > 0 and unit.connected
        except MeterSilentError as err:
            if isinstance(settings.params, ModbusTcpParams) and _is_gateways(err):
                self._gateway = settings
            return False
        except LinkLostError as err:
            raise self._unusable(err) from err
        except MeterBusyError, ReadRefusedError:
            pass
        return True


async def _request(unit: ModbusUnit) -> None:
    """Request two registers, and again if the adapter closed the connection after the last answer.

    Raises MeterError.
    """
    was_open = unit.connected
    try:
        await read_registers(unit, BASE_ADDRESSES[0], 2)
    except LinkLostError:
        if not was_open:
            raise
        await read_registers(unit, BASE_ADDRESSES[0], 2)


def _is_gateways(err: MeterSilentError) -> bool:
    """Return whether a gateway's exception, and not mere silence, caused the error."""
    return isinstance(err.__cause__, ModbusExceptionError)
