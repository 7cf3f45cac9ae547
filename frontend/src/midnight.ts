/** Return when the day of `now` began in a time zone; its clock may have been put forward since. */
export function midnight(now: Date, timeZone: string): Date {
  const today = dayOf(now, timeZone);
  const guess = new Date(now.getTime() - millisecondsInto(now, timeZone));
  const early = guess.getTime() - millisecondsInto(guess, timeZone);
  // An hour was left out or came twice: the guess is beside midnight, on either of its sides.
  if (dayOf(guess, timeZone) === today) return new Date(early);
  return new Date(guess.getTime() + DAY - millisecondsInto(guess, timeZone));
}

const DAY = 86_400_000;

function partsOf(instant: Date, timeZone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
}

function dayOf(instant: Date, timeZone: string): string {
  const { year, month, day } = partsOf(instant, timeZone);
  return `${year ?? ""}-${month ?? ""}-${day ?? ""}`;
}

function millisecondsInto(instant: Date, timeZone: string): number {
  const { hour, minute, second } = partsOf(instant, timeZone);
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return seconds * 1000 + instant.getMilliseconds();
}
