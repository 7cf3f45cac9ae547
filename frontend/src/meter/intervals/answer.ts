// The energy of intervals, as the integration's actions return it.
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

/** What the registers of a meter showed, in kWh. */
export interface Registers {
  imported: number | null;
  exported: number | null;
  /** The bounds of what is estimated. */
  imported_lowest?: number | null;
  exported_lowest?: number | null;
}

export interface Answer {
  /** How long intervals are, as the options of the meter say. */
  minutes: number;
  intervals: Interval[];
}

/** Return the intervals between two instants that are over and known. */
export function intervalsBetween(
  hass: HomeAssistant,
  device: DeviceEntry,
  start: number,
  end: number,
): Promise<Answer> {
  const span = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  return ask(hass, device, "get_intervals", span);
}

/** Return what the registers showed at an instant. */
export function registersAt(
  hass: HomeAssistant,
  device: DeviceEntry,
  instant: number,
): Promise<Registers> {
  return ask(hass, device, "get_registers", { at: new Date(instant).toISOString() });
}

async function ask<T>(
  hass: HomeAssistant,
  { primary_config_entry }: DeviceEntry,
  service: string,
  data: object,
): Promise<T> {
  const { response } = await hass.callWS<{ response: T }>({
    type: "call_service",
    domain: DOMAIN,
    service,
    service_data: { config_entry_id: primary_config_entry, ...data },
    return_response: true,
  });
  return response;
}
