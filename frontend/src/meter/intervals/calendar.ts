// Months, days and quarter hours by the local clock of a time zone.
export const QUARTER = 900_000;
const HOUR = 4 * QUARTER;
const DAY = 24 * HOUR;
/** Quarter hours of a day on which no clock is changed; a row of the heat map is this wide. */
export const QUARTERS = 96;

export interface Month {
  year: number;
  /** From 1 on. */
  month: number;
}

/** A quarter hour, and where it is in the row of its day. */
export interface Slot {
  /** In ms since 1970. */
  start: number;
  end: number;
  /** In quarter hours of the clock since midnight. */
  x: number;
  /** 1, or half of it in an hour that the clock shows twice. */
  width: number;
}

export interface Day {
  start: number;
  end: number;
  /** 92 or 100 of them on a day on which clocks change by an hour. */
  slots: Slot[];
}

/** Return the month of an instant. */
export function monthAt(instant: number, zone: string): Month {
  const { year, month } = clockAt(instant, zone);
  return { year, month };
}

/** Return the month so many months later. */
export function shifted({ year, month }: Month, months: number): Month {
  const index = year * 12 + month - 1 + months;
  return { year: Math.floor(index / 12), month: (index % 12) + 1 };
}

/** Return whether a month is before another. */
export function isBefore(one: Month, other: Month): boolean {
  return one.year * 12 + one.month < other.year * 12 + other.month;
}

/** Return the days of a month. */
export function daysOf({ year, month }: Month, zone: string): Day[] {
  const count = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const starts: number[] = [];
  for (let day = 1; day <= count + 1; day += 1) starts.push(startOf(year, month, day, zone));
  return starts.slice(1).map((end, index) => {
    const start = starts[index] ?? end;
    return { start, end, slots: slotsOf(start, end, zone) };
  });
}

/** Clocks change at midnight in some time zones, by at most two hours, but nowhere at noon. */
function startOf(year: number, month: number, day: number, zone: string): number {
  const noon = Date.UTC(year, month - 1, day, 12);
  const date = new Date(noon).getUTCDate();
  let start = noon - clockAt(noon, zone).offset - 14 * HOUR;
  while (clockAt(start, zone).day !== date) start += QUARTER;
  return start;
}

function slotsOf(start: number, end: number, zone: string): Slot[] {
  const slots: Slot[] = [];
  for (let begin = start; begin < end; begin += QUARTER) {
    const sinceMidnight = end - start === DAY ? begin - start : clockAt(begin, zone).sinceMidnight;
    slots.push({ start: begin, end: begin + QUARTER, x: sinceMidnight / QUARTER, width: 1 });
  }
  squeezeRepeated(slots);
  return slots;
}

/** Let what the clock shows twice share its place, one after the other. */
function squeezeRepeated(slots: Slot[]): void {
  const back = slots.findIndex(({ x }, index) => x < (slots[index - 1]?.x ?? 0));
  const from = slots[back]?.x;
  const until = slots[back - 1]?.x;
  if (from === undefined || until === undefined) return;
  const repeated = until + 1 - from;
  slots.slice(back - repeated, back + repeated).forEach((slot, index) => {
    slot.x = from + index / 2;
    slot.width = 1 / 2;
  });
}

interface Clock extends Month {
  day: number;
  /** In ms. */
  sinceMidnight: number;
  /** How far the clock is ahead of UTC, in ms. */
  offset: number;
}

/** Return what the clock shows. */
function clockAt(instant: number, zone: string): Clock {
  const part: Record<string, number> = {};
  for (const { type, value } of clockIn(zone).formatToParts(instant)) part[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = part;
  // Some browsers call midnight 24:00.
  const sinceMidnight = (hour % 24) * HOUR + minute * 60_000;
  const offset = Date.UTC(year, month - 1, day) + sinceMidnight - instant;
  return { year, month, day, sinceMidnight, offset };
}

const clocks = new Map<string | undefined, Intl.DateTimeFormat>();

/** If the browser does not know the time zone, use its own. */
function clockIn(zone?: string): Intl.DateTimeFormat {
  let clock = clocks.get(zone);
  if (!clock) {
    try {
      clock = new Intl.DateTimeFormat("en", {
        timeZone: zone,
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        hour12: false,
      });
    } catch {
      clock = clockIn();
    }
    clocks.set(zone, clock);
  }
  return clock;
}
