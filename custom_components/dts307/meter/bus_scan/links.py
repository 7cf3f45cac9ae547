"""The Modbus connections that a scan uses, which others may use at the same time."""

from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from modbus_connection import ModbusUnit

from ..address import BusAddress, MeterAddress, ModbusParams
from ..modbus import (
    LINK_TIMING,
    SCAN_RANGE,
    SCAN_TIMING,
    LinkTiming,
    ScanRange,
    ScanTiming,
    SharedBus,
)
from ..sunspec import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class BusTiming:
    """Durations in s, and the range of a scan."""

    link: LinkTiming = LINK_TIMING
    scan: ScanTiming = SCAN_TIMING
    scan_range: ScanRange = SCAN_RANGE
    port_open: float = 4.0
    """for which a scan waits for a port that a busy machine is still closing"""
    others_finish: float = 5.0
    """for which a scan waits for a temporary use of its connection to end"""


class Links(Protocol):
    """The Modbus connections of a program."""

    @property
    def timing(self) -> BusTiming:
        """How long things may take."""

    @property
    def unavailable(self) -> type[Exception]:
        """What ``unit`` and ``meter`` raise if a connection is in use with other settings."""

    def params_in_use(self, endpoint: Hashable, /) -> object | None:
        """Return the parameters of the connection that is open to an endpoint."""

    def is_used(self, params: ModbusParams, /) -> bool:
        """Return whether anything holds a connection for longer than a moment."""

    def shared_bus(self, bus: BusAddress, /) -> SharedBus:
        """Return what the units on a bus share."""

    def unit(
        self, params: ModbusParams, unit_id: int, /
    ) -> AbstractAsyncContextManager[ModbusUnit]:
        """Hold a connection, and return a unit on it."""

    def meter(self, address: MeterAddress, /) -> AbstractAsyncContextManager[Meter]:
        """Hold a connection, and identify the meter at an address.

        Raises MeterError.
        """
