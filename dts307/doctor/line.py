"""Why a meter does not answer: what is on the line, and with which settings it would answer."""

from collections.abc import Awaitable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from modbus_connection import ModbusSerialParams, ModbusTcpParams

from dts307.meter.address import BusAddress, NetworkAdapter, SerialPort
from dts307.meter.errors import (
    GarbledReplyError,
    LinkDownError,
    LinkLostError,
    MeterError,
    MeterSilentError,
    SpeaksBacnetError,
)
from dts307.meter.modbus import (
    LINK_TIMING,
    SCAN_RANGE,
    LinkTiming,
    ProbeResult,
    ScanRange,
    probe_gateway,
    probe_unit,
    usual_settings,
)
from dts307.target import Target, bus_text
from dts307.texts import failure_text

from .report import Finding

_SEARCHED_FOR: Final = (MeterSilentError, GarbledReplyError, LinkLostError)
"""Failures that other settings may be the reason of."""

_BYTES: Final = 20
"""Bytes of a probe's request and answer, with some to spare."""


async def line_finding(
    err: MeterError,
    target: Target,
    *,
    timing: LinkTiming = LINK_TIMING,
    scan_range: ScanRange = SCAN_RANGE,
) -> Finding:
    """Return what a failure means, or with which other settings of the line the unit answers.

    The connection has to be closed: the port is opened with each of the settings.
    """
    if isinstance(err, _SEARCHED_FOR) and not isinstance(err, SpeaksBacnetError):
        for bus in _other_settings(target.bus, scan_range):
            result = await _outcome(_probe(bus, target.unit_id, timing))
            if result is ProbeResult.RESPONSE:
                return _other_settings_finding(target, bus)
            if result is ProbeResult.BACNET:
                return _finding(SpeaksBacnetError(), bus)
    return _finding(err, target.bus)


def _finding(err: MeterError, bus: BusAddress) -> Finding:
    is_link = isinstance(err, LinkDownError)
    title = "The connection cannot be opened" if is_link else "The meter cannot be read"
    return Finding(key=err.reason, title=title, text=failure_text(err, bus))


def _other_settings_finding(target: Target, bus: BusAddress) -> Finding:
    command = f"dts307 doctor {bus_text(bus)} --unit {target.unit_id}{_options(bus)}"
    return Finding(
        key="other_settings",
        title="The settings of the line are wrong",
        text=f"The meter answers to {bus.settings_text}, not to {target.bus.settings_text}."
        f" Run {command}",
    )


def _other_settings(bus: BusAddress, scan_range: ScanRange) -> Iterator[BusAddress]:
    """Yield a bus with all other usual settings; only the server of a shared port knows its own."""
    if isinstance(bus, NetworkAdapter):
        yield from bus.framings[1:]
    elif not bus.is_url:
        _, *others = usual_settings(bus.params, scan_range=scan_range)
        others += [
            replace(bus.params, baudrate=baudrate, parity="N", stopbits=1)
            for baudrate in scan_range.bacnet_baud_rates
        ]
        yield from map(bus.with_params, others)


def _probe(bus: BusAddress, unit_id: int, timing: LinkTiming) -> Awaitable[ProbeResult]:
    params = bus.params
    seconds = timing.response + _BYTES * timing.byte_time(bus.baudrate)
    if isinstance(params, ModbusTcpParams):
        return probe_gateway(params.host, params.port, unit_id, seconds)
    return probe_unit(params, unit_id, seconds)


async def _outcome(probe: Awaitable[ProbeResult]) -> ProbeResult | None:
    """Return what a probe finds; None if the port does not open with these settings."""
    with suppress(OSError):
        return await probe
    return None


def _options(bus: BusAddress) -> str:
    """Return the settings of a bus as options of the command line."""
    if isinstance(bus, SerialPort):
        parity = "" if bus.parity == "N" else f" --parity {bus.parity}"
        return f" --baud {bus.baudrate}{parity}"
    return " --rtu-over-tcp" if isinstance(bus.params, ModbusSerialParams) else ""
