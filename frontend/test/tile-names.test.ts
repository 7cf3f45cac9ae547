import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { VIEWS } from "../src/dashboard/views.ts";
import type { Card, Site } from "../src/dashboard/views.ts";
import type { TextKey } from "../src/i18n/localize.ts";

/** What fits in a tile on a phone of 390 px, and in a column of a screen of 1400 px. */
const LONGEST = 14;

type Entities = Record<"binary_sensor" | "sensor", Record<string, { name?: string } | undefined>>;

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

function siteIn(language: string, renamed: string[] = []): [Site, Record<string, string>] {
  const texts = json(`../src/i18n/translations/${language}.json`) as Record<TextKey, string>;
  const ours = `../../custom_components/dts307/translations/${language}.json`;
  const { entity } = json(ours) as { entity: Entities };
  const names = Object.entries({ ...entity.sensor, ...entity.binary_sensor });
  const site: Site = {
    deviceId: "1",
    name: "Grid",
    alone: true,
    entities: Object.fromEntries(names.map(([key]) => [key, key])),
    renamed: new Set(renamed),
    inEnergy: false,
    text: (key) => texts[key],
  };
  return [site, Object.fromEntries(names.map(([key, { name } = {}]) => [key, name ?? ""]))];
}

const tilesOf = (cards: Card[]): Card[] => cards.filter(({ type }) => type === "tile");

for (const language of ["en", "de", "es", "fr", "nl", "pt-BR"]) {
  test(`in ${language}, the names of tiles fit, and differ within a section`, () => {
    const [site, entityNames] = siteIn(language);
    const sections = VIEWS.flatMap(({ sections }) => sections(site).map(tilesOf));
    assert.ok(sections.flat().length > 20);
    for (const tiles of sections) {
      const names = tiles.map(({ name, entity }) =>
        typeof name === "string" ? name : (entityNames[entity as string] ?? ""),
      );
      assert.equal(new Set(names).size, names.length, names.join());
      for (const name of names) {
        assert.ok(name !== "" && name.length <= LONGEST, `${name}: ${name.length}`);
      }
    }
  });
}

test("a name of the owner's stays", () => {
  const [site] = siteIn("en", ["voltage_out_of_band"]);
  const tiles = VIEWS.flatMap(({ sections }) => sections(site).flatMap(tilesOf));
  const named = tiles.filter(({ entity }) => entity === "voltage_out_of_band");
  assert.equal(named.length, 2);
  for (const { name } of named) assert.deepEqual(name, { type: "entity" });
});
