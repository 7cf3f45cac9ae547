"""Compares the results of polls with the simulator's true values."""

from collections.abc import Collection
from math import isclose

from custom_components.dts307.meter import Reading
from simulator.meter import Meter as SimulatedMeter
from simulator.registers import is_float
from tests.wire.reach import normalised, points_of
from tests.wire.soak.report import Report

CONFIRMED = 2
"""Good readings in a row after which the published counters have to be right."""

POINTS = {"energy_imported": "TotWhImp", "energy_exported": "TotWhExp"}
"""The filtered counters, and their SunSpec points."""

_COUNTERS = tuple(point.lower() for point in POINTS.values())
_SLOW = ("totvah", "totvarh", "evt")
"""Values of a reading that may be a minute old."""
_LEFT_OUT = (2**31, 2**32 - 1)
"""Values that some meters use for "not accumulated"."""
_COUNTS = 2**32


class Judge:
    """Checks the readings and the published counters of one meter."""

    def __init__(self, simulated: SimulatedMeter, report: Report) -> None:
        """Begin with nothing published; ``report`` collects the deviations."""
        self._simulated = simulated
        self._report = report
        self._published: dict[str, float] = {}
        self._latest: dict[str, float] = {}
        self._sooner: dict[str, float] = {}
        """the true counters at the reading before; what is more may take a second reading"""
        self._turns: list[int] = []
        self._in_a_row = 0
        self.name = f"{simulated.config.model} at {simulated.unit}"

    @property
    def confirmed(self) -> bool:
        """Whether there were enough good readings in a row."""
        return self._in_a_row >= CONFIRMED

    @property
    def settled(self) -> bool:
        """Whether a further reading would change nothing."""
        return self.confirmed and not any(value in _LEFT_OUT for value in self._truth().values())

    def forget_row(self) -> None:
        """Require new good readings: a poll failed, time passed, or a state was lost."""
        self._in_a_row = 0

    def before_reading(self) -> None:
        """Notice rollovers since the last poll."""
        turns = [int(value // _COUNTS) for value in self._truth().values()]
        if turns != self._turns:
            self.forget_row()
        self._turns = turns

    def judge_reading(self, reading: Reading, *, misread: bool) -> None:
        """Compare a reading with the registers; if one was ``misread``, a counter may be off."""
        said = points_of(reading)
        wrong = [
            name
            for name, value in normalised(self._simulated.truth()).items()
            if not name.startswith(_SLOW) and not _same(name, said[name], value)
        ]
        if not wrong:
            self._in_a_row += 1
            return
        self.forget_row()
        if misread and all(name.startswith(_COUNTERS) for name in wrong):
            self._report.misread += 1
        else:
            self._report.deviate(f"{self.name} was read wrongly: {', '.join(wrong)}")

    def judge_published(self, checked: Reading, stale: Collection[str]) -> None:
        """Compare the published counters with the true ones, and with those published before.

        After a kill ``stale`` counters may be left out, until two good readings have come.
        """
        self._sooner, self._latest = self._latest, self._truth()
        for key, value in self._latest.items():
            quantity, _, part = key.partition(".")
            published = getattr(getattr(checked, quantity), part)
            before = self._published.get(key)
            if published is None:
                if self.confirmed or (before is not None and key not in stale):
                    self._report.deviate(f"{self.name} does not publish {key}")
                continue
            if before is not None and published < before:
                self._deviate("fell", key, published, before)
            if published > value:
                self._deviate("is ahead", key, published, value)
            sooner = self._sooner.get(key, value)
            if published < sooner and self.confirmed and value not in _LEFT_OUT:
                self._deviate("is behind", key, published, sooner)
            self._published[key] = published

    def judge_end(self) -> None:
        """Compare the last published counters with the true ones."""
        for key, value in self._truth().items():
            published = self._published.get(key)
            self._report.counters.append((f"{self.name} {key}", value, published))
            if published is None or not self._sooner[key] <= published <= value:
                self._report.deviate(f"{self.name} ends with {key} {published}, not {value}")

    def _deviate(self, how: str, key: str, published: float, reference: float) -> None:
        self._report.deviate(f"{self.name} {how}: {key} is {published}, should be {reference}")

    def _truth(self) -> dict[str, float]:
        """Return the true counters without rollovers, in Wh."""
        config = self._simulated.config
        shown = self._simulated.truth() if is_float(config.model) else None
        values: dict[str, float] = {}
        for quantity, point in POINTS.items():
            for part in ("total", *config.wiring.phases):
                source = point if part == "total" else f"{point}Ph{part}"
                exact = self._simulated.counters.exact(source)
                value = int(exact) if shown is None else shown[source]
                assert value is not None
                values[f"{quantity}.{part.lower()}"] = value
        return values


def _same(name: str, said: float | None, value: float | None) -> bool:
    """Return whether a value equals its register; scaling may change the last digit.

    For registers without a value, the reading has none either, or sums the phases.
    """
    if name.startswith(_COUNTERS) and value in _LEFT_OUT:
        return True
    if said is None or value is None:
        return said is value
    return said == value or isclose(said, value, rel_tol=1e-9)
