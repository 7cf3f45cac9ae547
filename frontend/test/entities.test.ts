import assert from "node:assert/strict";
import { test } from "node:test";
import type { HomeAssistant } from "../src/home-assistant.ts";
import { meterOf, metersOf } from "../src/meter/devices.ts";
import { entitiesOf, registeredOf } from "../src/meter/entities.ts";

const entry = (entity_id: string, device_id: string, platform = "dts307") => ({
  [entity_id]: { entity_id, device_id, platform },
});
const device = (id: string, name: string, identifiers: [string, string][]) => ({
  [id]: { id, name, name_by_user: null, identifiers },
});

function home(callWS: (message: { entity_ids: string[] }) => unknown): HomeAssistant {
  return {
    locale: { language: "en" },
    devices: {
      ...device("2", "Solar", [["dts307", "S_2"]]),
      ...device("1", "Grid", [["dts307", "S_1"]]),
      ...device("3", "Another brand's", [["other", "S_1"]]),
    },
    entities: {
      ...entry("sensor.my_watts", "1"),
      ...entry("sensor.helper", "1", "template"),
      ...entry("sensor.of_the_other", "2"),
    },
    callWS: (message: { entity_ids: string[] }) => Promise.resolve(callWS(message)),
  } as unknown as HomeAssistant;
}

test("meters are found by their integration and sorted by name", () => {
  const hass = home(() => ({}));
  assert.deepEqual(
    metersOf(hass).map(({ id }) => id),
    ["1", "2"],
  );
  assert.equal(meterOf(hass)?.id, "1");
  assert.equal(meterOf(hass, "2")?.id, "2");
  assert.equal(meterOf(hass, "3"), undefined);
  // The form leaves an empty string when the owner clears the field.
  assert.equal(meterOf(hass, "")?.id, "1");
});

test("entities are found by their keys, and the server is asked once", async () => {
  let questions = 0;
  const hass = home(({ entity_ids }) => {
    questions += 1;
    assert.deepEqual(entity_ids, ["sensor.my_watts"]);
    return { "sensor.my_watts": { unique_id: "S_1_power_a" } };
  });
  const meter = meterOf(hass, "1");
  assert.ok(meter);
  const answers = await Promise.all([entitiesOf(hass, meter), entitiesOf(hass, meter)]);
  assert.deepEqual(answers[0], { power_a: "sensor.my_watts" });
  assert.equal(questions, 1);
});

test("exchanged entity IDs are noticed", async () => {
  const answer = (a: string, b: string) => () => ({
    "sensor.my_watts": { unique_id: `S_1_${a}` },
    "sensor.my_amps": { unique_id: `S_1_${b}` },
  });
  const before = home(answer("power", "current"));
  const after = home(answer("current", "power"));
  const meter = meterOf(before, "1");
  assert.ok(meter);
  assert.equal((await entitiesOf(before, meter)).power, "sensor.my_watts");
  assert.equal((await entitiesOf(after, meter)).power, "sensor.my_amps");
});

test("a failed request is repeated", async () => {
  let broken = true;
  const hass = home(() => {
    if (broken) throw new Error("no connection");
    return { "sensor.of_the_other": { unique_id: "S_2_power" } };
  });
  const meter = meterOf(hass, "2");
  assert.ok(meter);
  await assert.rejects(async () => entitiesOf(hass, meter));
  broken = false;
  assert.deepEqual(await entitiesOf(hass, meter), { power: "sensor.of_the_other" });
});

test("entities that the owner has named are known", async () => {
  const hass = home(() => ({
    "sensor.my_watts": { unique_id: "S_1_power", name: "My watts" },
    "sensor.of_the_maker": { unique_id: "S_1_current", name: null },
  }));
  const meter = meterOf(hass, "1");
  assert.ok(meter);
  assert.deepEqual((await registeredOf(hass, meter)).renamed, new Set(["sensor.my_watts"]));
});

test("the keys of their names are known", async () => {
  const hass = home(() => ({
    "sensor.my_watts": { unique_id: "S_1_energy_imported", translation_key: "energy_charged" },
    "sensor.of_the_maker": { unique_id: "S_1_power", translation_key: null },
  }));
  const meter = meterOf(hass, "1");
  assert.ok(meter);
  assert.deepEqual((await registeredOf(hass, meter)).names, { energy_imported: "energy_charged" });
});
