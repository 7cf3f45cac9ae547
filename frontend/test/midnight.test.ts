import assert from "node:assert/strict";
import { test } from "node:test";
import { midnight } from "../src/meter/midnight.ts";

const of = (now: string, zone: string): string => midnight(new Date(now), zone).toISOString();

test("midnight depends on the time zone", () => {
  assert.equal(of("2026-06-01T15:30:12.345Z", "UTC"), "2026-06-01T00:00:00.000Z");
  assert.equal(of("2026-06-01T03:30:00Z", "America/New_York"), "2026-05-31T04:00:00.000Z");
  assert.equal(of("2026-06-01T20:00:00Z", "Asia/Kolkata"), "2026-06-01T18:30:00.000Z");
});

test("midnight itself begins its day", () => {
  assert.equal(of("2026-06-01T00:00:00Z", "UTC"), "2026-06-01T00:00:00.000Z");
});

test("a day may have 23 or 25 hours", () => {
  assert.equal(of("2026-03-08T18:00:00Z", "America/New_York"), "2026-03-08T05:00:00.000Z");
  assert.equal(of("2026-11-01T18:00:00Z", "America/New_York"), "2026-11-01T04:00:00.000Z");
  assert.equal(of("2026-03-29T12:00:00Z", "Europe/Berlin"), "2026-03-28T23:00:00.000Z");
  assert.equal(of("2026-10-25T12:00:00Z", "Europe/Berlin"), "2026-10-24T22:00:00.000Z");
  // Here the clock change skips or repeats midnight.
  assert.equal(of("2026-04-24T12:00:00Z", "Africa/Cairo"), "2026-04-23T22:00:00.000Z");
  assert.equal(of("2026-11-01T18:00:00Z", "America/Havana"), "2026-11-01T04:00:00.000Z");
  assert.equal(of("2026-10-25T12:00:00Z", "Atlantic/Azores"), "2026-10-25T00:00:00.000Z");
});
