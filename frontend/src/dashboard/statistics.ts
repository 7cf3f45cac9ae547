// Which entities have statistics: a graph of one without them only says that it found none.
import type { HomeAssistant } from "../home-assistant.ts";

const DAY = 86_400_000;
/** The longest time that a graph of the dashboard shows. */
const DAYS = 31;

/** Return the entities with rows of full hours, of all given; undefined if nothing records them. */
export async function withStatistics(
  hass: HomeAssistant,
  entityIds: readonly string[],
  now = Date.now(),
): Promise<ReadonlySet<string> | undefined> {
  try {
    const found = await hass.callWS<Record<string, unknown[]>>({
      type: "recorder/statistics_during_period",
      start_time: new Date(now - DAYS * DAY).toISOString(),
      statistic_ids: entityIds,
      // Made of the rows of hours, and only a few.
      period: "month",
      types: ["mean", "sum"],
    });
    return new Set(Object.keys(found).filter((id) => found[id]?.length));
  } catch {
    return undefined;
  }
}
