const QUARTER = 900_000;

/**
 * Return when the day of `now` began in a time zone; without one, where the browser is.
 *
 * It is looked for from quarter to quarter, as clocks may have been put forward or back since, and
 * as all of their zones and changes are whole quarters of an hour.
 */
export function midnight(now: Date, timeZone?: string): Date {
  const dates = datesIn(timeZone);
  const today = dates.format(now);
  let begin = now.getTime() - (now.getTime() % QUARTER);
  while (dates.format(begin - QUARTER) === today) begin -= QUARTER;
  return new Date(begin);
}

/** A browser may not know the zone of the server, in which case it is told in its own. */
function datesIn(timeZone?: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short" });
  } catch {
    return datesIn();
  }
}
