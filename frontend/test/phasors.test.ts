import assert from "node:assert/strict";
import { test } from "node:test";
import { nominalAngle, phasorsOf, roundUp } from "../src/meter/phasors.ts";
import type { Phasor } from "../src/meter/phasors.ts";
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

test("power and reactive power give lag and lead", () => {
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
});

/** Power and reactive power of phases whose currents are measured with the voltages of others. */
function seen(currents: [amps: number, lag: number][], voltageOf: string): [number, number][] {
  const along = { A: 0, B: -120, C: 120 };
  const at = (name: string): number => along[name as keyof typeof along];
  return currents.map((_, index) => {
    const voltage = at("ABC".charAt(index));
    const carried = "ABC".indexOf(voltageOf.charAt(index));
    const [amps, lag] = currents[carried] ?? [0, 0];
    const angle = ((voltage - (at("ABC".charAt(carried)) - lag)) * Math.PI) / 180;
    return [120 * amps * Math.cos(angle), 120 * amps * Math.sin(angle)];
  });
}

test("swapped current transformers turn their currents by 120°, one each way", () => {
  const alike: [number, number][] = Array.from("ABC", () => [10, 0]);
  assert.deepEqual(lags(phasorsOf(threePhases(seen(alike, "BAC")), 120)), [120, -120, 0]);
});

test("without reactive power, lag and lead are unknown", () => {
  const [phasor] = phasorsOf(
    reading({ voltage_line_to_neutral: [120, "V"], current: [1, "A"], power: [60, "W"] }),
    0,
  );
  assert.equal(rounded(phasor?.lag), 60);
  assert.equal(phasor?.signed, false);
});

test("without power there is no angle", () => {
  const [phasor] = phasorsOf(threePhases([[0, 0]]), 0);
  assert.equal(phasor?.lag, undefined);
  assert.equal(phasor?.current, undefined);
});

test("two legs are 180° apart, or 120° in a three-phase service", () => {
  const legs = { ...phase("a", 120, 1, 100, 0), ...phase("b", 120, 1, 100, 0) };
  const between = (volts: number) => ({ voltage_line_to_line_ab: [volts, "V"] }) as const;
  assert.equal(nominalAngle(reading({ ...legs, ...between(240) })), 180);
  assert.equal(nominalAngle(reading({ ...legs, ...between(208) })), 120);
  assert.equal(nominalAngle(reading({ ...legs, voltage_line_to_line: [208, "V"] })), 120);
  assert.equal(nominalAngle(reading(legs)), 180);
  const others = { ...phase("b", 120, 1, 100, 0), ...phase("c", 120, 1, 100, 0) };
  assert.equal(nominalAngle(reading({ ...others, ...between(240) })), 120);
  const single = reading({ current: [1, "A"] });
  assert.equal(nominalAngle(single), 0);
});

test("the scale is a round number, and not smaller than the value", () => {
  assert.deepEqual(
    [0, 0.2, 1, 1.2, 4, 5, 7, 19.9, 20, 201].map(roundUp),
    [1, 0.2, 1, 2, 4, 6, 8, 20, 20, 300],
  );
});
