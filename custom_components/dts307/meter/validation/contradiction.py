"""Whether the instantaneous values of a reading can be those of one installation at one instant.

docs/internals/contradiction.md explains why these rules, and why not more of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
import itertools
import math
from typing import Final

from ..errors import ImplausibleReadingError
from ..phases import PARTS, PHASES, TOTAL
from ..sunspec import PerPhase, Reading
from .limits import ACTIVE_ENERGIES

_VOLTAGES: Final = ("voltage_line_to_neutral", "voltage_line_to_line")
_POWERS: Final = ("power", "apparent_power", "reactive_power")
_MEASURED: Final = ("current", *_VOLTAGES, *_POWERS)
_MANDATORY: Final = ("current", "voltage_line_to_neutral", "power")
"""Quantities whose scale factors every integer model has."""
_LOST_SCALES: Final = 2

_FACTOR: Final = 2.0
"""How far a power may exceed what bounds it. Meters are accurate to a few percent. The rest is for
loads that change between two measurements, and for powers per phase of a delta service, which are
up to the square root of 3 larger than voltage to neutral times current."""

_SMALL: Final = 400.0
"""W, VA or var by which a power may exceed that as well: loads of this size are switched all the
time, also between two measurements, and large CTs measure noise."""

_FILLED: Final = 4
"""Values, frequency among them, that are not all equal unless one word fills all registers."""

_LARGEST: Final = 1e9
"""V, A, W, VA, var or Hz; no meter measures more."""

_OVERFLOW: Final = 0x1_0000
"""Counts by which a voltage above 32767 counts appears too low."""
_HIGHEST_OVERFLOWN: Final = {"voltage_line_to_neutral": 420.0, "voltage_line_to_line": 640.0}
"""V; the highest services that overflow at 0.01 V per count are those of 347 V and 600 V."""
_LINE_TO_NEUTRAL_RATIOS: Final = (1.2, 2.2)
"""Lowest and highest ratio of a voltage between lines to that to neutral: 1.73 or 2, and a margin
for a phase that sags."""

type _Known = Mapping[str, Mapping[str, float]]
"""What the meter states: quantities by name, each by part."""


def believable(reading: Reading) -> Reading:
    """Return a reading in which r.m.s. values are positive, if its values can be of one instant.

    Two habits of meters in the field are undone first: currents and apparent powers that carry the
    sign of the power, and voltages that overflow a 16-bit integer.

    Raises ImplausibleReadingError.
    """
    reading = _with_voltages_unwrapped(_with_sizes(reading))
    known = {name: _known(reading, name) for name in _MEASURED}
    for contradiction in itertools.chain(
        _impossible(reading, known),
        _beyond_apparent_power(reading, known),
        _beyond_phases(reading, known["power"]),
    ):
        raise ImplausibleReadingError(contradiction)
    return reading


def has_lost_values(before: Reading, reading: Reading) -> bool:
    """Return whether a reading is what is left of a meter whose values have gone.

    A meter that is starting, or a gateway that cannot reach it, may send such a reading: it states
    no value, though there were values before; or only zeros, though a counter was above 0; or two
    of the mandatory scale factors are none.
    """
    lost = sum(
        name in before.resolutions and name not in reading.resolutions for name in _MANDATORY
    )
    if lost >= _LOST_SCALES or (not _has_values(reading) and _has_values(before)):
        return True
    return not _counts(reading) and _counts(before) and not any(_values(reading))


def _counts(reading: Reading) -> bool:
    return any(value for name in ACTIVE_ENERGIES for value in _known(reading, name).values())


def _has_values(reading: Reading) -> bool:
    return reading.frequency is not None or any(_known(reading, name) for name in _MEASURED)


def _values(reading: Reading) -> list[float]:
    """Return all instantaneous values that the meter states, in no particular order."""
    values = [value for name in _MEASURED for value in _known(reading, name).values()]
    return values if reading.frequency is None else [reading.frequency, *values]


def _known(reading: Reading, name: str) -> dict[str, float]:
    """Return the parts of a quantity that the meter states."""
    quantity = getattr(reading, name)
    return {part: value for part in PARTS if (value := getattr(quantity, part)) is not None}


def _with_sizes(reading: Reading) -> Reading:
    current, apparent = _known(reading, "current"), _known(reading, "apparent_power")
    if all(size >= 0 for size in (*current.values(), *apparent.values())):
        return reading
    sizes = {part: abs(amperes) for part, amperes in current.items()}
    phases = [part for part in PHASES if part in sizes]
    if any(current[part] < 0 for part in phases) and len(phases) == reading.phases:
        # The total was netted, too.
        sizes[TOTAL] = math.fsum(sizes[part] for part in phases)
    return replace(
        reading,
        current=PerPhase(**sizes),
        apparent_power=PerPhase(**{part: abs(value) for part, value in apparent.items()}),
    )


def _with_voltages_unwrapped(reading: Reading) -> Reading:
    """Undo the overflow of voltages, as far as the result fits the others.

    Some meters report 400 V between lines in steps of 0.01 V, which an int16 cannot hold.
    """
    if all(volts >= 0 for name in _VOLTAGES for volts in _known(reading, name).values()):
        return reading
    line_to_neutral, line_to_line = _VOLTAGES
    reading = replace(reading, voltage_line_to_neutral=_all_unwrapped(reading, line_to_neutral))
    return replace(reading, voltage_line_to_line=_all_unwrapped(reading, line_to_line))


def _all_unwrapped(reading: Reading, name: str) -> PerPhase:
    return PerPhase(
        **{part: _unwrapped(reading, name, volts) for part, volts in _known(reading, name).items()}
    )


def _unwrapped(reading: Reading, name: str, volts: float) -> float:
    """Return a voltage as it was before it overflowed, or unchanged if it did not."""
    whole = volts + _OVERFLOW * reading.resolutions.get(name, 0.0)
    if volts >= 0 or not 0 < whole <= _HIGHEST_OVERFLOWN[name]:
        return volts
    to_neutral = max(_known(reading, "voltage_line_to_neutral").values(), default=0.0)
    if name == "voltage_line_to_line" and to_neutral:
        lowest, highest = (ratio * to_neutral for ratio in _LINE_TO_NEUTRAL_RATIOS)
        return whole if lowest <= whole <= highest else volts
    return whole


def _impossible(reading: Reading, known: _Known) -> Iterator[str]:
    """Yield values that nothing can have."""
    frequency = reading.frequency or 0.0
    if not 0 <= frequency <= _LARGEST:
        yield f"a frequency of {frequency:g} Hz"
    for name, parts in known.items():
        for part, value in parts.items():
            if abs(value) > _LARGEST or (name in _VOLTAGES and value < 0):
                yield f"{name} {part} of {value:g}"
    values = [value for parts in known.values() for value in parts.values()]
    if frequency and len(values) + 1 >= _FILLED and set(values) == {frequency}:
        yield f"{frequency:g} in every register"


def _beyond_apparent_power(reading: Reading, known: _Known) -> Iterator[str]:
    """Yield powers that are much larger than apparent power, or than voltage times current.

    The phases are compared together, so that a load that moves between them breaks no rule. A bound
    of 0 says nothing: some meters report 0 for what they do not measure.
    """
    step = reading.resolutions.get("apparent_power", 0.0)
    apparent = {part: size + step for part, size in known["apparent_power"].items() if size}
    products = _voltage_times_current(reading, known)
    total, phases = (TOTAL,), PHASES
    for name, parts, bounds in (
        ("power", total, apparent),
        ("power", total, products),
        ("power", phases, apparent),
        ("power", phases, products),
        # The total may be an arithmetic sum, and its apparent power a geometric one.
        ("reactive_power", phases, apparent),
        ("reactive_power", phases, products),
        ("apparent_power", total, products),
        ("apparent_power", phases, products),
    ):
        values = known[name]
        compared = [part for part in parts if part in values and part in bounds]
        size = math.fsum(abs(values[part]) for part in compared)
        margin = len(compared) * (_SMALL + reading.resolutions.get(name, 0.0))
        bound = math.fsum(bounds[part] for part in compared)
        if size - margin > _FACTOR * bound:
            yield f"{name} of {size:g} with {bound:g} VA"


def _voltage_times_current(reading: Reading, known: _Known) -> dict[str, float]:
    """Return the most apparent power in VA that the currents can carry, by part."""
    voltages = [
        volts + reading.resolutions.get(name, 0.0)
        for name in _VOLTAGES
        for volts in known[name].values()
        if volts
    ]
    if not voltages:
        return {}
    step = reading.resolutions.get("current", 0.0)
    amperes = {part: size + step for part, size in known["current"].items() if size}
    phases = [part for part in PHASES if part in amperes]
    if len(phases) == reading.phases:
        amperes[TOTAL] = math.fsum(amperes[part] for part in phases)
    elif TOTAL in amperes:
        # Some meters report the average as the total.
        amperes[TOTAL] *= reading.phases
    return {part: max(voltages) * size for part, size in amperes.items()}


def _beyond_phases(reading: Reading, power: Mapping[str, float]) -> Iterator[str]:
    """Yield a total power that is much larger than those of all phases together.

    A smaller one proves nothing: phases may cancel each other, and some meters report their power
    without a sign. Some report 0 for all of them.
    """
    step = reading.resolutions.get("power", 0.0)
    phases = [abs(power[part]) for part in PHASES if part in power]
    total, gross = abs(power.get(TOTAL, 0.0)), math.fsum(phases)
    margin = _SMALL + (1 + _FACTOR * len(phases)) * step
    if gross and len(phases) == reading.phases and total - margin > _FACTOR * gross:
        yield f"a total power of {total:g} W with {gross:g} W on all phases"
