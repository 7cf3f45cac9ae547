// What is known of the days of a month: intervals in their places, sums, and what is estimated.
import type { Direction, Interval, Quality } from "./answer.ts";
import type { Day, Slot } from "./calendar.ts";

/** In kWh; undefined where no interval counts it. */
export type Energy = Readonly<Record<Direction, number | undefined>>;

/** A quarter hour, and what is known of it. */
export interface Cell extends Slot {
  interval: Interval | undefined;
}

/** Quarter hours in a row that are estimated, edited or not known. */
export interface Run {
  quality: Exclude<Quality, "actual"> | "unknown";
  start: number;
  end: number;
  cells: readonly Cell[];
  energy: Energy;
}

export interface DayView {
  start: number;
  end: number;
  cells: Cell[];
  energy: Energy;
  runs: Run[];
}

/** A quarter hour by the index of its day in the month, and its own in the day. */
export interface Position {
  day: number;
  cell: number;
}

export interface MonthView {
  days: DayView[];
  energy: Energy;
  /** Of estimated intervals only. */
  estimated: Energy;
  /** These may go on over midnight; those of the days end there. */
  runs: Run[];
  /** The most that one interval has in one direction, in kWh. */
  highest: number;
  /** The last known quarter hour. */
  last: Position | undefined;
}

/** Return the view of a month. Unknown is what lies between known intervals. */
export function viewOf(days: readonly Day[], intervals: readonly Interval[]): MonthView {
  const known = new Map(intervals.map((interval) => [Date.parse(interval.start), interval]));
  const [first, last] = [Math.min(...known.keys()), Math.max(...known.keys())];
  const runs = (cells: readonly Cell[]): Run[] =>
    runsOf(cells.filter(({ start }) => start >= first && start <= last));
  const views = days.map(({ start, end, slots }): DayView => {
    const cells = slots.map((slot) => ({ ...slot, interval: known.get(slot.start) }));
    return { start, end, cells, energy: energyOf(cells), runs: runs(cells) };
  });
  const all = views.flatMap(({ cells }) => cells);
  return {
    days: views,
    energy: energyOf(all),
    estimated: energyOf(all.filter(({ interval }) => interval?.quality === "estimated")),
    runs: runs(all),
    highest: intervals.reduce(
      (most, { imported, exported }) => Math.max(most, imported ?? 0, exported ?? 0),
      0,
    ),
    last: positionOf(views, last),
  };
}

/** Return where an instant is in a month, if it is. */
export function positionOf(days: readonly DayView[], instant: number): Position | undefined {
  const day = days.findIndex(({ start, end }) => instant >= start && instant < end);
  const cell = days[day]?.cells.findIndex(({ end }) => instant < end) ?? -1;
  return cell < 0 ? undefined : { day, cell };
}

function runsOf(cells: readonly Cell[]): Run[] {
  const groups: Cell[][] = [];
  let before: Cell | undefined;
  for (const cell of cells) {
    if (before && qualityOf(cell) === qualityOf(before)) groups[groups.length - 1]?.push(cell);
    else groups.push([cell]);
    before = cell;
  }
  return groups.flatMap((group) => {
    const [first, last] = [group[0], group[group.length - 1]];
    const quality = first && qualityOf(first);
    if (!first || !last || !quality || quality === "actual") return [];
    return { quality, start: first.start, end: last.end, cells: group, energy: energyOf(group) };
  });
}

function qualityOf({ interval }: Cell): Run["quality"] | "actual" {
  return interval?.quality ?? "unknown";
}

function energyOf(cells: readonly Cell[]): Energy {
  const sum = (direction: Direction): number | undefined => {
    const energies = cells.flatMap(({ interval }) => interval?.[direction] ?? []);
    return energies.length > 0 ? energies.reduce((total, one) => total + one, 0) : undefined;
  };
  return { imported: sum("imported"), exported: sum("exported") };
}
