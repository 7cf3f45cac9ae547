import assert from "node:assert/strict";
import { test } from "node:test";
import {
  QUARTER,
  QUARTERS,
  daysOf,
  isBefore,
  monthAt,
  shifted,
} from "../src/meter/intervals/calendar.ts";
import type { Day } from "../src/meter/intervals/calendar.ts";

const ZONES = [
  ...["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"],
  ...["Africa/Cairo", "America/Havana", "Atlantic/Azores", "Pacific/Auckland", "America/St_Johns"],
];

function dayOf(date: string, zone: string): Day {
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  const found = daysOf({ year, month }, zone)[day - 1];
  assert.ok(found);
  return found;
}

test("days follow each other without a gap, and each is what the clock calls a day", () => {
  for (const timeZone of ZONES) {
    const dates = new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short" });
    let before: number | undefined;
    for (let month = 1; month <= 12; month += 1) {
      daysOf({ year: 2026, month }, timeZone).forEach(({ start, end }, index) => {
        assert.equal(start, before ?? start, timeZone);
        before = end;
        const date = `${month}/${index + 1}/26`;
        assert.equal(dates.format(start), date, timeZone);
        assert.notEqual(dates.format(start - 1), date, timeZone);
        assert.equal(dates.format(end - 1), date, timeZone);
      });
    }
  }
});

test("the quarter hours of a day are all of its time, and beside each other", () => {
  for (const zone of ZONES) {
    for (const month of [3, 4, 9, 10, 11]) {
      for (const { start, end, slots } of daysOf({ year: 2026, month }, zone)) {
        assert.equal(slots.length, (end - start) / QUARTER);
        slots.forEach((slot, index) => {
          assert.equal(slot.start, start + index * QUARTER);
          assert.equal(slot.end, slot.start + QUARTER);
          const before = slots[index - 1];
          assert.ok(slot.x >= (before ? before.x + before.width : 0), zone);
          assert.ok(slot.x + slot.width <= QUARTERS, zone);
        });
      }
    }
  }
});

test("a skipped hour leaves its place free", () => {
  const { slots } = dayOf("2026-03-29", "Europe/Berlin");
  assert.equal(slots.length, 92);
  assert.deepEqual(
    slots.slice(7, 9).map(({ x }) => x),
    [7, 12],
  );
  assert.equal(slots[91]?.x, 95);
});

test("a repeated hour shares its place, one after the other", () => {
  const { slots } = dayOf("2026-10-25", "Europe/Berlin");
  assert.equal(slots.length, 100);
  const [before, ...repeated] = slots.slice(7, 17);
  assert.deepEqual([before?.x, before?.width], [7, 1]);
  assert.deepEqual(
    repeated.map(({ x, width }) => [x, width]),
    [...[8, 8.5, 9, 9.5, 10, 10.5, 11, 11.5].map((x) => [x, 0.5]), [12, 1]],
  );
});

test("clocks may change by half an hour, or at midnight", () => {
  assert.equal(dayOf("2026-10-04", "Australia/Lord_Howe").slots.length, 94);
  assert.equal(dayOf("2026-04-05", "Australia/Lord_Howe").slots.length, 98);
  assert.equal(dayOf("2026-04-24", "Africa/Cairo").slots[0]?.x, 4);
  assert.deepEqual(
    dayOf("2026-11-01", "America/Havana")
      .slots.slice(0, 9)
      .map(({ x }) => x),
    [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4],
  );
});

test("the month of an instant is that of the time zone", () => {
  const instant = Date.parse("2026-12-31T23:30:00Z");
  assert.deepEqual(monthAt(instant, "UTC"), { year: 2026, month: 12 });
  assert.deepEqual(monthAt(instant, "Europe/Berlin"), { year: 2027, month: 1 });
  // A browser that does not know the time zone uses its own.
  assert.equal(monthAt(Date.parse("2026-06-15T12:00:00Z"), "Mars/Olympus").month, 6);
});

test("months before and after", () => {
  const january = { year: 2027, month: 1 };
  assert.deepEqual(shifted(january, -1), { year: 2026, month: 12 });
  assert.deepEqual(shifted({ year: 2026, month: 12 }, 1), january);
  assert.ok(isBefore({ year: 2026, month: 12 }, january));
  assert.ok(!isBefore(january, january));
});
