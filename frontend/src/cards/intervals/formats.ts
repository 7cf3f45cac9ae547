// Dates and times in the words of the owner's language, by the clock of Home Assistant's server.
import type { HomeAssistant } from "../../home-assistant.ts";

type Shape = "time" | "zone" | "day" | "weekday" | "date" | "month";

const SHAPES: Readonly<Record<Shape, Intl.DateTimeFormatOptions>> = {
  time: { hour: "numeric", minute: "2-digit" },
  zone: { timeZoneName: "short" },
  day: { day: "numeric" },
  weekday: { weekday: "short" },
  date: { weekday: "long", day: "numeric", month: "long" },
  month: { month: "long", year: "numeric" },
};
/** What the profile may say; other values follow the language. */
const HOUR_12: Readonly<Record<string, boolean | undefined>> = { "12": true, "24": false };

const known = new Map<string, Intl.DateTimeFormat>();

/** Return an instant, in ms since 1970, as text. */
export function formatted(
  { locale, config }: HomeAssistant,
  shape: Shape,
  instant: number,
): string {
  const key = [locale.language, config.time_zone, locale.time_format, shape].join();
  let format = known.get(key);
  if (!format) {
    const { language, time_format } = locale;
    const hour12 = shape === "time" ? HOUR_12[time_format ?? ""] : undefined;
    const options = { ...SHAPES[shape], hour12 };
    try {
      format = new Intl.DateTimeFormat(language, { ...options, timeZone: config.time_zone });
    } catch {
      // The browser does not know the time zone.
      format = new Intl.DateTimeFormat(language, options);
    }
    known.set(key, format);
  }
  if (shape !== "zone") return format.format(instant);
  return format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** Return the day of an instant in a few characters, such as "Sat 7". */
export function shortDay(hass: HomeAssistant, instant: number): string {
  const weekday = formatted(hass, "weekday", instant).replace(/\.$/, "");
  return `${weekday} ${formatted(hass, "day", instant)}`;
}

/** Return whether an instant is on a Saturday or a Sunday. */
export function isWeekend({ locale, config }: HomeAssistant, instant: number): boolean {
  const english = { locale: { ...locale, language: "en" }, config } as HomeAssistant;
  return formatted(english, "weekday", instant).startsWith("S");
}
