// The parts of Home Assistant's frontend that we use.
import type { Connection, HassConfig, HassEntities, HassEntity } from "home-assistant-js-websocket";

export type { HassEntity };

export interface EntityEntry {
  entity_id: string;
  device_id?: string;
  platform?: string;
  translation_key?: string;
}

export interface DeviceEntry {
  id: string;
  name: string | null;
  name_by_user: string | null;
  manufacturer: string | null;
  model: string | null;
  serial_number: string | null;
  sw_version: string | null;
  identifiers: [string, string][];
  primary_config_entry: string | null;
}

export interface ValuePart {
  type: string;
  value: string;
}

export interface HomeAssistant {
  states: HassEntities;
  entities: Record<string, EntityEntry | undefined>;
  devices: Record<string, DeviceEntry | undefined>;
  config: HassConfig;
  connection: Connection;
  language: string;
  connected: boolean;
  locale: { language: string; time_zone: "local" | "server"; time_format?: string };
  /** Return the address of a path of the server. */
  hassUrl(path: string): string;
  loadBackendTranslation(
    category: string,
    integration: string,
  ): Promise<(key: string, values?: Record<string, string>) => string>;
  callWS<T>(message: { type: string; [key: string]: unknown }): Promise<T>;
  localize(key: string): string;
  formatEntityState(state: HassEntity, value?: string): string;
  formatEntityStateToParts(state: HassEntity, value?: string): ValuePart[];
}

export interface CardConfig {
  type: string;
  device_id?: string;
  /** In the place of the meter's name. */
  name?: string;
  /** Only name, power and today. */
  compact?: boolean;
  hide_faceplate?: boolean;
  /** The phases to show, such as A; all without any. */
  phases?: string[];
}

export interface GridOptions {
  columns?: number | "full";
  rows?: number | "auto";
  min_columns?: number;
}

/** Open the more-info dialog of an entity. */
export function showMoreInfo(from: HTMLElement, entityId: string): void {
  from.dispatchEvent(
    new CustomEvent("hass-more-info", { bubbles: true, composed: true, detail: { entityId } }),
  );
}
