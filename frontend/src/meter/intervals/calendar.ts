// Months, days and quarter hours by the local clock of a time zone.
export const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** All time zones and clock changes are multiples of it. */
const STEP = 15 * MINUTE;
/** What the rows of days are wide: the minutes of a day on which no clock is changed. */
export const ROW = 1440;

export interface Month {
  year: number;
  /** From 1 on. */
  month: number;
}

/** An interval of a day, and where it is in the row of the day. */
export interface Slot {
  /** In ms since 1970. */
  start: number;
  end: number;
  /** In minutes of the clock since midnight. */
  x: number;
  width: number;
  /** Whether the clock shows this time twice; both share its place in the row. */
  twice: boolean;
}

export interface Day {
  start: number;
  end: number;
  /** Of 15 minutes, these are 92 or 100 where clocks change by an hour, and else 96. */
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

/** Return the days of a month, with intervals of so many minutes. */
export function daysOf({ year, month }: Month, zone: string, minutes: number): Day[] {
  const count = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const starts: number[] = [];
  for (let day = 1; day <= count + 1; day += 1) starts.push(startOf(year, month, day, zone));
  return starts.slice(1).map((end, index) => {
    const start = starts[index] ?? end;
    return { start, end, slots: slotsOf(start, end, zone, minutes) };
  });
}

/** Clocks change at midnight in some time zones, by at most two hours, but nowhere at noon. */
function startOf(year: number, month: number, day: number, zone: string): number {
  const noon = Date.UTC(year, month - 1, day, 12);
  const date = new Date(noon).getUTCDate();
  let start = noon - clockAt(noon, zone).offset - 14 * HOUR;
  while (clockAt(start, zone).day !== date) start += STEP;
  return start;
}

/** Intervals are aligned to the clock; one is shorter where that is changed by half of it. */
function slotsOf(start: number, end: number, zone: string, minutes: number): Slot[] {
  const slots: Slot[] = [];
  const regular = end - start === ROW * MINUTE;
  for (let begin = start; begin < end;) {
    const x = regular ? (begin - start) / MINUTE : clockAt(begin, zone).sinceMidnight / MINUTE;
    const width = minutes - (x % minutes);
    slots.push({ start: begin, end: begin + width * MINUTE, x, width, twice: false });
    begin += width * MINUTE;
  }
  squeezeRepeated(slots);
  return slots;
}

/** Let what the clock shows twice share its place, one after the other. */
function squeezeRepeated(slots: Slot[]): void {
  const endOf = (slot: Slot | undefined): number => (slot ? slot.x + slot.width : 0);
  const back = slots.findIndex(({ x }, index) => x < endOf(slots[index - 1]));
  const [before, after] = [slots[back - 1], slots[back]];
  if (!before || !after) return;
  const from = after.x;
  const until = endOf(before);
  slots.forEach((slot, index) => {
    const isFirst = index < back;
    const end = endOf(slot);
    const squeezed = (x: number): number =>
      isFirst ? Math.min(x, (x + from) / 2) : Math.max(x, (x + until) / 2);
    slot.twice = isFirst ? end > from : slot.x < until;
    slot.x = squeezed(slot.x);
    slot.width = squeezed(end) - slot.x;
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
