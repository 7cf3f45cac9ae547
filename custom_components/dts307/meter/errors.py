"""Why a meter cannot be read: one tree of exceptions, one meaning per class."""

from collections.abc import Iterator
from contextlib import contextmanager
import errno
import re
from socket import gaierror
from typing import ClassVar, Final

from modbus_connection import (
    AcknowledgeError,
    GatewayPathUnavailableError,
    GatewayTargetError,
    IllegalDataAddressError,
    IllegalDataValueError,
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusTimeoutError,
    ModbusUnit,
    ServerDeviceBusyError,
    ServerDeviceFailureError,
)

_ERRNO: Final = re.compile(r"\[Errno (\d+)\]")

_MODBUS_LIBRARIES: Final = frozenset({"modbus_connection", "pymodbus", "tmodbus"})
"""Top-level packages of the Modbus libraries, recognized by name: not every computer has them."""

_UNIT_ID_MISMATCH: Final = "HeaderMismatchError"
"""What tmodbus raises if a Modbus TCP response carries another unit ID than the request."""


class MeterError(Exception):
    """Anything that prevents a trustworthy reading of a meter.

    ``reason`` identifies the kind of failure; translation keys are made from it.
    """

    reason: ClassVar[str]


class LinkDownError(MeterError):
    """The serial port or network adapter cannot be opened, or closed the connection.

    ``errnos`` are the operating system's error numbers that mean this class when a link is opened.
    """

    reason = "link_down"
    errnos: ClassVar[frozenset[int]] = frozenset()


class PortMissingError(LinkDownError):
    """The serial port does not exist: no adapter is plugged in."""

    reason = "port_missing"
    errnos = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO})


class PortInUseError(LinkDownError):
    """Another program holds the serial port."""

    reason = "port_in_use"
    errnos = frozenset({errno.EBUSY})


class PortForbiddenError(LinkDownError):
    """The operating system denies access to the serial port."""

    reason = "port_forbidden"
    errnos = frozenset({errno.EACCES})


class HostUnknownError(LinkDownError):
    """The network adapter's host name is unknown or invalid."""

    reason = "host_unknown"


class HostUnreachableError(LinkDownError):
    """There is no route to the network adapter's address, or nothing responds there."""

    reason = "host_unreachable"
    errnos = frozenset(
        {errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ETIMEDOUT}
    )


class HostRefusesError(LinkDownError):
    """A host is at the network adapter's address, but refuses the port."""

    reason = "host_refuses"
    errnos = frozenset({errno.ECONNREFUSED})


class LinkLostError(LinkDownError):
    """The link was up when the request was sent, and was lost before the response."""

    reason = "link_lost"


class MeterSilentError(MeterError):
    """The link is up, but no device responds to this unit ID."""

    reason = "meter_silent"


class AnotherUnitError(MeterSilentError):
    """A device responds with another unit ID than the one in the request."""

    reason = "another_unit"


class WrongTransactionError(MeterSilentError):
    """A gateway responds with another transaction ID than the one in the request."""

    reason = "wrong_transaction"


class WrongSpeedError(MeterSilentError):
    """Bytes arrive on the serial line, but never a valid response."""

    reason = "wrong_speed"


class SpeaksBacnetError(MeterSilentError):
    """BACnet frames arrive on the serial line: the meter is not set to Modbus."""

    reason = "speaks_bacnet"


class MeterBusyError(MeterError):
    """The meter responds that it is busy (Modbus exception 5 or 6)."""

    reason = "meter_busy"


class ReadRefusedError(MeterError):
    """The meter responds with any other Modbus exception (Modbus Application Protocol 7)."""

    reason = "read_refused"


class AddressRefusedError(ReadRefusedError):
    """The registers do not exist, or are too many for one request (Modbus exception 2 or 3)."""


class DeviceFailureError(ReadRefusedError):
    """The request failed (Modbus exception 4); some gateways report a corrupt response so."""


class GarbledReplyError(MeterError):
    """A response is corrupt, or belongs to another request."""

    reason = "garbled_reply"


class MapChangedError(MeterError):
    """The registers are not those of the model that identification found, or change meanwhile.

    A reading that takes several requests is checked for the latter.
    """

    reason = "map_changed"


class ImplausibleReadingError(MeterError):
    """The values of a reading are impossible, or contradict each other."""

    reason = "implausible_reading"


class AnotherMeterError(MeterError):
    """A meter responds, but its serial number is not the expected one."""

    reason = "another_meter"


class NotSunSpecError(MeterError):
    """The device responds, but has no SunSpec map at 40000, 50000 or 0."""

    reason = "not_sunspec"


class EndlessChainError(MeterError):
    """The SunSpec map has no end marker, so its models cannot be located reliably."""

    reason = "endless_chain"


class NoMeterModelError(MeterError):
    """The SunSpec map has no meter model (201-204 or 211-214)."""

    reason = "no_meter_model"


@contextmanager
def meter_errors(unit: ModbusUnit) -> Iterator[None]:
    """Convert the Modbus library's exceptions inside the block to MeterError.

    A timeout while the link is down means that a network host does not accept connections: for a
    serial port that hangs, ResilientUnit raises ModbusConnectionError instead. Modbus exceptions 10
    and 11 mean that a gateway got no response, the same as a meter on the bus that is silent.
    """
    try:
        yield
    except (ServerDeviceBusyError, AcknowledgeError) as err:
        raise MeterBusyError(str(err)) from err
    except (GatewayTargetError, GatewayPathUnavailableError) as err:
        raise MeterSilentError(str(err)) from err
    except (IllegalDataAddressError, IllegalDataValueError) as err:
        raise AddressRefusedError(str(err)) from err
    except ServerDeviceFailureError as err:
        raise DeviceFailureError(str(err)) from err
    except ModbusExceptionError as err:
        raise ReadRefusedError(str(err)) from err
    except ModbusTimeoutError as err:
        raise (MeterSilentError if unit.connected else HostUnreachableError)(str(err)) from err
    except ModbusConnectionError as err:
        raise _link_error(err)(str(err)) from err
    except ModbusError as err:
        # Modbus TCP only. On RTU, the library ignores a response with another unit ID.
        mismatch = type(err.__cause__).__name__ == _UNIT_ID_MISMATCH
        raise (AnotherUnitError if mismatch else GarbledReplyError)(str(err)) from err


def opening_error(err: OSError) -> LinkDownError:
    """Return the failure that an operating system error on opening a link means."""
    return _class_for(_errno(err))(str(err))


def _link_error(err: ModbusConnectionError) -> type[LinkDownError]:
    """Return why a link is down, from the operating system error that caused it.

    A link that was open and got lost has no such cause: the Modbus library notices by itself.
    """
    cause: BaseException = err
    while cause.__cause__ is not None:
        cause = cause.__cause__
        if isinstance(cause, (gaierror, UnicodeError)):
            return HostUnknownError
        if isinstance(cause, OSError):
            return _class_for(_errno(cause))
    package = type(cause).__module__.partition(".")[0]
    return LinkLostError if package in _MODBUS_LIBRARIES else LinkDownError


def _class_for(number: int) -> type[LinkDownError]:
    """Return the class that an errno means when a link is opened."""
    kinds = (kind for kind in LinkDownError.__subclasses__() if number in kind.errnos)
    return next(kinds, LinkDownError)


def _errno(err: OSError) -> int:
    """Return the errno of an error, or 0.

    If a host has several addresses, asyncio raises one error whose text lists the errors of all.
    The first one counts: it is that of the preferred address.
    """
    if err.errno is not None:
        return err.errno
    match = _ERRNO.search(str(err))
    return int(match[1]) if match else 0
