// The entities of a meter, by the keys that the integration gives them. Entity IDs are no help:
// the owner may change them.
import type { DeviceEntry, HomeAssistant } from "../home-assistant.ts";
import { DOMAIN, serialOf } from "./devices.ts";

/** Entity IDs by the key of what they show, such as "power_a". */
export type MeterEntities = Readonly<Record<string, string | undefined>>;

/** What the registry has of a meter's enabled entities. */
export interface Registered {
  entities: MeterEntities;
  /** The IDs of those that the owner has named. */
  renamed: ReadonlySet<string>;
  /** The keys of their names, by the same keys; the names follow from the meter's role. */
  names: MeterEntities;
}

interface RegistryEntry {
  unique_id: string;
  /** From the owner. */
  name?: string | null;
  translation_key?: string | null;
}

/** Return the IDs of a meter's enabled entities; the frontend does not know disabled ones. */
function entityIdsOf(hass: HomeAssistant, device: DeviceEntry): string[] {
  return Object.values(hass.entities)
    .filter((entity) => entity?.device_id === device.id && entity.platform === DOMAIN)
    .map((entity) => entity?.entity_id ?? "");
}

type Answers = Map<DeviceEntry, Promise<Registered>>;
/** By entity registry: Home Assistant replaces that object with each change. */
const known = new WeakMap<HomeAssistant["entities"], Answers>();

/** Return a meter's entities by their keys. */
export async function entitiesOf(hass: HomeAssistant, device: DeviceEntry): Promise<MeterEntities> {
  return (await registeredOf(hass, device)).entities;
}

/**
 * Return a meter's entities by their keys, and which of them the owner has named.
 *
 * The frontend holds no unique IDs, and the phases of a quantity share a translation key. So we
 * ask the server, once for all cards.
 */
export function registeredOf(hass: HomeAssistant, device: DeviceEntry): Promise<Registered> {
  const answers = known.get(hass.entities) ?? (new Map() as Answers);
  known.set(hass.entities, answers);
  let answer = answers.get(device);
  if (!answer) {
    answer = ask(hass, device);
    answers.set(device, answer);
    // The next card asks again after a failure.
    answer.catch(() => answers.delete(device));
  }
  return answer;
}

async function ask(hass: HomeAssistant, device: DeviceEntry): Promise<Registered> {
  const ids = entityIdsOf(hass, device);
  if (ids.length === 0) return { entities: {}, renamed: new Set(), names: {} };
  const entries = await hass.callWS<Record<string, RegistryEntry | null>>({
    type: "config/entity_registry/get_entries",
    entity_ids: ids,
  });
  const prefix = `${serialOf(device) ?? ""}_`;
  const entities: Record<string, string> = {};
  const names: Record<string, string> = {};
  const renamed = new Set<string>();
  for (const [entityId, entry] of Object.entries(entries)) {
    if (!entry?.unique_id.startsWith(prefix)) continue;
    const key = entry.unique_id.slice(prefix.length);
    entities[key] = entityId;
    if (entry.translation_key) names[key] = entry.translation_key;
    if (entry.name) renamed.add(entityId);
  }
  return { entities, renamed, names };
}
