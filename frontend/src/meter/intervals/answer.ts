// The energy of quarter hours, as the integration's actions return it.
import type { DeviceEntry, HomeAssistant } from "../../home-assistant.ts";
import { DOMAIN } from "../devices.ts";

export type Quality = "actual" | "estimated" | "edited";
export type Direction = "imported" | "exported";

/** Energies in kWh; null: the meter does not count it, or a bound is not known. */
export interface Interval {
  /** With the server's offset from UTC. */
  start: string;
  end: string;
  imported: number | null;
  exported: number | null;
  quality: Quality;
  /** The bounds of what is estimated. */
  imported_lowest?: number | null;
  imported_highest?: number | null;
  exported_lowest?: number | null;
  exported_highest?: number | null;
}

interface Answer {
  response: { intervals: Interval[] };
}

/** Return the intervals between two instants that are over and known. */
export async function intervalsBetween(
  hass: HomeAssistant,
  { primary_config_entry }: DeviceEntry,
  start: number,
  end: number,
): Promise<Interval[]> {
  const { response } = await hass.callWS<Answer>({
    type: "call_service",
    domain: DOMAIN,
    service: "get_intervals",
    service_data: {
      config_entry_id: primary_config_entry,
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
      minutes: 15,
    },
    return_response: true,
  });
  return response.intervals;
}
