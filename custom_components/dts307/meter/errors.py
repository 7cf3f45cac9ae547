"""What can go wrong between us and a meter: one small tree, one meaning a class."""

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
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusTimeoutError,
    ModbusUnit,
    ServerDeviceBusyError,
)
from modbus_connection.model.sunspec import SunSpecError
from tmodbus.exceptions import HeaderMismatchError, TModbusError

_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")


class MeterError(Exception):
    """Anything that keeps us from a trustworthy reading of a meter.

    ``reason`` names each kind of failure, for whoever puts it into words for people.
    """

    reason: ClassVar[str]


class LinkDownError(MeterError):
    """The serial port or the network adapter itself cannot be reached, or hung up.

    ``numbers`` are those that the system gives (errno) when a link is to be opened and this is why
    it cannot be.
    """

    reason = "link_down"
    numbers: ClassVar[frozenset[int]] = frozenset()


class PortMissingError(LinkDownError):
    """There is no such serial port: no adapter is plugged in there."""

    reason = "port_missing"
    numbers = frozenset({errno.ENOENT, errno.ENODEV, errno.ENXIO})


class PortInUseError(LinkDownError):
    """Another program holds the serial port."""

    reason = "port_in_use"
    numbers = frozenset({errno.EBUSY})


class PortForbiddenError(LinkDownError):
    """The system does not let us use the serial port."""

    reason = "port_forbidden"
    numbers = frozenset({errno.EACCES})


class HostUnknownError(LinkDownError):
    """The network adapter's name is unknown, or cannot be one."""

    reason = "host_unknown"


class HostUnreachableError(LinkDownError):
    """No way leads to the network adapter's address, or nothing comes back from there."""

    reason = "host_unreachable"
    numbers = frozenset(
        {errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ETIMEDOUT}
    )


class HostRefusesError(LinkDownError):
    """Something is at the network adapter's address, but it does not serve the port."""

    reason = "host_refuses"
    numbers = frozenset({errno.ECONNREFUSED})


class LinkLostError(LinkDownError):
    """The link was up when the meter was asked, and went away before the answer."""

    reason = "link_lost"


class MeterSilentError(MeterError):
    """The link is up, but nobody answers under this unit id."""

    reason = "meter_silent"


class AnotherUnitError(MeterSilentError):
    """What answers does so under another unit id than the one that was asked."""

    reason = "another_unit"


class WrongSpeedError(MeterSilentError):
    """Bytes arrive on the line, but never a proper answer."""

    reason = "wrong_speed"


class MeterBusyError(MeterError):
    """The meter answers that it is busy (Modbus exception 5 or 6)."""

    reason = "meter_busy"


class ReadRefusedError(MeterError):
    """The meter answers a read with any other Modbus exception."""

    reason = "read_refused"


class GarbledReplyError(MeterError):
    """A reply came, but it is corrupt or answers another question."""

    reason = "garbled_reply"


class MapChangedError(MeterError):
    """The registers no longer begin with the model that was found there at first."""

    reason = "map_changed"


class AnotherMeterError(MeterError):
    """A meter answers, but its serial number is not that of the one that was identified."""

    reason = "another_meter"


class NotSunSpecError(MeterError):
    """The device answers, but carries no SunSpec map at 40000, 50000 or 0."""

    reason = "not_sunspec"


class EndlessChainError(MeterError):
    """The SunSpec map has no proper end, so nothing in it can be located for sure."""

    reason = "endless_chain"


class NoMeterModelError(MeterError):
    """The SunSpec map holds no electricity meter (models 201-204 or 211-214)."""

    reason = "no_meter_model"


@contextmanager
def meter_errors(unit: ModbusUnit) -> Iterator[None]:
    """Turn what the Modbus library raises inside the block into our own errors.

    A timeout while the link is down is the link's failure, not the meter's silence. It is a host
    that swallows connection attempts: a Line tells of a serial port that hangs by another error.
    A gateway that gives up on its target tells the same story as a meter on the wire that does not
    answer.
    """
    try:
        yield
    except (ServerDeviceBusyError, AcknowledgeError) as err:
        raise MeterBusyError(str(err)) from err
    except (GatewayTargetError, GatewayPathUnavailableError) as err:
        raise MeterSilentError(str(err)) from err
    except ModbusExceptionError as err:
        raise ReadRefusedError(str(err)) from err
    except ModbusTimeoutError as err:
        raise (MeterSilentError if unit.connected else HostUnreachableError)(str(err)) from err
    except ModbusConnectionError as err:
        raise _link_error(err)(str(err)) from err
    except ModbusError as err:
        # Only on Modbus TCP, and only for the unit id; on RTU the library ignores such an answer.
        foreign = isinstance(err.__cause__, HeaderMismatchError)
        raise (AnotherUnitError if foreign else GarbledReplyError)(str(err)) from err
    except SunSpecError as err:
        raise MapChangedError(str(err)) from err


def _link_error(err: ModbusConnectionError) -> type[LinkDownError]:
    """Tell why a link is down by what the system said when it was to be opened.

    A link that was open and is lost has no such cause: the library itself notices.
    """
    cause: BaseException = err
    while cause.__cause__ is not None:
        cause = cause.__cause__
        if isinstance(cause, (gaierror, UnicodeError)):
            return HostUnknownError
        if isinstance(cause, OSError):
            return _told_by(_number(cause))
    return LinkLostError if isinstance(cause, (ModbusError, TModbusError)) else LinkDownError


def opening_error(err: OSError) -> LinkDownError:
    """Return the failure to open a link that the system explains by an error."""
    return _told_by(_number(err))(str(err))


def _told_by(number: int) -> type[LinkDownError]:
    """Return the class of failure that a number of the system's means."""
    kinds = (kind for kind in LinkDownError.__subclasses__() if number in kind.numbers)
    return next(kinds, LinkDownError)


def _number(err: OSError) -> int:
    """Return the system's number of an error; 0 if there is none.

    A host with several addresses fails with one error, in whose text alone those of each stand;
    the first address is the one that is preferred.
    """
    if err.errno is not None:
        return err.errno
    named = _NUMBER.search(str(err))
    return int(named[1]) if named else 0
