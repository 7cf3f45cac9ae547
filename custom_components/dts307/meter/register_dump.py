"""The registers of a meter for a bug report, with its serial number redacted.

The simulator replays them: ``python -m simulator --dump FILE``.
"""

from dataclasses import asdict
from typing import Any, Final

from .sunspec import Meter

REDACTED: Final = "**REDACTED**"


def map_data(meter: Meter) -> dict[str, Any]:
    """Return the identity and the model chain of a meter, for JSON."""
    return {
        "identity": asdict(meter.identity) | {"serial_number": REDACTED},
        "chain": {
            "base_address": meter.chain.base_address,
            "models": [asdict(model) for model in meter.chain.models],
        },
    }


async def register_data(meter: Meter) -> dict[str, list[int]]:
    """Return the registers of each model, by the address of its header.

    Raises MeterError.
    """
    registers = await meter.read_raw(redacted=True)
    return {str(address): words for address, words in registers.items()}
