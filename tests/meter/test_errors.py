"""Which of our errors follows from what the Modbus library and the operating system raise."""

import errno
from itertools import pairwise
from socket import gaierror

from modbus_connection import ModbusConnectionError, ModbusError
from modbus_connection.mock import MockModbusConnection
from pymodbus.exceptions import ConnectionException
import pytest
from serialx import SerialException
from tmodbus.exceptions import (
    CRCError,
    HeaderMismatchError,
    ModbusConnectionError as TModbusConnectionError,
)

from custom_components.dts307.meter import GarbledReplyError, LinkDownError, MeterError
from custom_components.dts307.meter.errors import (
    AnotherUnitError,
    HostRefusesError,
    HostUnknownError,
    HostUnreachableError,
    LinkLostError,
    PortForbiddenError,
    PortInUseError,
    PortMissingError,
    meter_errors,
    opening_error,
)

BY_ERRNO = {
    errno.ENOENT: PortMissingError,
    errno.ENODEV: PortMissingError,
    errno.ENXIO: PortMissingError,
    errno.EBUSY: PortInUseError,
    errno.EACCES: PortForbiddenError,
    errno.EHOSTUNREACH: HostUnreachableError,
    errno.EHOSTDOWN: HostUnreachableError,
    errno.ENETUNREACH: HostUnreachableError,
    errno.ENETDOWN: HostUnreachableError,
    errno.ETIMEDOUT: HostUnreachableError,
    errno.ECONNREFUSED: HostRefusesError,
    errno.EIO: LinkDownError,
}


_PYMODBUS_LOST: Exception = ConnectionException("lost")  # type: ignore[no-untyped-call]


def chained(*causes: BaseException) -> BaseException:
    """Return the first error, which the second caused, and so on."""
    for error, cause in pairwise(causes):
        error.__cause__ = cause
    return causes[0]


def converted(err: BaseException) -> MeterError:
    """Return the error that a library's error is converted to."""
    with (
        pytest.raises(MeterError) as raised,
        meter_errors(MockModbusConnection().for_unit(100)),
    ):
        raise err
    assert raised.value.__cause__ is err
    assert str(raised.value) == str(err)
    return raised.value


@pytest.mark.parametrize(("number", "error"), BY_ERRNO.items())
def test_the_system_says_why_a_link_cannot_be_opened(
    number: int, error: type[LinkDownError]
) -> None:
    """However many of the library's own errors are around the system's."""
    cause = OSError(number, "as the system says")
    assert type(opening_error(cause)) is error
    assert str(opening_error(cause)) == str(cause)
    chain = chained(ModbusConnectionError("could not connect"), cause)
    assert type(converted(chain)) is error
    chain = chained(ModbusConnectionError("could not connect"), TModbusConnectionError("no"), cause)
    assert type(converted(chain)) is error


def test_the_first_address_of_a_host_counts() -> None:
    """Asyncio lists the errors of all addresses in one text."""
    both = OSError(
        f"Multiple exceptions: [Errno {errno.ECONNREFUSED}] Connect call failed, "
        f"[Errno {errno.EHOSTUNREACH}] Connect call failed"
    )
    assert type(opening_error(both)) is HostRefusesError
    assert type(opening_error(OSError("no number"))) is LinkDownError


@pytest.mark.parametrize(
    "cause", [gaierror(-2, "unknown"), UnicodeError("label empty or too long")]
)
def test_a_host_name_that_is_unknown_or_invalid(cause: Exception) -> None:
    chain = chained(ModbusConnectionError("could not connect"), cause)
    assert type(converted(chain)) is HostUnknownError


@pytest.mark.parametrize("causes", [(), (TModbusConnectionError("lost"),), (_PYMODBUS_LOST,)])
def test_a_link_that_was_open_is_lost(causes: tuple[Exception, ...]) -> None:
    """The library notices by itself, whichever of its backends it is."""
    assert type(converted(chained(ModbusConnectionError("lost"), *causes))) is LinkLostError


def test_another_librarys_failure_is_no_loss() -> None:
    """Such as an adapter of Home Assistant's own."""
    chain = chained(ModbusConnectionError("could not open"), SerialException("unknown scheme"))
    assert type(converted(chain)) is LinkDownError


def test_a_response_with_another_unit_id() -> None:
    mismatch = HeaderMismatchError("expected unit 100, got 33", response_bytes=b"")
    assert type(converted(chained(ModbusError("desync"), mismatch))) is AnotherUnitError
    other = CRCError("bad CRC", response_bytes=b"")
    assert type(converted(chained(ModbusError("desync"), other))) is GarbledReplyError
    assert type(converted(ModbusError("desync"))) is GarbledReplyError


def test_no_two_classes_claim_the_same_errno() -> None:
    classes = LinkDownError.__subclasses__()
    claimed = [number for each in classes for number in each.errnos]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) | {errno.EIO} == BY_ERRNO.keys()
