import assert from "node:assert/strict";
import { test } from "node:test";
import { daysOf } from "../src/meter/intervals/calendar.ts";
import { positionOf, viewOf } from "../src/meter/intervals/month-view.ts";
import { interval, intervals } from "./intervals.ts";

const days = daysOf({ year: 2026, month: 6 }, "UTC", 15);
const at = (time: string): number => Date.parse(`2026-06-${time}:00Z`);

test("each day has the sums of what is known of it", () => {
  const view = viewOf(days, intervals(at("03T12:00"), at("05T06:00"), 0.25, 0.5));
  assert.deepEqual(
    view.days.slice(1, 6).map(({ energy }) => energy.imported),
    [undefined, 12, 24, 6, undefined],
  );
  assert.equal(view.days[3]?.energy.exported, 48);
  assert.deepEqual(view.energy, { imported: 42, exported: 84 });
  assert.equal(view.highest, 2);
  assert.deepEqual(view.last, { day: 4, cell: 23 });
});

test("what the meter does not count has no sum", () => {
  const view = viewOf(days, [interval(at("03T12:00"), 0, null)]);
  assert.deepEqual(view.energy, { imported: 0, exported: undefined });
});

test("of a month without anything known, all days are there", () => {
  const view = viewOf(days, []);
  assert.equal(view.days.length, 30);
  assert.deepEqual([view.runs, view.last, view.highest], [[], undefined, 0]);
  assert.ok(view.days.every(({ cells }) => cells.length === 96));
});

test("what was not measured, by its kind", () => {
  const view = viewOf(days, [
    ...intervals(at("03T22:00"), at("03T23:00")),
    ...intervals(at("03T23:00"), at("04T01:00"), 0.5, 0, "estimated"),
    ...intervals(at("04T01:00"), at("04T02:00"), 0.25, 0, "edited"),
    ...intervals(at("04T03:00"), at("04T04:00")),
  ]);
  assert.deepEqual(
    view.runs.map(({ quality, start, end, energy }) => [quality, start, end, energy.imported]),
    [
      ["estimated", at("03T23:00"), at("04T01:00"), 4],
      ["edited", at("04T01:00"), at("04T02:00"), 1],
      ["unknown", at("04T02:00"), at("04T03:00"), undefined],
    ],
  );
  // A run ends with its day where it is drawn.
  assert.deepEqual(
    view.days[2]?.runs.map(({ start, end, energy }) => [start, end, energy.imported]),
    [[at("03T23:00"), at("04T00:00"), 2]],
  );
  assert.equal(view.days[3]?.runs.length, 3);
  assert.deepEqual(view.estimated, { imported: 4, exported: 0 });
});

test("an instant outside the month has no place in it", () => {
  const { days: views } = viewOf(days, []);
  assert.deepEqual(positionOf(views, at("02T00:20")), { day: 1, cell: 1 });
  assert.equal(positionOf(views, at("01T00:00") - 1), undefined);
});
