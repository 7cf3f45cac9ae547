// The keys that move through the intervals of a month.
import type { DayView, Position } from "../../meter/intervals/month-view.ts";

/** Return where a key leads; undefined if it does not move. */
export function moved(days: readonly DayView[], from: Position, key: string): Position | undefined {
  const cells = days[from.day]?.cells ?? [];
  switch (key) {
    case "ArrowLeft":
      return from.cell > 0 ? { ...from, cell: from.cell - 1 } : endOf(days, from.day - 1, from);
    case "ArrowRight":
      if (from.cell < cells.length - 1) return { ...from, cell: from.cell + 1 };
      return days[from.day + 1] ? { day: from.day + 1, cell: 0 } : from;
    case "ArrowUp":
      return sameTime(days, from, from.day - 1);
    case "ArrowDown":
      return sameTime(days, from, from.day + 1);
    case "Home":
      return { ...from, cell: 0 };
    case "End":
      return endOf(days, from.day, from);
    default:
      return undefined;
  }
}

/** Return the interval at a place in the row of a day, if the day has it. */
export function cellAt(day: DayView | undefined, x: number): number {
  return day?.cells.findIndex((cell) => x >= cell.x && x < cell.x + cell.width) ?? -1;
}

function endOf(days: readonly DayView[], day: number, otherwise: Position): Position {
  const cells = days[day]?.cells;
  return cells ? { day, cell: cells.length - 1 } : otherwise;
}

/** The other day may not have this time: clocks may have skipped it. */
function sameTime(days: readonly DayView[], from: Position, day: number): Position {
  const cells = days[day]?.cells;
  if (!cells) return from;
  const x = days[from.day]?.cells[from.cell]?.x ?? 0;
  const later = cells.findIndex((cell) => cell.x >= x);
  return { day, cell: later < 0 ? cells.length - 1 : later };
}
