"""What happens between the requests of a reading never mixes what does not belong together.

The meter changes between any two requests: to another model, to other scale factors, to counters
that leapt, or just in its values. All that this rests on is that a change of model, scale factors
or counters is not undone within the same reading.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
import math
from typing import Final, override

from hypothesis import given, settings, strategies as st

from custom_components.dts307.meter import MapChangedError, Meter, Reading
from custom_components.dts307.meter.modbus import RequestLimit
from tests.meter.contents import whole_maps
from tests.meter.device import Clock, Device, common, sunspec_map, values
from tests.meter.published import QUANTITIES, encode

MEASURED: Final = {
    "A_SF": ("current",),
    "V_SF": ("voltage_line_to_neutral", "voltage_line_to_line"),
    "W_SF": ("power",),
    "VA_SF": ("apparent_power",),
    "VAR_SF": ("reactive_power",),
}
COUNTED: Final = {
    "TotWh_SF": ("energy_exported", "energy_imported"),
    "TotVAh_SF": ("apparent_energy_exported", "apparent_energy_imported"),
    "TotVArh_SF": tuple(f"reactive_energy_q{quadrant}" for quadrant in (1, 2, 3, 4)),
}
SCALES: Final = MEASURED | COUNTED
EXPONENTS: Final = (0, -1, 1, -2, 2)
"""A scale factor takes these in turn, and none twice."""

SECONDS: Final = 0.05
"""Time that a request takes."""


@dataclass(frozen=True)
class State:
    """What a meter holds at one instant."""

    model: int = 203
    number: int = 0
    """All values follow from it; it grows with each request."""
    era: int = 0
    """The counters of two eras are far apart."""
    scales: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCALES, 0))
    """Places in ``EXPONENTS``."""

    def raw(self, name: str, part: int) -> int:
        """Return what is in a point; no two differ only by a power of ten."""
        place = 4 * list(QUANTITIES).index(name) + part
        if "energy" in name:
            return 100_000_000 + 10_000_000 * self.era + 10_000 * place + self.number
        return 10_000 + 700 * place + 10 * (self.number % 70) + 1

    def registers(self) -> list[int]:
        """Return the meter model."""
        points = {scale: EXPONENTS[place] for scale, place in self.scales.items()}
        for names in SCALES.values():
            for name in names:
                for part, point in enumerate(QUANTITIES[name]):
                    points[point] = self.raw(name, part)
        return encode(self.model, **points)

    def holds(self, scale: str, name: str, part: int, value: float | None) -> bool:
        """Return whether a value is true in this state."""
        truth = self.raw(name, part) * 10.0 ** EXPONENTS[self.scales[scale]]
        return self.model == 203 and value is not None and math.isclose(value, truth)


@dataclass(frozen=True)
class Change:
    """What becomes of a meter during a request; its values change in any case."""

    kind: str = "values"
    scale: str = "W_SF"

    def of(self, state: State) -> State:
        """Return the state afterwards."""
        state = replace(state, number=state.number + 1)
        if self.kind == "model":
            return replace(state, model=204)
        if self.kind == "counters":
            return replace(state, era=state.era + 1)
        if self.kind == "scale":
            place = min(state.scales[self.scale] + 1, len(EXPONENTS) - 1)
            return replace(state, scales={**state.scales, self.scale: place})
        return state


class Restless(Device):
    """A meter that changes after every request, behind a gateway with a limit."""

    def __init__(self, most: int) -> None:
        """Begin with a meter that does not change."""
        super().__init__()
        self.most = most
        self.clock = Clock()
        self.changes: list[Change] = []
        self.past: list[State] = []
        self.state = State()
        self.become(self.state)

    def become(self, state: State) -> None:
        """Hold a state from now on."""
        self.state = state
        self.put(40000, sunspec_map(common(), state.registers()))

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        registers = await super().read_holding_registers(address, count)
        self.clock.now += SECONDS
        self.past.append(self.state)
        if self.changes:
            self.become(self.changes.pop(0).of(self.state))
        return registers


async def identified(most: int) -> tuple[Meter, Restless]:
    """Return a meter that has been read once, and has not changed yet."""
    device = Restless(most)
    meter = await Meter.identify(device, limit=RequestLimit(most), clock=device.clock)
    await meter.read()
    device.clock.now += 5
    device.past.clear()
    return meter, device


def check(reading: Reading, past: list[State], scales: dict[str, tuple[str, ...]]) -> None:
    """Assert that each value was true at some instant, and all counters before or after a leap."""
    eras = {state.era for state in past}
    for scale, names in scales.items():
        for name in names:
            for part, value in enumerate(values(getattr(reading, name))):
                true = [state for state in past if state.holds(scale, name, part, value)]
                assert true, f"{name} {part} was never {value}"
                if scale in COUNTED:
                    eras &= {state.era for state in true}
    assert eras, "counters from before and after a leap"


changes = st.builds(
    Change,
    kind=st.sampled_from(["model", "scale", "scale", "counters"]),
    scale=st.sampled_from(("A_SF", "V_SF", *SCALES)),
)


limits = st.integers(2, 125) | st.integers(2, 33) | st.integers(2, 8)


async def requests_of(meter: Meter, device: Restless, *, whole: bool) -> int:
    """Return how many requests a reading takes."""
    await meter.read(whole=whole)
    device.clock.now += 5
    requests = len(device.past)
    device.past.clear()
    return requests


@settings(whole_maps, max_examples=150)
@given(most=limits, whole=st.booleans(), data=st.data())
async def test_a_published_reading_mixes_nothing(
    *, most: int, whole: bool, data: st.DataObject
) -> None:
    meter, device = await identified(most)
    requests = await requests_of(meter, device, whole=whole)
    device.changes = [Change()] * requests
    for at in data.draw(st.lists(st.integers(0, requests - 1), min_size=1, max_size=3)):
        device.changes[at] = data.draw(changes)
    scales = SCALES if whole else {**MEASURED, "TotWh_SF": COUNTED["TotWh_SF"]}
    with suppress(MapChangedError):
        check(await meter.read(whole=whole), device.past, scales)


@settings(whole_maps, max_examples=40)
@given(most=limits, whole=st.booleans())
async def test_a_meter_that_only_measures_is_always_published(*, most: int, whole: bool) -> None:
    meter, device = await identified(most)
    device.changes = [Change()] * 300
    scales = SCALES if whole else {**MEASURED, "TotWh_SF": COUNTED["TotWh_SF"]}
    check(await meter.read(whole=whole), device.past, scales)
    assert device.changes
