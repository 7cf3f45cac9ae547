"""Random values as a pure function of time: the same seed and instant give the same number."""

from math import floor

_MASK = (1 << 64) - 1


def uniform(seed: int, index: int) -> float:
    """Return a number in [0, 1) that depends only on `seed` and `index`.

    SplitMix64's finalizer mixes both, so that numbers of neighbouring indices are unrelated.
    """
    bits = (index * 0x9E3779B97F4A7C15 + seed * 0xD1B54A32D192ED03) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    # A float has 53 bits of precision: with all 64, the largest would round up to 1.
    return ((bits ^ (bits >> 31)) >> 11) / (1 << 53)


def wander(seed: int, timestamp: float, period: float) -> float:
    """Return a value in [-1, 1] that drifts smoothly, with a new target every `period` seconds."""
    position = timestamp / period
    index = floor(position)
    fraction = position - index
    blend = fraction * fraction * (3 - 2 * fraction)
    before, after = uniform(seed, index), uniform(seed, index + 1)
    return 2 * (before + (after - before) * blend) - 1
