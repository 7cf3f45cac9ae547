"""Numbers as the screen shows them; what is not known is a dash."""

from typing import Final

from dts307.output import ABSENT

_KILO: Final = 1000.0


def power_text(watts: float | None) -> str:
    """Return a power without its sign: the direction is said in words."""
    if watts is None:
        return ABSENT
    size = abs(watts)
    return f"{size:.0f} W" if round(size) < _KILO else f"{size / _KILO:.2f} kW"


def energy_text(watt_hours: float | None, resolution: float | None) -> str:
    """Return a counter in kWh, with the decimals that one count of it in Wh has."""
    if watt_hours is None:
        return ABSENT
    decimals = sum((resolution or 1.0) <= step for step in (1.0, 10.0, 100.0))
    return f"{watt_hours / _KILO:,.{decimals}f} kWh"


def volts_text(volts: float | None) -> str:
    """Return a voltage."""
    return ABSENT if volts is None else f"{abs(volts):.1f} V"


def amperes_text(amperes: float | None) -> str:
    """Return a current."""
    return ABSENT if amperes is None else f"{abs(amperes):.1f} A"


def factor_text(factor: float | None) -> str:
    """Return a power factor without its sign."""
    return ABSENT if factor is None else f"{abs(factor):.2f}"


def percent_text(share: float | None) -> str:
    """Return a share, 1 for 100 %."""
    return ABSENT if share is None else f"{100 * share:.0f} %"
