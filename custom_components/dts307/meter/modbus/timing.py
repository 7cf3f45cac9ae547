"""How long each step on a Modbus link may take, and which addresses and settings a scan tries.

All times are seconds. Units and scans take other values as arguments where the defaults do not fit,
such as in tests.
"""

from dataclasses import dataclass
from typing import Final

HIGHEST_UNIT_ID: Final = 247
"""The highest that a device may have (Modbus over Serial Line 2.2)."""

MAX_FRAME_BYTES: Final = 256
"""The longest frame on a serial line (Modbus over Serial Line 2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTiming:
    """How long requests to a meter in use may take."""

    response: float = 1.0
    """until a device begins to respond; the DTS 307 itself takes milliseconds"""
    patience: float = 4.0
    """beyond the response timeout, for a response through a slow network such as a cellular one"""
    busy: float = 1.0
    """beyond the response timeout, for which a busy unit may keep the others waiting"""
    connect: float = 10.0
    """after which the Modbus library gives up on an adapter that does not connect"""
    close: float = 2.0
    """for which closing a connection is awaited; one that hangs closes in the background"""
    port_closes: float = 0.25
    """after which a port is free that some library versions close in the background"""
    port_retry: float = 1.0
    """after which a port that was in use is tried once more, as drivers may take long to close"""
    latest_response: float = 60.0
    """after which no delayed response arrives any more, however slow the adapters in between"""
    probe_again: float = 60.0
    """between two probes of the bus while a unit does not respond"""

    character_bits: int = 11
    """bits of one byte on a serial line, with start, parity and stop bits (2.5.1)"""

    def byte_time(self, baudrate: int) -> float:
        """Return the seconds that one byte takes on a serial line."""
        return self.character_bits / baudrate

    def response_timeout(self, baudrate: int) -> float:
        """Return after how many seconds a response of any length has arrived at ``baudrate``."""
        return self.response + MAX_FRAME_BYTES * self.byte_time(baudrate)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTiming:
    """How long a scan waits for each unit to begin to respond, and for the way there."""

    first: float = 0.25
    """on a serial port, at the usual unit IDs; includes the buffers of the adapter"""
    first_network: float = 3.5
    """the same behind a network adapter, which may be on a slow network; no less than
    ``LinkTiming.response``"""
    following: float = 0.15
    """where hundreds of units are probed; a later response is still recognized"""
    network: float = 0.1
    """in addition, for the way through a network to an adapter and back"""
    gateway: float = 1.0
    """for which a gateway to Modbus TCP may itself wait for the unit behind it"""
    slot_free: float = 0.4
    """after which an adapter that serves one client at a time notices that it has disconnected"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRange:
    """Which unit IDs and serial settings a scan tries."""

    unit_ids: range = range(1, HIGHEST_UNIT_ID + 1)
    """all that a device may have"""
    likely_unit_ids: tuple[int, ...] = (*range(1, 33), *range(100, 111), HIGHEST_UNIT_ID)
    """what installers choose: mostly small numbers, or some that follow the default of 100"""
    serial_unit_ids: tuple[int, ...] = (*range(1, 51), *range(100, 111), HIGHEST_UNIT_ID)
    """the same on a serial port, where nothing has responded yet"""
    network_unit_ids: tuple[int, ...] = (1, 2, 100)
    """the same behind a network adapter that has not responded at all yet"""
    unlikely_unit_ids: tuple[int, ...] = (173, 236)
    """hardly ever in use: if all of them respond, something responds under every unit ID"""
    meters_in_a_panel: int = 8
    """the most meters that a DTS 307 MCM has on its bus"""
    baud_rates: tuple[int, ...] = (9600, 19200, 38400, 57600, 115200, 4800)
    """bit/s, the meter's default (guide 4.1) first, then the most usual ones"""
    bacnet_baud_rates: tuple[int, ...] = (76800,)
    """bit/s that only BACnet MS/TP uses (ASHRAE 135, clause 9.1)"""


LINK_TIMING: Final = LinkTiming()
SCAN_TIMING: Final = ScanTiming()
SCAN_RANGE: Final = ScanRange()
