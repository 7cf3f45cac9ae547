import assert from "node:assert/strict";
import { test } from "node:test";
import { nominalAngle, opposed, phasorsOf, roundUp } from "../src/phasors.ts";
import type { Phasor } from "../src/phasors.ts";
import { phase, reading } from "./readings.ts";

const rounded = (value: number | undefined): number | undefined =>
  value === undefined ? value : Math.round(value);
const lags = (phasors: Phasor[]): unknown[] => phasors.map(({ lag }) => rounded(lag));

function threePhases(powers: [number, number][]): ReturnType<typeof reading> {
  const entities = powers.map(([watts, vars], index) =>
    phase("abc".charAt(index), 120, Math.hypot(watts, vars) / 120, watts, vars),
  );
  return reading(Object.assign({}, ...entities) as Parameters<typeof reading>[0]);
}

test("currents lag and lead as power and reactive power say", () => {
  const phasors = phasorsOf(
    threePhases([
      [100, 0],
      [100, 100],
      [100, -100],
    ]),
    120,
  );
  assert.deepEqual(lags(phasors), [0, 45, -45]);
  assert.deepEqual(
    phasors.map(({ voltage }) => voltage?.angle),
    [0, -120, 120],
  );
  assert.deepEqual(
    phasors.map(({ current }) => rounded(current?.angle)),
    [0, -165, 165],
  );
});

test("a reversed current transformer turns its current by 180°", () => {
  const house = threePhases([
    [1000, 100],
    [-1000, -100],
    [1000, 100],
  ]);
  assert.deepEqual(lags(phasorsOf(house, 120)), [6, -174, 6]);
  assert.deepEqual(opposed(house), ["B"]);
});

test("a house in the sun is not suspected", () => {
  const sunny = threePhases([
    [-3000, 0],
    [1000, 100],
    [-10, 0],
  ]);
  assert.deepEqual(opposed(sunny), []);
});

test("swapped current transformers turn theirs by 120°, one each way", () => {
  // What flows in phase with its own voltage is seen beside that of another.
  const [watts, vars] = [1000 * Math.cos((2 * Math.PI) / 3), 1000 * Math.sin((2 * Math.PI) / 3)];
  const house = threePhases([
    [watts, vars],
    [watts, -vars],
    [1000, 0],
  ]);
  assert.deepEqual(lags(phasorsOf(house, 120)), [120, -120, 0]);
});

test("without reactive power the way is not known, and said so", () => {
  const [phasor] = phasorsOf(
    reading({ voltage_line_to_neutral: [120, "V"], current: [1, "A"], power: [60, "W"] }),
    0,
  );
  assert.equal(rounded(phasor?.lag), 60);
  assert.equal(phasor?.signed, false);
});

test("without a flow there is no angle", () => {
  const [phasor] = phasorsOf(threePhases([[0, 0]]), 0);
  assert.equal(phasor?.lag, undefined);
  assert.equal(phasor?.current, undefined);
});

test("two legs are opposite, or of a three-phase service", () => {
  const legs = reading({ ...phase("a", 120, 1, 100, 0), ...phase("b", 120, 1, 100, 0) });
  assert.equal(nominalAngle(legs, 240), 180);
  assert.equal(nominalAngle(legs, 208), 120);
  assert.equal(nominalAngle(legs), 180);
  const single = reading({ current: [1, "A"] });
  assert.equal(nominalAngle(single), 0);
});

test("the circle is a round number at least as large as what it holds", () => {
  assert.deepEqual(
    [0, 0.3, 1, 1.2, 4, 5, 7, 19.9, 20, 201].map(roundUp),
    [1, 0.5, 1, 2, 5, 5, 10, 20, 20, 500],
  );
});
