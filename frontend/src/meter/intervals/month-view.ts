// What is known of the days of a month: intervals in their places, sums, and what is estimated.
import type { Direction, Interval, Quality } from "./answer.ts";
import type { Day, Slot } from "./calendar.ts";

/** In kWh; undefined where no interval counts it. */
export type Energy = Readonly<Record<Direction, number | undefined>>;

/** An interval of a day, and what is known of it. */
export interface Cell extends Slot {
  interval: Interval | undefined;
}

/** Intervals in a row that are estimated, edited or not known. */
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

/** An interval by the index of its day in the month, and its own in the day. */
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
  /** The highest average power of an interval in one direction, in kW. */
  highest: number;
  /** The last known interval. */
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
    highest: all.reduce(
      (most, cell) =>
        Math.max(most, powerOf(cell, "imported") ?? 0, powerOf(cell, "exported") ?? 0),
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

/** Return the average power of an interval in kW. */
export function powerOf({ start, end, interval }: Cell, direction: Direction): number | undefined {
  const energy = interval?.[direction];
  return energy == null ? undefined : (energy * 3_600_000) / (end - start);
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
