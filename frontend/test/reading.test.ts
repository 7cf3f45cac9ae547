import assert from "node:assert/strict";
import { test } from "node:test";
import type { HomeAssistant } from "../src/home-assistant.ts";
import { readingOf, withPhases } from "../src/meter/reading.ts";
import { phase, reading } from "./readings.ts";

const wye = {
  power: [300, "W"],
  ...phase("a", 120, 1, 100, 10),
  ...phase("b", 121, 1, 100, 10),
  ...phase("c", 119, 1, 100, 10),
} as const;

test("the topology follows from the entities", () => {
  assert.equal(reading(wye).topology, "wye");
  const split = { ...phase("a", 120, 1, 100, 0), ...phase("b", 120, 1, 100, 0) };
  assert.equal(reading(split).topology, "split");
  assert.equal(reading({ power: [7, "W"], current: [1, "A"] }).topology, "single");
  const delta = reading({
    current_a: [1, "A"],
    current_b: [1, "A"],
    current_c: [1, "A"],
    voltage_line_to_line_ab: [208, "V"],
  });
  assert.equal(delta.topology, "delta");
  assert.equal(delta.phases[0]?.voltage?.value, 208);
  assert.equal(delta.phases[0].betweenLines, true);
});

test("disabled entities are left out", () => {
  const { phases } = reading({ ...wye, current_b: ["unknown", "A"] });
  assert.deepEqual(
    phases.map(({ current }) => current?.value),
    [1, undefined, 1],
  );
});

test("units are converted", () => {
  const { power, phases } = reading({ ...wye, power: [1.5, "kW"], current_a: [500, "mA"] });
  assert.equal(power?.value, 1500);
  assert.equal(reading({ ...wye, current_a: [500_000, "μA"] }).phases[0]?.current?.value, 0.5);
  assert.equal(phases[0]?.current?.value, 0.5);
});

test("a power factor comes from its entity, or is calculated", () => {
  assert.equal(reading({ ...wye, power_factor_a: [0.5] }).phases[0]?.powerFactorValue, 0.5);
  assert.equal(reading(wye).phases[0]?.powerFactorValue, 100 / 120);
  const reversed = reading({ ...wye, power_a: [-100, "W"] });
  assert.equal(reversed.phases[0]?.powerFactorValue, -100 / 120);
  const none = reading({ ...wye, current_a: [0, "A"] });
  assert.equal(none.phases[0]?.powerFactorValue, undefined);
});

test("the service current is an attribute of the share", () => {
  const share = { current_share: [12, "%", { service_current: 200 }] } as const;
  assert.equal(reading({ ...wye, ...share }).serviceCurrent, 200);
  assert.equal(reading(wye).serviceCurrent, undefined);
});

test("which current transformers look wrong is an attribute of power", () => {
  const faults = { reversed_cts: ["C"], swapped_cts: ["A", "B"] };
  const { reversedCts, swappedCts } = reading({ ...wye, power: [300, "W", faults] });
  assert.deepEqual([reversedCts, swappedCts], [["C"], ["A", "B"]]);
  // Nor does a house with solar power on one phase look wrong, whatever its phases do.
  const sunny = { ...wye, power_a: [-1500, "W"], power_b: [1200, "W"] } as const;
  assert.deepEqual([reading(sunny).reversedCts, reading(sunny).swappedCts], [[], []]);
  assert.deepEqual(reading(phase("a", 120, 1, 100, 0)).swappedCts, []);
});

test("the total current is compared with the service current of all phases", () => {
  const share = {
    current_share: [75, "%", { service_current: 20, total_service_current: 60 }],
  } as const;
  const together = reading({ current: [45, "A"], ...share });
  assert.equal(together.serviceCurrent, 60);
  assert.equal(together.rating, 20);
  assert.equal(reading({ ...wye, ...share }).serviceCurrent, 20);
});

test("a meter without its total power still counts as online", () => {
  const phases = Object.fromEntries(Object.entries(wye).filter(([key]) => key !== "power"));
  const found = reading(phases);
  assert.equal(found.power, undefined);
  assert.equal(found.answers, true);
  assert.equal(reading({ ...phases, current_a: ["unavailable", "A"] }).answers, false);
});

test("a meter without any state counts as offline", () => {
  const entities = { power: "sensor.power", voltage_line_to_neutral_a: "sensor.a" };
  const keys = ["current_a", "current_b", "current_c", "voltage_line_to_neutral_b"];
  const hass = { states: {} } as unknown as HomeAssistant;
  const found = readingOf(hass, {
    ...entities,
    ...Object.fromEntries(keys.map((key) => [key, `sensor.${key}`])),
  });
  assert.equal(found.answers, false);
  assert.equal(found.topology, "wye");
  const pair = { state: "208", attributes: { unit_of_measurement: "V" } };
  const [phase] = readingOf({ states: { "sensor.ab": pair } } as unknown as HomeAssistant, {
    ...entities,
    current_a: "sensor.current_a",
    current_b: "sensor.current_b",
    voltage_line_to_line_ab: "sensor.ab",
  }).phases;
  assert.equal(phase?.voltage, undefined);
});

test("a wye with a disabled entity is not a delta", () => {
  const rest = Object.entries(wye).filter(([key]) => key !== "voltage_line_to_neutral_a");
  assert.equal(reading(Object.fromEntries(rest)).topology, "wye");
});

test("a power factor in percent is converted", () => {
  assert.equal(reading({ ...wye, power_factor_a: [50, "%"] }).phases[0]?.powerFactorValue, 0.5);
});

test("an offline meter is recognised without the entity for that", () => {
  assert.equal(reading(wye).answers, true);
  assert.equal(reading({ ...wye, power: ["unavailable", "W"] }).answers, false);
  assert.equal(reading({ ...wye, answering: ["off"] }).answers, false);
  assert.equal(reading({ ...wye, answering: ["on"] }).answers, true);
});

test("a card may show some of the phases", () => {
  const names = (chosen?: string[], of = reading(wye)): unknown[] =>
    withPhases(of, chosen).phases.map(({ name }) => name);
  assert.deepEqual(names(["C", "A"]), ["A", "C"]);
  assert.deepEqual(names([]), ["A", "B", "C"]);
  assert.deepEqual(names(), ["A", "B", "C"]);
  // A meter without any of them is not left empty.
  assert.deepEqual(names(["C"], reading({ power: [7, "W"] })), [undefined]);
  assert.equal(withPhases(reading(wye), ["A"]).topology, "wye");
});
