import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf, statusFlashes } from "../src/meter/status-light.ts";

const importing = { direction: "importing", level: "normal", share: 50 };

test("the heartbeat shows the direction", () => {
  assert.equal(statusFlashes(importing)[0]?.colour, "green");
  assert.equal(statusFlashes({ ...importing, direction: "exporting" })[0]?.colour, "orange");
});

test("the second flash shows the level, and gets longer with the current", () => {
  const second = (level: string, share: number) => statusFlashes({ ...importing, level, share })[1];
  assert.equal(second("low", 4.9), undefined);
  assert.equal(second("normal", 5)?.colour, "green");
  assert.equal(second("high", 80)?.colour, "orange");
  assert.equal(second("over", 101)?.colour, "red");
  const lengths = [5, 50, 80, 101, 150].map((share) => second("normal", share)?.duration ?? 0);
  assert.deepEqual(
    lengths,
    [...lengths].sort((one, other) => one - other),
  );
  assert.equal(new Set(lengths).size, lengths.length);
  // Both flashes end before the next heartbeat.
  assert.ok(0.45 + (second("over", 1000)?.duration ?? 0) < 2);
});

test("without a CT rating there is only the heartbeat, without a state nothing", () => {
  assert.equal(statusFlashes({ ...importing, level: undefined, share: undefined }).length, 1);
  for (const direction of ["unavailable", "unknown", "", undefined]) {
    assert.deepEqual(statusFlashes({ ...importing, direction }), []);
  }
});

test("without the share, the second flash still has the colour of the level", () => {
  const of = (level: string) => statusFlashes({ ...importing, level, share: undefined });
  assert.deepEqual(
    ["low", "normal", "high", "over", "unknown"].map((level) => of(level)[1]?.colour),
    [undefined, "green", "orange", "red", undefined],
  );
});

test("levels follow the installation guide", () => {
  const levels = [undefined, 4.99, 5, 79.9, 80, 100, 100.1].map(levelOf);
  assert.deepEqual(levels, [undefined, "low", "normal", "normal", "high", "high", "over"]);
});
