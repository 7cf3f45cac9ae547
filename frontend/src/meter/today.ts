// What a counter has counted since midnight: from its statistics, and since the last of them from
// its state, so that it moves with every reading.
import type { HassEntity, HomeAssistant } from "../home-assistant.ts";
import { midnight } from "./midnight.ts";

const HOUR = 3_600_000;

/** What Home Assistant keeps of a counter for an hour or for five minutes. */
interface Row {
  start: number;
  end: number;
  change?: number | null;
  sum?: number | null;
  state?: number | null;
}

/** A counter at the end of its latest statistics. */
export interface Counted {
  /** Since midnight. */
  energy: number;
  /** Where the counter stood then. */
  state: number;
}

/** Return when today began; the owner's profile says whose midnight it is. */
export function startOfToday({ locale, config }: HomeAssistant, now = new Date()): number {
  return midnight(now, locale.time_zone === "server" ? config.time_zone : undefined).getTime();
}

/** Return what the statistics say of counters, by entity id, each in the unit of its state. */
export async function countedToday(
  hass: HomeAssistant,
  counters: readonly HassEntity[],
  now = new Date(),
): Promise<Map<string, Counted>> {
  const since = startOfToday(hass, now);
  const found = await Promise.all(
    counters.map(async (counter) => {
      // Where midnight is not at a full hour, only five minutes end there.
      const before = since % HOUR ? await ask(hass, counter, "5minute", since - HOUR, since) : [];
      const hours = await ask(hass, counter, "hour", since - HOUR);
      // The hour that is not over has its five minutes.
      const over = hours.at(-1)?.end ?? since - HOUR;
      const minutes = await ask(hass, counter, "5minute", over);
      return [counter.entity_id, sumOf([...hours, ...before, ...minutes], since)] as const;
    }),
  );
  return new Map(found.flatMap(([id, counted]) => (counted ? [[id, counted]] : [])));
}

/** Return a counter's energy of today, if it is known, from where it stands, or stood last. */
export function energyToday(state: number | undefined, counted?: Counted): number | undefined {
  // If it was set back, the latest statistics stand.
  return counted && counted.energy + Math.max(0, (state ?? 0) - counted.state);
}

/**
 * Return how far the sum has come since midnight, if statistics reach that far.
 *
 * The changes of the rows do not add up to it: that of five minutes knows nothing of a past which
 * has but hours, and an hour may lie on both sides of midnight.
 */
export function sumOf(rows: readonly Row[], since: number): Counted | undefined {
  const known = rows.filter(({ state, sum }) => state != null && sum != null);
  known.sort((one, other) => one.end - other.end);
  const last = known.at(-1);
  if (last?.state == null || last.end < since) return undefined;
  const before = known.findLast(({ end }) => end <= since)?.sum ?? sumBefore(known, since);
  return { energy: (last.sum ?? 0) - before, state: last.state };
}

/** A counter that is new, or was not read at midnight, tells by how much its first row changed it. */
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
