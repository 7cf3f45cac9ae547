import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { reasonOf } from "../src/cards/intervals/failure.ts";
import { formatted } from "../src/cards/intervals/formats.ts";
import { Words } from "../src/cards/intervals/words.ts";
import type { HomeAssistant } from "../src/home-assistant.ts";
import { localize } from "../src/i18n/localize.ts";
import type { Texts } from "../src/i18n/localize.ts";
import { daysOf } from "../src/meter/intervals/calendar.ts";
import { viewOf } from "../src/meter/intervals/month-view.ts";
import type { Cell } from "../src/meter/intervals/month-view.ts";
import { placeOf } from "../src/meter/place.ts";
import { interval, intervals } from "./intervals.ts";

const BERLIN = "Europe/Berlin";

function homeIn(language: string, time_format = "24", time_zone = BERLIN): HomeAssistant {
  return { locale: { language, time_format }, config: { time_zone } } as unknown as HomeAssistant;
}

function wordsIn(language: string, role: string, time_format?: string): Words {
  const file = new URL(`../src/i18n/translations/${language}.json`, import.meta.url);
  const texts = JSON.parse(readFileSync(file, "utf8")) as Texts;
  const speaker = {
    text: (key: keyof Texts, values?: Record<string, string>) => localize(texts, key, values),
    number: (value: number | string, unit = "") => `${value} ${unit}`.trim(),
  };
  return new Words(speaker, homeIn(language, time_format), placeOf(role).counted);
}

const days = daysOf({ year: 2026, month: 10 }, BERLIN, 15);
const at = (time: string): number => Date.parse(`2026-10-${time}:00Z`);

function cellAt(instant: number, more: object): Cell {
  const view = viewOf(days, [{ ...interval(instant, 0.25, 0.5), ...more }]);
  const cell = view.days[view.last?.day ?? -1]?.cells[view.last?.cell ?? -1];
  assert.ok(cell);
  return cell;
}

test("an interval has its time, energies in the words of the role, and quality", () => {
  assert.equal(
    wordsIn("en", "grid").cell(cellAt(at("07T12:00"), {})),
    "Wednesday, October 7, 14:00–14:15, Imported 0.250 kWh, Exported 0.500 kWh, Measured",
  );
  assert.equal(
    wordsIn("de", "solar").cell(cellAt(at("07T12:00"), { imported: null })),
    "Mittwoch, 7. Oktober, 14:00–14:15, Erzeugt 0.500 kWh, Gemessen",
  );
});

test("an estimate has its bounds, where both are known", () => {
  const bounds = { imported_lowest: 0.1, imported_highest: 0.4, exported_lowest: 0.2 };
  const cell = cellAt(at("07T12:00"), { ...bounds, exported_highest: null, quality: "estimated" });
  assert.match(
    wordsIn("en", "grid").cell(cell),
    /Imported 0\.250 kWh, 0\.100 to 0\.400\skWh, Exported 0\.500 kWh, Estimated$/,
  );
});

test("what is not known says so", () => {
  const [day] = viewOf(days, []).days;
  assert.ok(day?.cells[0]);
  assert.match(wordsIn("en", "grid").cell(day.cells[0]), /00:00–00:15, Not known$/);
});

test("a time that the clock shows twice has its time zone", () => {
  const words = wordsIn("en", "grid");
  assert.equal(words.times([cellAt(at("25T00:15"), {})]), "02:15–02:30 GMT+2");
  assert.equal(words.times([cellAt(at("25T01:15"), {})]), "02:15–02:30 GMT+1");
  assert.equal(words.times([cellAt(at("25T00:45"), {})]), "02:45 GMT+2–02:00 GMT+1");
  assert.equal(words.times([cellAt(at("25T02:15"), {})]), "03:15–03:30");
});

test("what was not measured, over midnight and up to it", () => {
  const runs = [
    ...intervals(at("06T22:00"), at("07T22:00"), 0.25, 0, "estimated"),
    ...intervals(at("07T22:00"), at("08T00:00")),
    ...intervals(at("08T21:00"), at("08T22:15"), 0.5, 1, "edited"),
  ];
  const view = viewOf(days, runs);
  const words = wordsIn("en", "grid", "12");
  assert.deepEqual(
    view.runs.map((run) => words.run(run)),
    [
      {
        when: "Wed 7, 12:00 AM–12:00 AM",
        what: "Estimated: Imported 24.00 kWh, Exported 0.00 kWh",
      },
      { when: "Thu 8, 2:00 AM–11:00 PM", what: "Not known" },
      {
        when: "Thu 8, 11:00 PM – Fri 9, 12:15 AM",
        what: "Edited: Imported 2.50 kWh, Exported 5.00 kWh",
      },
    ],
  );
  assert.deepEqual(
    view.days[7]?.runs.map((run) => words.span(run)),
    ["2:00 AM–11:00 PM Not known", "11:00 PM–12:00 AM Edited"],
  );
});

test("a register that was not read at midnight is an estimate", () => {
  const words = wordsIn("en", "grid");
  assert.equal(words.readingHeading("exported", days[0]?.start ?? 0), "Export reading 00:00");
  const registers = { imported: 12.346, exported: 6, exported_lowest: null };
  assert.equal(words.reading(registers, "imported"), "12.35");
  assert.equal(words.reading(registers, "exported"), "≈ 6.00");
  assert.equal(words.reading({ imported: null, exported: null }, "imported"), "–");
  assert.equal(words.reading(undefined, "imported"), "–");
});

test("the weekend is that of the server's days", () => {
  const words = wordsIn("de", "grid");
  const weekend = days
    .filter(({ start }) => words.isWeekend(start))
    .map(({ start }) => words.day(start));
  assert.deepEqual(weekend.slice(0, 3), ["Sa 3", "So 4", "Sa 10"]);
});

test("a browser that does not know the time zone has its own", () => {
  const nowhere = homeIn("en", "language", "Mars/Olympus");
  assert.equal(formatted(nowhere, "month", at("15T12:00")), "October 2026");
});

test("why a request failed, in the owner's language if there is a translation", async () => {
  const asked: string[] = [];
  const home = (texts: Record<string, string>): HomeAssistant =>
    ({
      loadBackendTranslation: (category: string, integration: string) => {
        asked.push(`${category} ${integration}`);
        if (Object.keys(texts).length === 0) return Promise.reject(new Error("offline"));
        return Promise.resolve((key: string, values?: Record<string, string>) =>
          (texts[key] ?? "").replace("{name}", values?.name ?? ""),
        );
      },
    }) as unknown as HomeAssistant;
  const failure = {
    message: "in English",
    translation_domain: "dts307",
    translation_key: "why",
    translation_placeholders: { name: "Zähler" },
  };
  const german = home({ "component.dts307.exceptions.why.message": "{name} fehlt" });
  assert.equal(await reasonOf(german, failure), "Zähler fehlt");
  assert.deepEqual(asked, ["exceptions dts307"]);
  assert.equal(await reasonOf(home({ other: "" }), failure), "in English");
  assert.equal(await reasonOf(home({}), failure), "in English");
  assert.equal(await reasonOf(german, new Error("lost")), "lost");
  assert.equal(await reasonOf(german, 3), "");
});
