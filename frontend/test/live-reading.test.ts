// What the cards make of a message, with and without entities.
import assert from "node:assert/strict";
import { test } from "node:test";
// The integration's tests prove that it sends this.
import example from "../../tests/integration/reading_message.json" with { type: "json" };
import type { HomeAssistant } from "../src/home-assistant.ts";
import type { ReadingMessage } from "../src/meter/live.ts";
import { NO_ENTITY } from "../src/meter/quantity.ts";
import { readingOf } from "../src/meter/reading.ts";
import type { Reading } from "../src/meter/reading.ts";

const message: ReadingMessage = example;
const silent: ReadingMessage = {
  role: "grid",
  answering: false,
  values: {
    ...Object.fromEntries(Object.keys(message.values).map((key) => [key, null])),
    link_state: "meter_silent",
  },
  attributes: {},
};

/** Return the reading of a message beside states, which are older. */
function read(
  sent: ReadingMessage,
  states: Record<string, readonly [state: string, unit?: string]> = {},
): Reading {
  const ids = Object.keys(states).map((key) => [key, `sensor.${key}`]);
  const found = Object.entries(states).map(([key, [state, unit]]) => [
    `sensor.${key}`,
    { entity_id: `sensor.${key}`, state, attributes: { unit_of_measurement: unit, icon: "mdi:x" } },
  ]);
  const hass = { states: Object.fromEntries(found) as object } as unknown as HomeAssistant;
  return readingOf(hass, Object.fromEntries(ids) as Record<string, string>, sent);
}

/** Without one of the values. */
function without(...keys: string[]): ReadingMessage {
  const rest = Object.entries(message.values).filter(([key]) => !keys.includes(key));
  return { ...message, values: Object.fromEntries(rest) };
}

test("without any entity, a reading is complete", () => {
  const reading = read(message);
  assert.equal(reading.topology, "wye");
  assert.equal(reading.answers, true);
  assert.equal(reading.power?.value, -4434);
  assert.equal(reading.share?.value, 12.58);
  assert.deepEqual([reading.rating, reading.serviceCurrent], [100, 100]);
  assert.deepEqual([reading.reversedCts, reading.swappedCts], [[], []]);
  assert.equal(reading.betweenLegs, 211.1);
  assert.deepEqual(
    reading.phases.map(({ name, current, powerFactorValue }) => [
      name,
      current?.value,
      powerFactorValue,
    ]),
    [
      ["A", 36.84, -1],
      ["B", 0.51, 0.951],
      ["C", 0.39, 0.957],
    ],
  );
  assert.equal(reading.direction?.state.state, "exporting");
  assert.equal(reading.level?.state.state, "normal");
  assert.equal(reading.production, undefined);
});

test("the role of the meter is known, and a production is a sign of it", () => {
  assert.equal(read(message).role, "grid");
  assert.equal(read({ ...message, role: "battery" }).role, "battery");
  assert.equal(read({ ...message, role: null }, { production: ["5", "W"] }).role, "solar");
});

test("a value without an entity is shown as the integration suggests, and opens nothing", () => {
  const { power, phases } = read(message);
  const [a] = phases;
  const shown = [power, a?.voltage, a?.current, a?.reactivePower].map((quantity) => [
    quantity?.state.entity_id,
    quantity?.state.state,
    quantity?.state.attributes.unit_of_measurement,
  ]);
  assert.deepEqual(shown, [
    [NO_ENTITY, "-4434", "W"],
    [NO_ENTITY, "123.1", "V"],
    [NO_ENTITY, "36.84", "A"],
    [NO_ENTITY, "-63", "var"],
  ]);
});

test("a value with an entity is shown in its unit, and keeps what else it has", () => {
  const { power, phases, exported } = read(
    { ...message, values: { ...message.values, energy_exported: 1_234_567 } },
    {
      power: ["-1.5", "kW"],
      current_a: ["1", "mA"],
      voltage_line_to_neutral_a: ["120", "V"],
      power_factor_a: ["12", "%"],
      energy_exported: ["0.1", "MWh"],
    },
  );
  assert.deepEqual([power?.value, power?.state.state], [-4434, "-4.434"]);
  assert.equal(power?.state.entity_id, "sensor.power");
  assert.equal(power.state.attributes.icon, "mdi:x");
  const [a] = phases;
  assert.equal(a?.current?.state.state, "36840");
  assert.equal(a.voltage?.state.state, "123.1");
  assert.deepEqual([a.powerFactorValue, a.powerFactor?.state.state], [-1, "-100"]);
  assert.equal(exported?.state.state, "1.234567");
});

test("conversions leave no binary fractions", () => {
  const sent = { ...message, values: { ...message.values, power: 0.1 + 0.2 } };
  assert.equal(read(sent, { power: ["1", "W"] }).power?.state.state, "0.3");
});

test("in a unit that we cannot convert, the state is shown", () => {
  const { power } = read(message, { power: ["-15000", "BTU/h"] });
  assert.deepEqual([power?.value, power?.state.state], [-4434, "-15000"]);
});

test("a value that is not in the message comes from its state", () => {
  const states = { power: ["7", "W"], current_a: ["5", "A"] } as const;
  const { power, phases } = read(without("power", "current_a"), states);
  assert.deepEqual([power?.value, phases[0]?.current?.value], [7, 5]);
});

test("a silent meter keeps its phases, and shows nothing that was read before", () => {
  const states = { power: ["7", "W"], link_state: ["ok"] } as const;
  const reading = read(silent, states);
  assert.equal(reading.answers, false);
  assert.equal(reading.topology, "wye");
  assert.deepEqual([reading.power?.value, reading.power?.state.state], [undefined, "unavailable"]);
  assert.equal(reading.phases[0]?.current?.value, undefined);
  assert.equal(reading.link?.state.state, "meter_silent");
  assert.equal(reading.serviceCurrent, undefined);
});

test("a value that a meter omits for a while is unknown", () => {
  const sent = { ...message, values: { ...message.values, power_factor_b: null } };
  const { phases } = read(sent, { power_factor_b: ["0.5"] });
  assert.equal(phases[1]?.powerFactor?.state.state, "unknown");
  // By its definition.
  assert.equal(phases[1].powerFactorValue, 58 / (120.7 * 0.51));
});

test("the topology follows from the values", () => {
  const neutral = ["a", "b", "c"].map((phase) => `voltage_line_to_neutral_${phase}`);
  assert.equal(read(without(...neutral)).topology, "delta");
  const third = ["power_c", "current_c", "voltage_line_to_neutral_c"];
  assert.equal(read(without(...third)).topology, "split");
  const attributes = { ...message.attributes, service_current: null, total_service_current: null };
  assert.equal(read({ ...message, attributes }).serviceCurrent, undefined);
});
