// Meters for tests of the dashboard, with entity IDs that are the entities' keys.
import { readFileSync } from "node:fs";
import type { Site } from "../src/dashboard/views.ts";
import type { TextKey } from "../src/i18n/localize.ts";

type Entities = Record<"binary_sensor" | "sensor", Record<string, { name?: string } | undefined>>;

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** Return a solar meter of which every entity is enabled, and the names of its entities. */
export function siteIn(language: string): [Site, Record<string, string>] {
  const texts = json(`../src/i18n/translations/${language}.json`) as Record<TextKey, string>;
  const ours = `../../custom_components/dts307/translations/${language}.json`;
  const { entity } = json(ours) as { entity: Entities };
  const names = Object.entries({ ...entity.sensor, ...entity.binary_sensor });
  const site: Site = {
    deviceId: "1",
    name: "Grid",
    alone: true,
    entities: Object.fromEntries(names.map(([key]) => [key, key])),
    renamed: new Set(),
    names: {},
    statistics: new Set(),
    inEnergy: false,
    text: (key) => texts[key],
  };
  return [site, Object.fromEntries(names.map(([key, { name } = {}]) => [key, name ?? ""]))];
}

const IN_ROLE: Record<string, Record<string, string>> = {
  battery: { imported: "charged", exported: "discharged" },
  home: { imported: "consumed" },
};

/** Return a meter whose energies have the names of a role. */
export function inRole(site: Site, role: string): Site {
  const names: Record<string, string> = {};
  for (const [word, own] of Object.entries(IN_ROLE[role] ?? {})) {
    for (const name of ["energy_*", "*_this_period", "*_last_period"]) {
      names[name.replace("*", word)] = name.replace("*", own);
    }
  }
  return { ...site, entities: { ...site.entities, production: undefined }, names };
}
