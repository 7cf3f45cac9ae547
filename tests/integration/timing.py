"""Give the integration other timings than its defaults."""

from dataclasses import replace
from typing import Any, Final

from homeassistant.core import HomeAssistant

from custom_components.dts307.connection.timing import DATA_TIMING, Timing
from custom_components.dts307.meter.modbus import LinkTiming, ScanRange, ScanTiming

PATIENT: Final = Timing(
    link=LinkTiming(response=10.0, patience=0.0, character_bits=0, port_retry=0.25),
    scan=ScanTiming(
        first=0.15, first_network=0.15, following=0.1, gateway=0.15, network=0.0, slot_free=0.0
    ),
    scan_range=ScanRange(
        unit_ids=range(98, 103),
        likely_unit_ids=(100, 101),
        serial_unit_ids=tuple(range(98, 103)),
        network_unit_ids=(100, 101),
        unlikely_unit_ids=(98, 102),
        meters_in_a_panel=3,
        baud_rates=(9600, 19200),
    ),
)
"""Wait longer for a response than a busy machine takes; scan few unit IDs and baud rates."""

HASTY_RESPONSE: Final = 0.25
"""s of a clock that stands still while anything is under way"""


def change_timing(hass: HomeAssistant, **changes: Any) -> None:
    """Change fields of the timing; those of its parts in a dictionary each."""
    timing = hass.data[DATA_TIMING]
    parts = {
        name: replace(getattr(timing, name), **change)
        for name, change in changes.items()
        if isinstance(change, dict)
    }
    hass.data[DATA_TIMING] = replace(timing, **{**changes, **parts})
