"""What can go wrong between us and a meter: one small tree, one meaning a class."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

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


class MeterError(Exception):
    """Anything that keeps us from a trustworthy reading of a meter.

    ``reason`` names each kind of failure, for whoever puts it into words for people.
    """

    reason: ClassVar[str]


class LinkDownError(MeterError):
    """The serial port or the network adapter itself cannot be reached."""

    reason = "link_down"


class MeterSilentError(MeterError):
    """The link is up, but nobody answers under this unit id."""

    reason = "meter_silent"


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

    A timeout while the link is down is the link's failure (a host that swallows connection
    attempts), not the meter's silence. A gateway that gives up on its target tells the same story
    as a meter on the wire that does not answer.
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
        raise (MeterSilentError if unit.connected else LinkDownError)(str(err)) from err
    except ModbusConnectionError as err:
        raise LinkDownError(str(err)) from err
    except ModbusError as err:
        raise GarbledReplyError(str(err)) from err
    except SunSpecError as err:
        raise MapChangedError(str(err)) from err
