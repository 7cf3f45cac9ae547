import assert from "node:assert/strict";
import { test } from "node:test";
import { withStatistics } from "../src/dashboard/statistics.ts";
import { VIEWS } from "../src/dashboard/views.ts";
import type { Card, Site } from "../src/dashboard/views.ts";
import type { HomeAssistant } from "../src/home-assistant.ts";
import { inRole, siteIn } from "./sites.ts";

const [solar] = siteIn("en");
const grid: Site = { ...solar, entities: { ...solar.entities, production: undefined } };

function cardsOf(path: string, site: Site): Card[] {
  return (VIEWS.find((view) => view.path === path)?.sections(site) ?? []).flat();
}

const namesOf = (cards: Card[], type: string): unknown[] =>
  cards.filter((card) => card.type === type).map(({ name }) => name);

test("a state that holds on is not beside the direction of this moment", () => {
  const entities = cardsOf("now", grid).map(({ entity }) => entity);
  assert.ok(entities.includes("overload"));
  assert.ok(!entities.includes("exporting"));
});

test("the period of a solar meter shows its production", () => {
  const [first, second] = namesOf(cardsOf("period", solar), "tile");
  assert.deepEqual([first, second], ["Produced", "Consumed"]);
  assert.ok(!namesOf(cardsOf("period", solar), "tile").includes("Net"));
  const names = namesOf(cardsOf("period", grid), "tile");
  assert.deepEqual(names.slice(0, 4), ["Imported", "Exported", "Net", "Credit"]);
});

test("the periods of a battery and of a home have their words", () => {
  const shown = (role: string): unknown[] => {
    const names = namesOf(cardsOf("period", inRole(solar, role)), "tile");
    return [...names.slice(0, 3), ...names.slice(6, 9)];
  };
  assert.deepEqual(shown("battery"), [
    "Charged",
    "Discharged",
    "Net",
    "Charged",
    "Discharged",
    "Net",
  ]);
  assert.deepEqual(shown("home"), ["Consumed", "Exported", "Net", "Consumed", "Exported", "Net"]);
});

test("the link of a meter is shown with its CT rating", () => {
  assert.ok(namesOf(cardsOf("link", grid), "tile").includes("CT rating"));
});

test("the history of a meter is a card as wide as the view", () => {
  const cards = cardsOf("history", grid);
  assert.deepEqual(
    cards.map(({ type }) => type),
    ["heading", "custom:dts307-intervals-card"],
  );
  assert.deepEqual(cards[1]?.grid_options, { columns: "full" });
  assert.equal(VIEWS.find(({ path }) => path === "history")?.wide, true);
});

test("today has the card that the first view has", () => {
  const [card] = cardsOf("today", grid).filter(({ type }) => type === "custom:dts307-card");
  assert.deepEqual(card, { type: "custom:dts307-card", device_id: "1", compact: true });
});

test("there are graphs of what has statistics, and else a word about it", () => {
  const graphed = (statistics: Site["statistics"]): unknown[][] =>
    ["today", "period", "quality"].map((path) =>
      cardsOf(path, { ...grid, statistics })
        .filter(({ type }) => ["statistics-graph", "markdown"].includes(type))
        .map(({ type, entities }) =>
          type === "markdown"
            ? type
            : (entities as { entity: string }[]).map(({ entity }) => entity),
        ),
    );
  assert.deepEqual(graphed(new Set()), [["markdown"], ["markdown"], ["markdown"]]);
  assert.deepEqual(graphed(new Set(["energy_exported", "voltage_line_to_line"])), [
    [["energy_exported"]],
    [["energy_exported"]],
    [["voltage_line_to_line"]],
  ]);
  // Without the recorder there is nothing to wait for.
  assert.deepEqual(graphed(undefined), [[], [], []]);
});

test("which entities have statistics", async () => {
  const asked: Record<string, unknown>[] = [];
  const home = (answer: () => unknown): HomeAssistant =>
    ({
      callWS: (message: Record<string, unknown>) => {
        asked.push(message);
        return Promise.resolve().then(answer);
      },
    }) as unknown as HomeAssistant;
  const rows = { "sensor.a": [{ sum: 1 }], "sensor.b": [] };
  const now = Date.UTC(2026, 0, 31);
  assert.deepEqual(
    await withStatistics(
      home(() => rows),
      ["sensor.a"],
      now,
    ),
    new Set(["sensor.a"]),
  );
  assert.equal(asked[0]?.start_time, "2025-12-31T00:00:00.000Z");
  assert.deepEqual(asked[0].statistic_ids, ["sensor.a"]);
  const refused = home(() => {
    throw new Error("unknown command");
  });
  assert.equal(await withStatistics(refused, []), undefined);
});
