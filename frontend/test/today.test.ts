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

function recorder(hours: object[], minutes: object[], asked: string[]): HomeAssistant {
  return {
    locale: { time_zone: "server" },
    config: { time_zone: "UTC" },
    callWS: (message: { period: string; start_time: string; units: unknown }) => {
      asked.push(`${message.period} ${message.start_time}`);
      assert.deepEqual(message.units, { energy: "kWh" });
      return Promise.resolve({ "sensor.import": message.period === "hour" ? hours : minutes });
    },
  } as unknown as HomeAssistant;
}

const NOW = new Date("2026-06-01T12:34:56Z");
const at = (time: string): number => Date.parse(`2026-06-01T${time}Z`);

test("the hour that is not over is counted by its minutes", async () => {
  const asked: string[] = [];
  const hours = [
    { start: at("00:00:00") - 3_600_000, change: 9, state: 100 },
    { start: at("11:00:00"), change: 2, state: 102 },
  ];
  const minutes = [{ start: at("12:00:00"), change: 0.5, state: 102.5 }];
  const counted = await countedToday(recorder(hours, minutes, asked), [counter("103")], NOW);
  assert.deepEqual(counted.get("sensor.import"), { energy: 2.5, state: 102.5 });
  assert.deepEqual(asked, ["hour 2026-05-31T23:00:00.000Z", "5minute 2026-06-01T12:00:00.000Z"]);
});

test("a counter that is new has but minutes, or nothing at all", async () => {
  const asked: string[] = [];
  const minutes = [{ start: at("12:30:00"), change: 0.5, state: 7 }];
  const counted = await countedToday(recorder([], minutes, asked), [counter("7")], NOW);
  assert.deepEqual(counted.get("sensor.import"), { energy: 0.5, state: 7 });
  assert.equal(asked[1], "5minute 2026-05-31T23:00:00.000Z");
  const nothing = await countedToday(recorder([], [], []), [counter("7")], NOW);
  assert.equal(nothing.size, 0);
});
