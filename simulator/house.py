"""A realistic house: load, production and voltage of each phase, as a pure function of time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, tzinfo
from math import isfinite
from typing import NamedTuple

from .appliances import (
    APPLIANCES,
    LIGHT_PEAKS,
    LIGHT_VARS_PER_WATT,
    LIGHT_WATTS,
    STANDBY_VARS_PER_WATT,
    STANDBY_WATTS,
    Appliance,
    popularity,
)
from .household import BUSY_APPLIANCES
from .noise import wander
from .sky import clear_sky, transmission

PHASES = "ABC"

_LINE_OHMS = 0.06
_INVERTER_STANDBY_WATTS = 7.0
_INVERTER_STANDBY_VARS = -22.0
_INVERTER_VARS_PER_WATT = 0.02


class PhaseFlow(NamedTuple):
    """One phase at one instant.

    Load is what the house draws, solar what the plant produces, which is negative at night because
    of the inverter's standby draw. `volts` is line to neutral at the service entrance.
    """

    load_w: float
    load_var: float
    solar_w: float
    solar_var: float
    volts: float


class Sample(NamedTuple):
    """The house at one instant: its phases from A on, and the grid's frequency in Hz."""

    phases: tuple[PhaseFlow, ...]
    hertz: float


@dataclass(frozen=True, kw_only=True)
class Tweak:
    """Manual changes of one phase.

    `load_factor` multiplies the house's own load, `extra_watts` adds a resistive one. `sun` sets
    the plant to a share (0 to 1) of its peak; with None the weather decides.
    """

    load_factor: float = 1.0
    extra_watts: float = 0.0
    sun: float | None = None

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ValueError: a value is not a finite number within its range.
        """
        limits = {"load_factor": 10, "extra_watts": 100_000, "sun": 1}
        for name, limit in limits.items():
            value = getattr(self, name)
            if value is None and name == "sun":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"{name} must be a number")  # noqa: TRY004 - one error for callers to catch
            if not isfinite(value) or not 0 <= value <= limit:
                raise ValueError(f"{name} must be between 0 and {limit}")


@dataclass(frozen=True, kw_only=True)
class House:
    """The house and its solar plant.

    Args:
        seed: seed of all random values.
        phases: 1 to 3; the appliances are distributed over them.
        inverter_phases: the phases, from A on, that share the solar plant.
        solar_peak: the plant's peak power in W, all phases together.
        nominal_voltage: line to neutral, V.
        nominal_frequency: Hz.
        latitude: degrees north.
        timezone: of the local hour.
        busy: a household with about a thousand switching events a day is at home.
        tweaks: manual changes of phases A, B and C.
    """

    seed: int = 307
    phases: int = 3
    inverter_phases: int = 1
    solar_peak: float = 5000.0
    nominal_voltage: float = 120.0
    nominal_frequency: float = 60.0
    latitude: float = 40.0
    timezone: tzinfo = UTC
    busy: bool = False
    tweaks: tuple[Tweak, Tweak, Tweak] = field(default=(Tweak(), Tweak(), Tweak()))

    def at(self, timestamp: float) -> Sample:
        """Return the house at a Unix time."""
        when = datetime.fromtimestamp(timestamp, self.timezone)
        hour = when.hour + when.minute / 60 + when.second / 3600
        loads = self._loads(timestamp, hour)
        sky = clear_sky(when, self.latitude)
        if sky > 0:
            sky *= transmission(self.seed + 100, timestamp)
        flows = []
        for phase, (load_w, load_var) in enumerate(loads):
            solar_w, solar_var = self._solar(timestamp, phase, sky)
            volts = self._volts(timestamp, phase, load_w - solar_w)
            flows.append(PhaseFlow(load_w, load_var, solar_w, solar_var, volts))
        return Sample(tuple(flows), self._hertz(timestamp))

    @property
    def appliances(self) -> tuple[Appliance, ...]:
        """All appliances in the house."""
        return APPLIANCES + BUSY_APPLIANCES if self.busy else APPLIANCES

    def solar_share(self, phase: int) -> float:
        """Return the plant's peak power on a phase (counted from 0) in W."""
        return self.solar_peak / self.inverter_phases if phase < self.inverter_phases else 0.0

    def tweaked(self, changes: Mapping[str, Mapping[str, float | None]]) -> House:
        """Return the house with changes by phase letter, such as `{"A": {"sun": 0.5}}`.

        Raises:
            ValueError: an unknown phase or name, or an invalid value.
        """
        tweaks = list(self.tweaks)
        known = {item.name for item in fields(Tweak)}
        for letter, values in changes.items():
            if letter not in tuple(PHASES[: self.phases]):
                raise ValueError(
                    f"phase {letter!r} is not one of {', '.join(PHASES[: self.phases])}"
                )
            if unknown := set(values) - known:
                raise ValueError(f"unknown setting {min(unknown)!r}, known are {sorted(known)}")
            index = PHASES.index(letter)
            tweaks[index] = replace(tweaks[index], **values)  # type: ignore[arg-type]
        return replace(self, tweaks=(tweaks[0], tweaks[1], tweaks[2]))

    def _loads(self, timestamp: float, hour: float) -> list[tuple[float, float]]:
        """Return W and var of every phase's load."""
        watts, reactive = [0.0] * self.phases, [0.0] * self.phases
        lights = popularity(hour, LIGHT_PEAKS)
        for index, (standby, light) in enumerate(zip(STANDBY_WATTS, LIGHT_WATTS, strict=True)):
            phase = index % self.phases
            idle = standby * (1 + 0.08 * wander(self.seed + index, timestamp, 90))
            lit = light * lights * (1 + 0.2 * wander(self.seed + 10 + index, timestamp, 1200))
            watts[phase] += idle + lit
            reactive[phase] += idle * STANDBY_VARS_PER_WATT + lit * LIGHT_VARS_PER_WATT
        for appliance in self.appliances:
            power = appliance.power(self.seed, timestamp, hour)
            if power:
                watts[appliance.phase % self.phases] += power
                reactive[appliance.phase % self.phases] += power * appliance.vars_per_watt
        return [
            (w * tweak.load_factor + tweak.extra_watts, var * tweak.load_factor)
            for w, var, tweak in zip(watts, reactive, self.tweaks, strict=False)
        ]

    def _solar(self, timestamp: float, phase: int, sky: float) -> tuple[float, float]:
        """Return W and var that the plant produces on a phase."""
        peak = self.solar_share(phase)
        if not peak:
            return 0.0, 0.0
        share = self.tweaks[phase].sun
        if share is None:
            # The strings face different directions, so the phases differ a little.
            share = sky * (1 + 0.03 * wander(self.seed + 20 + phase, timestamp, 600))
        produced = peak * share - _INVERTER_STANDBY_WATTS
        if produced <= 0:
            return -_INVERTER_STANDBY_WATTS, -_INVERTER_STANDBY_VARS
        return produced, produced * _INVERTER_VARS_PER_WATT

    def _volts(self, timestamp: float, phase: int, net_watts: float) -> float:
        """Return the voltage of a phase: it drops with load, and rises with production."""
        grid = self.nominal_voltage * (
            1
            + 0.008 * wander(self.seed + 30, timestamp, 900)
            + 0.004 * wander(self.seed + 31 + phase, timestamp, 60)
        )
        return max(self.nominal_voltage / 2, grid - _LINE_OHMS * net_watts / grid)

    def _hertz(self, timestamp: float) -> float:
        """Return the grid's frequency, which drifts by some hundredths of a hertz."""
        slow = wander(self.seed + 40, timestamp, 300)
        fast = wander(self.seed + 41, timestamp, 12)
        return self.nominal_frequency + 0.022 * slow + 0.008 * fast
