"""The simulated house, with meters of either sign and with CTs installed wrongly."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
import math
from typing import Any, override

import pytest

from custom_components.dts307.meter.installation import (
    PowerSign,
    PowerSignState,
    observe,
    with_import_positive,
)
from custom_components.dts307.meter.sunspec import Reading
from custom_components.dts307.meter.sunspec.models import PHASE_COUNTS
from custom_components.dts307.meter.sunspec.reading import reading_from_points
from simulator import House, Meter, MeterConfig, Role
from simulator.house import PhaseFlow, Sample
from simulator.meter import Site
from simulator.registers import layout
from simulator.sky import elevation
from tests.meter.published import METER_MODELS

from .test_power_sign import POINTS

NOON = 1_780_315_200
"""1 June 2026, 12:00 UTC: a bright day and a short night ahead."""
WINTER = 1_797_000_000
"""11 December 2026, 14:40 UTC: it is dark soon."""
NIGHT_BEGINS = -math.radians(6)
"""The sun's height at the end of civil twilight."""
POLL = 120
DAY = 86_400

signs = pytest.mark.parametrize(
    ("sign", "verdict"), [(1, PowerSign.IMPORT_POSITIVE), (-1, PowerSign.EXPORT_POSITIVE)]
)


class Reversed(Site):
    """A site where the CT of one phase is reversed."""

    def __init__(self, house: House, phase: str) -> None:
        """Reverse the CT of a phase."""
        super().__init__(house)
        self._phase_index = "abc".index(phase)

    @override
    def at(self, timestamp: int) -> Sample:
        sample = super().at(timestamp)
        flows = list(sample.phases)
        flow = flows[self._phase_index]
        flows[self._phase_index] = PhaseFlow(
            -flow.load_w, -flow.load_var, -flow.solar_w, -flow.solar_var, flow.volts
        )
        return sample._replace(phases=tuple(flows))


class Exchanged(Site):
    """A site where the CTs of A and B are exchanged."""

    @override
    def at(self, timestamp: int) -> Sample:
        sample = super().at(timestamp)
        a, b, c = sample.phases
        flows = (_against(b, a.volts, 120), _against(a, b.volts, -120), c)
        return sample._replace(phases=flows)


def _against(flow: PhaseFlow, volts: float, degrees: float) -> PhaseFlow:
    """Return the flow of one phase's current with another phase's voltage."""
    power = complex(flow.load_w - flow.solar_w, flow.load_var - flow.solar_var)
    shift = math.radians(degrees)
    power *= complex(math.cos(shift), math.sin(shift))
    return PhaseFlow(power.real, power.imag, 0.0, 0.0, volts)


class Stored(Site):
    """A site with a battery on A that supplies all phases, as far as it can."""

    def __init__(self, house: House, *, power: float, capacity: float) -> None:
        """Start with an empty battery of so many W and Wh."""
        super().__init__(house)
        self._power, self._capacity = power, capacity
        self._charge = 0.0
        self._since: int | None = None
        self._fed = 0.0

    @override
    def at(self, timestamp: int) -> Sample:
        sample = super().at(timestamp)
        if self._since is not None:
            self._charge -= self._fed * (timestamp - self._since) / 3600
        self._since = timestamp
        wanted = sum(flow.load_w - flow.solar_w for flow in sample.phases)
        self._fed = max(-self._power, min(self._power, wanted))
        if self._charge <= 0 < self._fed or (self._fed < 0 and self._charge >= self._capacity):
            self._fed = 0.0
        a, b, c = sample.phases
        return sample._replace(phases=(a._replace(load_w=a.load_w - self._fed), b, c))


@dataclass
class Watch:
    """A meter of a site that is polled every two minutes, and the state after its readings."""

    meter: Meter
    sign: int = 1
    state: PowerSignState = field(default_factory=PowerSignState)

    @classmethod
    def of(
        cls, model: int, site: Site, *, start: int = NOON, sign: int = 1, **config: Any
    ) -> Watch:
        """Install a meter that gives import this sign, 1 or -1."""
        return cls(Meter(MeterConfig(model=model, **config), site, start), sign)

    def reading(self, sign: int) -> Reading:
        """Return the meter's reading as if it gave import this sign."""
        truth, model = self.meter.truth(), self.meter.config.model
        points = {
            point.source: _signed(point.source, truth[point.name], sign)
            for point in layout(model)
            if point.name in truth
        }
        return reading_from_points(dict.fromkeys(POINTS) | points, None, PHASE_COUNTS[model])

    def states_over(self, seconds: int) -> Iterator[PowerSignState]:
        """Let time pass, and yield the state after each reading."""
        for _ in range(seconds // POLL):
            self.meter.advance(POLL)
            now = self.meter.timestamp
            height = elevation(datetime.fromtimestamp(now, UTC), self.meter.site.house.latitude)
            reading = self.reading(self.sign)
            self.state = observe(self.state, reading, float(now), dark=height < NIGHT_BEGINS)
            yield self.state


def _signed(point: str, value: float | None, sign: int) -> float | None:
    directed = point.startswith(("W", "VAR", "PF"))
    return sign * value if directed and value is not None else value


def site_of(model: int) -> Site:
    """Return the house with as many phases as a meter model has."""
    return Site(House(phases=PHASE_COUNTS[model]))


@pytest.mark.parametrize(
    ("model", "role"),
    [*((model, Role.GRID) for model in METER_MODELS), (202, Role.SOLAR), (213, Role.SOLAR)],
)
@signs
def test_a_day_of_the_house_has_one_verdict(
    model: int, role: Role, sign: int, verdict: PowerSign
) -> None:
    """A verdict comes within the hour and stays, readings get its sign, no phase is suspect."""
    watch = Watch.of(model, site_of(model), sign=sign, role=role)
    states = list(watch.states_over(DAY))
    assert states[3600 // POLL].verdict is verdict
    assert {state.verdict for state in states} == {PowerSign.UNKNOWN, verdict}
    assert all(state.lead * sign >= 0 for state in states)
    assert with_import_positive(watch.reading(sign), verdict) == watch.reading(1)
    assert watch.state.suspect_phases == set()


@pytest.mark.parametrize("phase", ["a", "b", "c"])
@pytest.mark.parametrize(("model", "start", "sign"), [(203, NOON, 1), (213, WINTER, -1)])
def test_a_reversed_ct_is_found_within_two_nights(
    phase: str, model: int, start: int, sign: int
) -> None:
    watch = Watch.of(model, Reversed(House(), phase), start=start, sign=sign)
    suspected = {
        suspects for state in watch.states_over(2 * DAY) if (suspects := state.suspect_phases)
    }
    assert suspected == {frozenset(phase)}


@pytest.mark.parametrize("phase", ["a", "b"])
def test_a_reversed_ct_in_a_split_phase_service_is_found(phase: str) -> None:
    watch = Watch.of(202, Reversed(House(phases=2), phase))
    suspected = {
        suspects for state in watch.states_over(2 * DAY) if (suspects := state.suspect_phases)
    }
    assert suspected == {frozenset(phase)}


def test_a_corrected_ct_is_no_longer_suspect_after_the_next_night() -> None:
    watch = Watch.of(203, Reversed(House(), "a"), start=WINTER)
    *_, found = watch.states_over(DAY)
    assert found.suspect_phases == {"a"}
    watch.meter.site = Site(House())
    *_, corrected = watch.states_over(DAY)
    assert corrected.suspect_phases == set()
    assert corrected.verdict is PowerSign.IMPORT_POSITIVE


@pytest.mark.parametrize("start", [NOON, WINTER])
def test_exchanged_cts_make_only_their_phases_suspect(start: int) -> None:
    watch = Watch.of(203, Exchanged(House()), start=start)
    *_, state = watch.states_over(2 * DAY)
    assert state.verdict is PowerSign.IMPORT_POSITIVE
    assert state.suspect_phases
    assert state.suspect_phases <= {"a", "b"}


@pytest.mark.parametrize("start", [NOON, WINTER])
@pytest.mark.parametrize(("power", "capacity"), [(800, 2000), (2500, 20_000)])
def test_a_battery_that_exports_on_one_phase_at_night_is_no_reversed_ct(
    power: float, capacity: float, start: int
) -> None:
    site = Stored(House(solar_peak=9000), power=power, capacity=capacity)
    watch = Watch.of(203, site, start=start)
    assert not any(state.suspect_phases for state in watch.states_over(3 * DAY))
    assert watch.state.verdict is PowerSign.IMPORT_POSITIVE


def test_without_neutral_phases_are_not_judged() -> None:
    watch = Watch.of(204, Reversed(House(), "b"), start=WINTER)
    *_, state = watch.states_over(DAY)
    assert state.verdict is PowerSign.IMPORT_POSITIVE
    assert state.opposite_seconds == {}
