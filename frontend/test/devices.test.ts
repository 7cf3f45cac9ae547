import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceEntry } from "../src/home-assistant.ts";
import { kindOf } from "../src/meter/devices.ts";

const kind = (manufacturer: string | null, model: string | null): string =>
  kindOf({ manufacturer, model } as DeviceEntry);

test("only the maker's own meter shows the maker's accuracy class", () => {
  assert.equal(kind("Measurlogic", "DTS 307"), "Energy meter, class 0.5");
  assert.equal(kind("MeasurLogic Inc.", "DTS307/1"), "Energy meter, class 0.5");
  assert.equal(kind("Measurlogic", "DTS SKT2"), "Energy meter");
  assert.equal(kind("WattNode", "WND-3Y-400-MB"), "Energy meter");
  assert.equal(kind("WattNode", "DTS 307"), "Energy meter");
  assert.equal(kind(null, null), "Energy meter");
});
