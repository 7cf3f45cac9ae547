import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MINUTE,
  ROW,
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

function dayOf(date: string, zone: string, minutes = 15): Day {
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  const found = daysOf({ year, month }, zone, minutes)[day - 1];
  assert.ok(found);
  return found;
}

test("days follow each other without a gap, and each is what the clock calls a day", () => {
  for (const timeZone of ZONES) {
    const dates = new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short" });
    let before: number | undefined;
    for (let month = 1; month <= 12; month += 1) {
      daysOf({ year: 2026, month }, timeZone, 60).forEach(({ start, end }, index) => {
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

test("the intervals of a day are all of its time, in order, and aligned to the clock", () => {
  for (const zone of ZONES) {
    for (const minutes of [5, 15, 30, 60]) {
      for (const { start, end, slots } of daysOf({ year: 2026, month: 10 }, zone, minutes)) {
        let [time, place] = [start, 0];
        for (const slot of slots) {
          assert.equal(slot.start, time);
          assert.ok(slot.x >= place && slot.width > 0, zone);
          assert.ok(slot.end - slot.start <= minutes * MINUTE);
          if (!slot.twice) assert.equal(slot.x % minutes, slot.width < minutes ? 30 : 0, zone);
          [time, place] = [slot.end, slot.x + slot.width];
        }
        assert.equal(time, end);
        assert.equal(place, ROW);
      }
    }
  }
});

test("a skipped hour leaves its place free", () => {
  const { slots } = dayOf("2026-03-29", "Europe/Berlin");
  assert.equal(slots.length, 92);
  assert.deepEqual(
    slots.slice(7, 9).map(({ x }) => x),
    [105, 180],
  );
  assert.equal(slots[91]?.x, 1425);
});

test("a repeated hour shares its place, one after the other", () => {
  const { slots } = dayOf("2026-10-25", "Europe/Berlin");
  assert.equal(slots.length, 100);
  const [before, ...repeated] = slots.slice(7, 17);
  assert.deepEqual([before?.x, before?.width, before?.twice], [105, 15, false]);
  assert.deepEqual(
    repeated.map(({ x, width, twice }) => [x, width, twice]),
    [
      ...[120, 127.5, 135, 142.5, 150, 157.5, 165, 172.5].map((x) => [x, 7.5, true]),
      [180, 15, false],
    ],
  );
  assert.deepEqual(
    dayOf("2026-10-25", "Europe/Berlin", 60)
      .slots.slice(1, 5)
      .map(({ x, width }) => [x, width]),
    [
      [60, 60],
      [120, 30],
      [150, 30],
      [180, 60],
    ],
  );
});

test("clocks may change by half an hour, or at midnight", () => {
  assert.equal(dayOf("2026-10-04", "Australia/Lord_Howe").slots.length, 94);
  assert.equal(dayOf("2026-04-05", "Australia/Lord_Howe").slots.length, 98);
  const placesOf = (date: string): number[][] =>
    dayOf(date, "Australia/Lord_Howe", 60)
      .slots.slice(0, 4)
      .map(({ x, width }) => [x, width]);
  // 2:00 is followed by 2:30, or by 1:30.
  assert.deepEqual(placesOf("2026-10-04")[2], [150, 30]);
  assert.deepEqual(placesOf("2026-04-05").slice(1), [
    [60, 45],
    [105, 15],
    [120, 60],
  ]);
  assert.equal(dayOf("2026-04-24", "Africa/Cairo").slots[0]?.x, 60);
  assert.deepEqual(
    dayOf("2026-11-01", "America/Havana", 30)
      .slots.slice(0, 5)
      .map(({ x }) => x),
    [0, 15, 30, 45, 60],
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
