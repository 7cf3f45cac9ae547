"""The tables of a recorded day, in Markdown."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
import sys
from typing import Final

from tests.integration.recorded_day import Recorded, differences, named

_DAY: Final = 24
"""h"""


def print_rows(model: int, hours: float, recorded: Mapping[str, Recorded]) -> None:
    """Print how many states the recorder has kept of each entity, for each recording."""
    scale = _DAY / hours
    rows = {name: each.rows for name, each in recorded.items()}
    named = "in a day" if hours == _DAY else f"a day, extrapolated from {hours:g} h"
    both = sum(rows.values(), Counter[str]())
    _print_table(
        (f"{model}: rows {named}", *rows),
        [
            ("all", *(f"{sum(each.values()) * scale:,.0f}" for each in rows.values())),
            *(
                (key, *(f"{each[key] * scale:,.0f}" for each in rows.values()))
                for key, _ in both.most_common()
            ),
        ],
    )


def print_statistics(
    model: int, recorded: Mapping[str, Recorded], truth: Mapping[int, float]
) -> None:
    """Print how far statistics are from those of every reading, and from the truth, by period."""
    lines: list[tuple[object, ...]] = []
    for period, ours in recorded["default"].statistics.items():
        theirs = recorded["every reading"].statistics[period]
        for value in ("mean", "min", "max"):
            apart = differences(ours["power"], theirs["power"], value)
            lines.append((period, f"power, {value}, W", *_summary(apart.values())))
        for key in ("energy_imported", "energy_exported"):
            for value in ("state", "sum"):
                apart = differences(ours[key], theirs[key], value)
                watt_hours = [1000 * each for each in apart.values()]
                lines.append((period, f"{key}, {value}, Wh", *_summary(watt_hours)))
    for name, each in recorded.items():
        shown = named(each.statistics["5minute"]["power"], "mean")
        apart = {at: abs(shown[at] - truth[at]) for at in shown.keys() & truth.keys()}
        text = f"power, mean of {name}, but to the truth, W"
        lines.append(("5minute", text, *_summary(apart.values())))
    _print_table((f"{model}, for each", "difference to every reading", "usual", "largest"), lines)


def _summary(values: Collection[float]) -> tuple[str, str]:
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.2f}", f"{ordered[-1]:.2f}"


def _print_table(head: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    texts = (
        "| " + " | ".join(map(str, line)) + " |\n" for line in (head, ["---"] * len(head), *lines)
    )
    sys.stdout.write("\n" + "".join(texts))
