import assert from "node:assert/strict";
import { test } from "node:test";
import { MidnightRegisters } from "../src/cards/intervals/midnight-registers.ts";
import type { DeviceEntry, HomeAssistant } from "../src/home-assistant.ts";
import { daysOf } from "../src/meter/intervals/calendar.ts";
import { viewOf } from "../src/meter/intervals/month-view.ts";
import { intervals } from "./intervals.ts";

const days = daysOf({ year: 2026, month: 6 }, "UTC", 15);
const at = (time: string): number => Date.parse(`2026-06-${time}:00Z`);
const meter = { id: "meter", primary_config_entry: "entry" } as DeviceEntry;

/** A home whose meter shows the day of the month; it fails at some days. */
function home(asked: string[], fails: string[] = []): HomeAssistant {
  return {
    callWS: ({ service, service_data }: { service: string; service_data: { at: string } }) => {
      assert.equal(service, "get_registers");
      const date = service_data.at.slice(8, 13);
      asked.push(date);
      if (fails.includes(date)) return Promise.reject(new Error("nothing known"));
      return Promise.resolve({ response: { imported: parseInt(date), exported: null } });
    },
  } as unknown as HomeAssistant;
}

test("each midnight between known intervals is asked for once", async () => {
  const registers = new MidnightRegisters();
  const asked: string[] = [];
  const view = viewOf(days, intervals(at("03T12:00"), at("05T06:00")));
  assert.equal(await registers.learn(home(asked), meter, view), true);
  assert.equal(await registers.learn(home(asked), meter, view), false);
  assert.deepEqual(asked, ["04T00", "05T00"]);
  assert.deepEqual(registers.shownAt(at("04T00:00")), { imported: 4, exported: null });
  assert.equal(registers.shownAt(at("03T00:00")), undefined);
  const later = viewOf(days, intervals(at("03T00:00"), at("06T06:00")));
  await registers.learn(home(asked), meter, later);
  assert.deepEqual(asked.slice(2), ["03T00", "06T00"]);
});

test("another meter has registers of its own", async () => {
  const registers = new MidnightRegisters();
  const known = intervals(at("03T12:00"), at("04T06:00"));
  await registers.learn(home([]), meter, viewOf(days, known));
  const other = { ...meter, id: "other" };
  const asking = registers.learn(home([]), other, viewOf(days, known));
  assert.equal(registers.shownAt(at("04T00:00")), undefined);
  await asking;
  assert.ok(registers.shownAt(at("04T00:00")));
});

test("what was not known is asked for again with the next interval", async () => {
  const registers = new MidnightRegisters();
  const asked: string[] = [];
  const known = intervals(at("03T12:00"), at("04T06:00"));
  await registers.learn(home(asked, ["04T00"]), meter, viewOf(days, known));
  assert.equal(registers.shownAt(at("04T00:00")), undefined);
  await registers.learn(home(asked), meter, viewOf(days, known));
  assert.ok(registers.shownAt(at("04T00:00")));
});
