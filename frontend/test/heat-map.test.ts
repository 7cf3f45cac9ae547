import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, moved } from "../src/cards/intervals/cursor.ts";
import { fillsOf } from "../src/cards/intervals/row-paths.ts";
import { STEPS, stepOf, topOf } from "../src/cards/intervals/scale.ts";
import { daysOf } from "../src/meter/intervals/calendar.ts";
import { viewOf } from "../src/meter/intervals/month-view.ts";
import { interval, intervals } from "./intervals.ts";

const BERLIN = "Europe/Berlin";
const october = viewOf(daysOf({ year: 2026, month: 10 }, BERLIN, 15), []).days;
const march = viewOf(daysOf({ year: 2026, month: 3 }, BERLIN, 15), []).days;

test("the top of the scale is round, and no interval is above it", () => {
  assert.deepEqual([0, 1, 1.2, 7.6, 12].map(topOf), [1, 1, 2, 8, 20]);
  for (let power = 0.001; power < 40; power *= 1.1) {
    const top = topOf(power);
    assert.ok(top >= power * (1 - 1e-9) && top <= power * 2 + 1e-9);
    const step = stepOf(power, top);
    assert.ok(step > STEPS / 2 && step <= STEPS);
  }
});

test("only what has no energy has no colour", () => {
  assert.deepEqual(
    [0, 1e-9, 2, 2.0001, 8].map((power) => stepOf(power, 8)),
    [0, 1, 4, 5, 8],
  );
});

test("intervals of a colour are one shape", () => {
  const [first] = daysOf({ year: 2026, month: 6 }, "UTC", 15);
  assert.ok(first);
  const { start } = first;
  const hour = 3_600_000;
  const known = [
    ...intervals(start, start + hour, 2, 0),
    ...intervals(start + hour, start + 2 * hour, 0, 2),
    interval(start + 3 * hour, 2, null),
  ];
  const [day] = viewOf([first], known).days;
  assert.deepEqual(fillsOf(day?.cells ?? [], ["imported", "exported"], 8), [
    { direction: "imported", step: 8, path: "M0 0H60v1H0zM180 0H195v1H180z" },
    { direction: "imported", step: 0, path: "M60 0H120v1H60z" },
    { direction: "exported", step: 0, path: "M0 1H60v1H0z" },
    { direction: "exported", step: 8, path: "M60 1H120v1H60z" },
  ]);
});

test("keys lead through all intervals of a month", () => {
  for (const days of [october, march]) {
    let here = { day: 0, cell: 0 };
    const cells = days.reduce((count, day) => count + day.cells.length, 0);
    for (let step = 1; step < cells; step += 1) {
      const next = moved(days, here, "ArrowRight");
      assert.ok(next);
      assert.deepEqual(moved(days, next, "ArrowLeft"), here);
      here = next;
    }
    assert.deepEqual(here, { day: 30, cell: 95 });
    // There is nothing beyond.
    assert.deepEqual(moved(days, here, "ArrowRight"), here);
    assert.deepEqual(moved(days, here, "ArrowDown"), here);
    assert.deepEqual(moved(days, { day: 0, cell: 0 }, "ArrowLeft"), { day: 0, cell: 0 });
    assert.deepEqual(moved(days, { day: 0, cell: 5 }, "ArrowUp"), { day: 0, cell: 5 });
  }
});

test("up and down stay at the time of the day", () => {
  // The clock shows 2:00 twice on the 25th, and not at all on the 29th of March.
  assert.deepEqual(moved(october, { day: 23, cell: 50 }, "ArrowDown"), { day: 24, cell: 54 });
  assert.deepEqual(moved(october, { day: 24, cell: 54 }, "ArrowDown"), { day: 25, cell: 50 });
  assert.deepEqual(moved(march, { day: 27, cell: 9 }, "ArrowDown"), { day: 28, cell: 8 });
  assert.deepEqual(moved(march, { day: 29, cell: 95 }, "ArrowUp"), { day: 28, cell: 91 });
});

test("the ends of a day, and keys that mean nothing here", () => {
  assert.deepEqual(moved(october, { day: 24, cell: 9 }, "Home"), { day: 24, cell: 0 });
  assert.deepEqual(moved(october, { day: 24, cell: 9 }, "End"), { day: 24, cell: 99 });
  assert.equal(moved(october, { day: 24, cell: 9 }, "Tab"), undefined);
});

test("a pointer is over an interval, or over an hour that was skipped", () => {
  assert.deepEqual(
    [123, 130, 150, 180].map((x) => cellAt(october[24], x)),
    [8, 9, 12, 16],
  );
  assert.deepEqual(
    [119, 120, 179, 180].map((x) => cellAt(march[28], x)),
    [7, -1, -1, 8],
  );
  assert.equal(cellAt(march[28], 1440), -1);
});
