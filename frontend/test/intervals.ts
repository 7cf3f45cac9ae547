// Interval data for tests.
import type { Interval, Quality } from "../src/meter/intervals/answer.ts";

const QUARTER = 900_000;

/** Return the interval that starts at an instant. */
export function interval(
  start: number,
  imported: number | null = 0.25,
  exported: number | null = 0,
  quality: Quality = "actual",
): Interval {
  const times = {
    start: new Date(start).toISOString(),
    end: new Date(start + QUARTER).toISOString(),
  };
  return { ...times, imported, exported, quality };
}

/** Return equal intervals from an instant on, up to another. */
export function intervals(
  from: number,
  to: number,
  ...rest: [number?, number?, Quality?]
): Interval[] {
  const count = Math.floor((to - from) / QUARTER);
  return Array.from({ length: count }, (_, index) => interval(from + index * QUARTER, ...rest));
}
