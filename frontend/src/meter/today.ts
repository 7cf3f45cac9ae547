// The energy since midnight: from the counter's statistics, plus what its state has added since the
// last of them.
import type { HassEntity, HomeAssistant } from "../home-assistant.ts";
import { midnight } from "./midnight.ts";

const HOUR = 3_600_000;

/** A statistics row: an hour or five minutes of a counter. */
interface Row {
  start: number;
  end: number;
  change?: number | null;
  sum?: number | null;
  state?: number | null;
}

/** A counter at the end of its latest statistics row. */
export interface Counted {
  /** Since midnight. */
  energy: number;
  /** The state of the counter then. */
  state: number;
}

/** Return when today began, in the time zone that the user's profile selects. */
export function startOfToday({ locale, config }: HomeAssistant, now = new Date()): number {
  return midnight(now, locale.time_zone === "server" ? config.time_zone : undefined).getTime();
}

/** Return the statistics of counters by entity ID, each in the unit of its state. */
export async function countedToday(
  hass: HomeAssistant,
  counters: readonly HassEntity[],
  now = new Date(),
): Promise<Map<string, Counted>> {
  const since = startOfToday(hass, now);
  const found = await Promise.all(
    counters.map(async (counter) => {
      // Some time zones have midnight at half past an hour: only five-minute rows end there.
      const before = since % HOUR ? await ask(hass, counter, "5minute", since - HOUR, since) : [];
      const hours = await ask(hass, counter, "hour", since - HOUR);
      // The current hour has no row yet, but five-minute rows.
      const over = hours[hours.length - 1]?.end ?? since - HOUR;
      const minutes = await ask(hass, counter, "5minute", over);
      return [counter.entity_id, sumOf([...hours, ...before, ...minutes], since)] as const;
    }),
  );
  return new Map(found.flatMap(([id, counted]) => (counted ? [[id, counted]] : [])));
}

/** Return the energy of today, if it is known, from the latest state of the counter. */
export function energyToday(state: number | undefined, counted?: Counted): number | undefined {
  // After a reset of the counter, only the statistics count.
  return counted && counted.energy + Math.max(0, (state ?? 0) - counted.state);
}

/**
 * Return the growth of the sum since midnight, if the statistics go back that far.
 *
 * We cannot add up the changes of the rows. The first five-minute row reports no change if older
 * data has only hours, and an hour may include midnight.
 */
export function sumOf(rows: readonly Row[], since: number): Counted | undefined {
  const known = rows.filter(({ state, sum }) => state != null && sum != null);
  known.sort((one, other) => one.end - other.end);
  const last = known[known.length - 1];
  if (last?.state == null || last.end < since) return undefined;
  const before = known.filter(({ end }) => end <= since).pop()?.sum ?? sumBefore(known, since);
  return { energy: (last.sum ?? 0) - before, state: last.state };
}

/** For a counter without a row before midnight, the first row's own change gives the start. */
function sumBefore([first]: readonly Row[], since: number): number {
  const today = first !== undefined && first.start >= since;
  return (first?.sum ?? 0) - (today ? (first.change ?? 0) : 0);
}

async function ask(
  hass: HomeAssistant,
  { entity_id, attributes }: HassEntity,
  period: string,
  since: number,
  until?: number,
): Promise<Row[]> {
  const answer = await hass.callWS<Record<string, Row[] | undefined>>({
    type: "recorder/statistics_during_period",
    start_time: new Date(since).toISOString(),
    ...(until && { end_time: new Date(until).toISOString() }),
    statistic_ids: [entity_id],
    period,
    types: ["change", "state", "sum"],
    units: { energy: attributes.unit_of_measurement },
  });
  return answer[entity_id] ?? [];
}
