"""Compares what comes of a poll with the truth."""

from collections.abc import Collection
from math import isclose

from custom_components.dts307.meter import Reading
from simulator.meter import Meter as SimulatedMeter
from simulator.registers import is_float
from tests.wire.reach import normalised, points_of
from tests.wire.soak.report import Report

CONFIRMED = 2
"""Good readings in a row after which what is published has to be the truth."""

POINTS = {"energy_imported": "TotWhImp", "energy_exported": "TotWhExp"}
"""The counters that are guarded, and how SunSpec calls them."""

_COUNTERS = tuple(point.lower() for point in POINTS.values())
_SLOW = ("totvah", "totvarh", "evt")
"""What a reading may have from a minute ago."""
_LEFT_OUT = (2**31, 2**32 - 1)
"""Registers that say nothing, because some meters have them for "not accumulated"."""
_COUNTS = 2**32


class Judge:
    """Knows the truth about one meter, and what has been published of it."""

    def __init__(self, simulated: SimulatedMeter, report: Report) -> None:
        """Begin with nothing published; ``report`` is told of all that must not be."""
        self._simulated = simulated
        self._report = report
        self._published: dict[str, float] = {}
        self._turns: list[int] = []
        self._in_a_row = 0
        self.name = f"{simulated.config.model} at {simulated.unit}"

    @property
    def confirmed(self) -> bool:
        """Whether good readings enough have come in a row."""
        return self._in_a_row >= CONFIRMED

    @property
    def settled(self) -> bool:
        """Whether there is nothing that a further reading could bring."""
        return self.confirmed and not any(value in _LEFT_OUT for value in self._truth().values())

    def forget_row(self) -> None:
        """Expect good readings anew: a poll failed, time went by, or a state was lost."""
        self._in_a_row = 0

    def before_reading(self) -> None:
        """Notice registers that have started over since the last poll."""
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
        """Compare what the guard lets through with the truth, and with what it let through.

        After a kill ``stale`` counters may be left out, until two good readings have come.
        """
        for key, value in self._truth().items():
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
            if published < value and self.confirmed and value not in _LEFT_OUT:
                self._deviate("is behind", key, published, value)
            self._published[key] = published

    def judge_end(self) -> None:
        """Compare what is published in the end with the truth."""
        for key, value in self._truth().items():
            published = self._published.get(key)
            self._report.counters.append((f"{self.name} {key}", value, published))
            if published != value:
                self._report.deviate(f"{self.name} ends with {key} {published}, not {value}")

    def _deviate(self, how: str, key: str, published: float, reference: float) -> None:
        self._report.deviate(f"{self.name} {how}: {key} is {published}, should be {reference}")

    def _truth(self) -> dict[str, float]:
        """Return the counters as registers that never start over would show them, in Wh."""
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
    """Tell whether a reading says what the registers say; scaling may cost the last digit.

    Where they say nothing, the reading does without, or takes the sum of the phases for the total.
    """
    if name.startswith(_COUNTERS) and value in _LEFT_OUT:
        return True
    if said is None or value is None:
        return said is value
    return said == value or isclose(said, value, rel_tol=1e-9)
