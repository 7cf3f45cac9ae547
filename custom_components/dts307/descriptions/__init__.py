"""Descriptions of all entities: which value each shows, and how."""

from .alarms import ALARM_BINARY_SENSORS
from .base import MeterBinarySensorDescription, MeterEntityDescription, MeterSensorDescription
from .connection import CONNECTION_BINARY_SENSORS, CONNECTION_SENSORS, LINK_STATE, link_state
from .cost import COST_SENSORS, ENERGY_COMPENSATION, ENERGY_COST
from .ct_rating import CT_RATING_SENSOR
from .events import EVENTS
from .house import HOUSE_SENSORS
from .live import LIVE_ATTRIBUTES, LIVE_VALUES
from .logged import LOGGED_EVENTS
from .measured import PHASE_SENSORS, TOTAL_SENSORS
from .net_metering import NET_METERING
from .production import PRODUCTION, PRODUCTION_SENSOR
from .recording import RecordingGate
from .roles import named_for
from .sharing import SHARING_SENSORS
from .status_light import STATUS

__all__ = [
    "ALARM_BINARY_SENSORS",
    "CONNECTION_BINARY_SENSORS",
    "CONNECTION_SENSORS",
    "COST_SENSORS",
    "CT_RATING_SENSOR",
    "ENERGY_COMPENSATION",
    "ENERGY_COST",
    "EVENTS",
    "HOUSE_SENSORS",
    "LINK_STATE",
    "LIVE_ATTRIBUTES",
    "LIVE_VALUES",
    "LOGGED_EVENTS",
    "NET_METERING",
    "PHASE_SENSORS",
    "PRODUCTION",
    "PRODUCTION_SENSOR",
    "SHARING_SENSORS",
    "STATUS",
    "TOTAL_SENSORS",
    "MeterBinarySensorDescription",
    "MeterEntityDescription",
    "MeterSensorDescription",
    "RecordingGate",
    "link_state",
    "named_for",
]
