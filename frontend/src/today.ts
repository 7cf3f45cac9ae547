// What a counter has counted since midnight: from its statistics, and since the last of them from
// its state, so that it moves with every reading.
import type { HassEntity, HomeAssistant } from "./home-assistant.ts";
import { midnight } from "./midnight.ts";

const HOUR = 3_600_000;
interface Row {
  start: number;
  change?: number | null;
  state?: number | null;
}

/** A counter at the end of its latest statistics. */
export interface Counted {
  /** Since midnight. */
  energy: number;
  /** Where the counter stood then. */
  state: number;
}

/** Return what the statistics say of counters, by entity id, each in the unit of its state. */
export async function countedToday(
  hass: HomeAssistant,
  counters: readonly HassEntity[],
  now = new Date(),
): Promise<Map<string, Counted>> {
  const since = midnight(now, timeZoneOf(hass)).getTime();
  const found = await Promise.all(
    counters.map(async (counter) => {
      const hours = await ask(hass, counter, "hour", since - HOUR);
      // The hour that is not over has its five minutes.
      const over = (hours.at(-1)?.start ?? since - 2 * HOUR) + HOUR;
      const rows = hours.concat(await ask(hass, counter, "5minute", over));
      return [counter.entity_id, sumOf(rows, since)] as const;
    }),
  );
  return new Map(found.flatMap(([id, counted]) => (counted ? [[id, counted]] : [])));
}

/** Return a counter's energy of today, if it is known. */
export function energyToday(counter: HassEntity, counted: Counted | undefined): number | undefined {
  if (!counted) return undefined;
  const state = Number(counter.state);
  // While the meter does not answer, the latest statistics stand; so they do if it was set back.
  const since = Number.isFinite(state) ? Math.max(0, state - counted.state) : 0;
  return counted.energy + since;
}

/** Add the rows from midnight on up; the one before it only tells where the counter stood. */
export function sumOf(rows: readonly Row[], since: number): Counted | undefined {
  const state = rows.findLast((row) => row.state != null)?.state;
  if (state == null) return undefined;
  const today = rows.filter((row) => row.start >= since);
  return { energy: today.reduce((sum, row) => sum + (row.change ?? 0), 0), state };
}

async function ask(
  hass: HomeAssistant,
  { entity_id, attributes }: HassEntity,
  period: string,
  since: number,
): Promise<Row[]> {
  const answer = await hass.callWS<Record<string, Row[] | undefined>>({
    type: "recorder/statistics_during_period",
    start_time: new Date(since).toISOString(),
    statistic_ids: [entity_id],
    period,
    types: ["change", "state"],
    units: { energy: attributes.unit_of_measurement },
  });
  return answer[entity_id] ?? [];
}

/** The owner's profile says whose midnight it is. */
function timeZoneOf(hass: HomeAssistant): string {
  if (hass.locale.time_zone === "server") return hass.config.time_zone;
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
