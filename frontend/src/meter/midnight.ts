const QUARTER = 900_000;

/**
 * Return when the day of `now` began in a time zone; without one, in the browser's.
 *
 * Clocks may have changed since midnight, so we search backwards. All time zones and clock changes
 * are multiples of a quarter of an hour.
 */
export function midnight(now: Date, timeZone?: string): Date {
  const dates = datesIn(timeZone);
  const today = dates.format(now);
  let begin = now.getTime() - (now.getTime() % QUARTER);
  while (dates.format(begin - QUARTER) === today) begin -= QUARTER;
  return new Date(begin);
}

/** If the browser does not know the time zone, use its own. */
function datesIn(timeZone?: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short" });
  } catch {
    return datesIn();
  }
}
