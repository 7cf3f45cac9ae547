import assert from "node:assert/strict";
import { test } from "node:test";
import type { HassEntity, HomeAssistant } from "../src/home-assistant.ts";
import { countedToday, energyToday, sumOf } from "../src/today.ts";

const counter = (state: string): HassEntity =>
  ({
    entity_id: "sensor.import",
    state,
    attributes: { unit_of_measurement: "kWh" },
  }) as unknown as HassEntity;

test("today begins at midnight, and goes on from the latest statistics", () => {
  const counted = sumOf(
    [
      { start: 0, change: 5, state: 100 },
      { start: 10, change: 1, state: 101 },
      { start: 20, change: 2, state: 103 },
    ],
    10,
  );
  assert.deepEqual(counted, { energy: 3, state: 103 });
  assert.equal(energyToday(counter("103.5"), counted), 3.5);
});

test("just after midnight there is but the hour before it", () => {
  const counted = sumOf([{ start: 0, change: 5, state: 100 }], 10);
  assert.equal(energyToday(counter("100.25"), counted), 0.25);
});

test("a silent meter keeps what it had, and one that was set back does not count down", () => {
  const counted = { energy: 3, state: 103 };
  assert.equal(energyToday(counter("unavailable"), counted), 3);
  assert.equal(energyToday(counter("0"), counted), 3);
  assert.equal(energyToday(counter("1"), undefined), undefined);
});

test("a counter without an hour of statistics is asked for minutes", async () => {
  const asked: unknown[] = [];
  const hass = {
    locale: { time_zone: "server" },
    config: { time_zone: "UTC" },
    callWS: (message: { period: string; start_time: string; units: unknown }) => {
      asked.push([message.period, message.start_time, message.units]);
      const rows = [{ start: 0, change: 0.5, state: 7 }];
      return Promise.resolve(message.period === "hour" ? {} : { "sensor.import": rows });
    },
  } as unknown as HomeAssistant;
  const now = new Date("2026-06-01T12:34:56Z");
  const counted = await countedToday(hass, [counter("7")], now);
  assert.deepEqual(counted.get("sensor.import"), { energy: 0, state: 7 });
  const units = { energy: "kWh" };
  assert.deepEqual(asked, [
    ["hour", "2026-05-31T23:00:00.000Z", units],
    ["5minute", "2026-05-31T23:00:00.000Z", units],
  ]);
});
