// Which entities belong to a meter, by the keys of the integration and never by their entity ids,
// which an owner may change.
import type { DeviceEntry, HomeAssistant } from "./home-assistant.ts";

const DOMAIN = "dts307";

/** Entity ids by the key of what they show, such as "power_a". */
export type MeterEntities = Readonly<Record<string, string | undefined>>;

interface RegistryEntry {
  unique_id: string;
}

/** Return all meters, in the order of their names. */
export function metersOf(hass: HomeAssistant): DeviceEntry[] {
  const devices = Object.values(hass.devices).filter((device) => device !== undefined);
  return devices
    .filter((device) => serialOf(device) !== undefined)
    .sort((one, other) => nameOf(one).localeCompare(nameOf(other), hass.locale.language));
}

/** Return the meter with this device id; without an id, the first there is. */
export function meterOf(hass: HomeAssistant, deviceId?: string): DeviceEntry | undefined {
  return metersOf(hass).find((device) => !deviceId || device.id === deviceId);
}

export function nameOf(device: DeviceEntry): string {
  return device.name_by_user ?? device.name ?? device.model ?? "DTS 307";
}

export function serialOf(device: DeviceEntry): string | undefined {
  return device.identifiers.find(([domain]) => domain === DOMAIN)?.[1];
}

/** Return the ids of a meter's enabled entities; disabled ones the frontend does not know. */
function entityIdsOf(hass: HomeAssistant, device: DeviceEntry): string[] {
  return Object.values(hass.entities)
    .filter((entity) => entity?.device_id === device.id && entity.platform === DOMAIN)
    .map((entity) => entity?.entity_id ?? "");
}

type Answers = Map<DeviceEntry, Promise<MeterEntities>>;
/** By the registry of which they tell: Home Assistant makes it anew with each change. */
const known = new WeakMap<HomeAssistant["entities"], Answers>();

/**
 * Return a meter's entities by their keys.
 *
 * The frontend holds no unique ids, and the phases of a quantity share a translation key. So they
 * are asked for, once for all cards.
 */
export function entitiesOf(hass: HomeAssistant, device: DeviceEntry): Promise<MeterEntities> {
  const answers = known.get(hass.entities) ?? (new Map() as Answers);
  known.set(hass.entities, answers);
  let answer = answers.get(device);
  if (!answer) {
    answer = ask(hass, device);
    answers.set(device, answer);
    // What was not answered is asked again.
    answer.catch(() => answers.delete(device));
  }
  return answer;
}

async function ask(hass: HomeAssistant, device: DeviceEntry): Promise<MeterEntities> {
  const ids = entityIdsOf(hass, device);
  if (ids.length === 0) return {};
  const entries = await hass.callWS<Record<string, RegistryEntry | null>>({
    type: "config/entity_registry/get_entries",
    entity_ids: ids,
  });
  const prefix = `${serialOf(device) ?? ""}_`;
  const keys: Record<string, string> = {};
  for (const [entityId, entry] of Object.entries(entries)) {
    if (entry?.unique_id.startsWith(prefix)) keys[entry.unique_id.slice(prefix.length)] = entityId;
  }
  return keys;
}
