import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../src/meter/place.ts";

const drawn = (role?: string): unknown[] => {
  const { from, to, flow, words } = placeOf(role);
  return [from.name, to.name, flow, words.import, words.export];
};

test("power flows between what the role says", () => {
  assert.deepEqual(drawn("grid"), ["grid", "house", 1, "importing", "exporting"]);
  assert.deepEqual(drawn("solar"), ["solar", "house", -1, "importing", "exporting"]);
  assert.deepEqual(drawn("home"), ["power", "house", 1, "consuming", "exporting"]);
  assert.deepEqual(drawn("load"), ["house", "load", 1, "consuming", "exporting"]);
});

test("what a battery exports flows into the house", () => {
  assert.deepEqual(drawn("battery"), ["battery", "house", -1, "charging", "discharging"]);
});

test("without a role, a meter is drawn at the grid", () => {
  assert.deepEqual(drawn(), drawn("grid"));
  assert.deepEqual(drawn("of a later version"), drawn("grid"));
});

test("energies have the words of the place", () => {
  const words = (role: string): string[] =>
    placeOf(role).counted.map(({ name, text }) => `${name}: ${text}`);
  assert.deepEqual(words("grid"), ["imported: imported", "exported: exported"]);
  assert.deepEqual(words("solar"), ["exported: produced", "imported: consumed"]);
  assert.deepEqual(words("battery"), ["imported: charged", "exported: discharged"]);
  assert.deepEqual(words("home"), ["imported: consumed", "exported: exported"]);
  assert.deepEqual(words("load"), words("home"));
});
