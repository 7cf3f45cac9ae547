import assert from "node:assert/strict";
import { test } from "node:test";
import { VIEWS } from "../src/dashboard/views.ts";
import type { Card } from "../src/dashboard/views.ts";
import { inRole, siteIn } from "./sites.ts";

/** What fits in a tile on a phone of 390 px, and in a column of a screen of 1400 px. */
const LONGEST = 14;

const tilesOf = (cards: Card[]): Card[] => cards.filter(({ type }) => type === "tile");

for (const language of ["en", "de", "es", "fr", "nl", "pt-BR"]) {
  test(`in ${language}, the names of tiles fit, and differ within a section`, () => {
    const [site, entityNames] = siteIn(language);
    const grid = { ...site, entities: { ...site.entities, production: undefined } };
    const inRoles = ["battery", "home"].map((role) => inRole(site, role));
    const sections = [site, grid, ...inRoles].flatMap((each) =>
      VIEWS.flatMap(({ sections }) => sections(each).map(tilesOf)),
    );
    assert.ok(sections.flat().length > 40);
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
  const [meter] = siteIn("en");
  const site = { ...meter, renamed: new Set(["voltage_out_of_band"]) };
  const tiles = VIEWS.flatMap(({ sections }) => sections(site).flatMap(tilesOf));
  const named = tiles.filter(({ entity }) => entity === "voltage_out_of_band");
  assert.equal(named.length, 2);
  for (const { name } of named) assert.deepEqual(name, { type: "entity" });
});
