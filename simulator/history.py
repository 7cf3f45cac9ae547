"""The past of a meter, calculated from the same house that it measures now."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

from .counters import Counters
from .meter import Meter


@dataclass(frozen=True, kw_only=True)
class Span:
    """An interval of the past.

    `start` is a Unix time, `seconds` the length. Energy is in Wh, power in W with the meter's sign
    (positive is import). The readings are TotWhImp and TotWhExp at the end.
    """

    start: int
    seconds: int
    import_wh: float
    export_wh: float
    mean_w: float
    min_w: float
    max_w: float
    import_reading_wh: float
    export_reading_wh: float


@dataclass(frozen=True, kw_only=True)
class MeterHistory:
    """The past intervals of a meter, oldest first."""

    serial: str
    spans: tuple[Span, ...]

    def as_json(self) -> dict[str, object]:
        """Return plain dicts and lists."""
        return asdict(self)


class _Count(NamedTuple):
    """What a meter counts in an interval."""

    import_wh: float
    export_wh: float
    min_w: float
    max_w: float


def meter_history(
    meter: Meter, start: int, end: int, *, step: int = 3600, resolution: int = 300
) -> MeterHistory:
    """Return what a meter counted from `start` to `end`, in spans of `step` seconds.

    At `meter.start`, where the simulation began, the readings equal the start values of the live
    counters. `end` may shorten the last span.

    Args:
        meter: the meter; manual changes of its house apply to the past too.
        start: Unix time at which the first span begins.
        end: Unix time at which the last span ends, at most `meter.start`.
        step: length of a span in s.
        resolution: interval in s at which to measure the house.

    Raises:
        ValueError: the times are out of order, or the past counted more than the start values of
            the live counters (give the meter more days in service).
    """
    if not start <= end <= meter.start or step < 1 or resolution < 1:
        raise ValueError("the past ends where the simulation began, and goes forward in steps")
    since = _count(meter, end, meter.start, resolution)
    import_reading = meter.start_counters["TotWhImp"] - since.import_wh
    export_reading = meter.start_counters["TotWhExp"] - since.export_wh
    spans = []
    for begin in reversed(range(start, end, step)):
        finish = min(begin + step, end)
        count = _count(meter, begin, finish, resolution)
        spans.append(
            Span(
                start=begin,
                seconds=finish - begin,
                import_wh=count.import_wh,
                export_wh=count.export_wh,
                mean_w=(count.import_wh - count.export_wh) * 3600 / (finish - begin),
                min_w=count.min_w,
                max_w=count.max_w,
                import_reading_wh=import_reading,
                export_reading_wh=export_reading,
            )
        )
        import_reading -= count.import_wh
        export_reading -= count.export_wh
    if min(import_reading, export_reading) < 0:
        raise ValueError(f"meter {meter.serial} begins with less energy than its past has counted")
    return MeterHistory(serial=meter.serial, spans=tuple(reversed(spans)))


def _count(meter: Meter, start: int, end: int, resolution: int) -> _Count:
    """Return what the meter counts from `start` to `end`, measured every `resolution` seconds."""
    counters = Counters(meter.config.wiring.phases)
    lowest, highest = float("inf"), float("-inf")
    for at in range(start, end, resolution):
        measurement = meter.measurement_at(at)
        counters.integrate(measurement, min(resolution, end - at))
        watts = measurement.values["W"] / 1000
        lowest, highest = min(lowest, watts), max(highest, watts)
    return _Count(counters.exact("TotWhImp"), counters.exact("TotWhExp"), lowest, highest)
