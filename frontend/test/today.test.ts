import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { ReactiveControllerHost } from "lit";
import type { HassEntity, HomeAssistant } from "../src/home-assistant.ts";
import { TodayController } from "../src/cards/meter/today-controller.ts";
import { countedToday, energyToday, startOfToday, sumOf } from "../src/meter/today.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FIRST = Date.parse("2026-05-01T00:00:00Z");

const counter = (state: number | string, unit = "kWh"): HassEntity =>
  ({
    entity_id: "sensor.import",
    state: `${state}`,
    attributes: { unit_of_measurement: unit },
  }) as unknown as HassEntity;

interface Question {
  period: string;
  start_time: string;
  end_time?: string;
  units: { energy: string };
}

/** A home with a constant load of 1 kW, whose recorder compiles each period when it is over. */
class Home {
  now: number;
  questions = 0;
  fails = false;
  readonly hass: HomeAssistant;
  private readonly from: number;

  constructor(now: string, zone = "UTC", from = FIRST) {
    this.now = Date.parse(now);
    this.from = from;
    this.hass = {
      locale: { time_zone: "server" },
      config: { time_zone: zone },
      callWS: (question: Question) => this.answer(question),
    } as unknown as HomeAssistant;
  }

  silent = false;
  /** The starts of five-minute periods that were not compiled. */
  gap = 0;

  /** The state of its counter. */
  counter(unit = "kWh"): HassEntity {
    if (this.silent) return counter("unavailable", unit);
    return counter(((this.now - FIRST) / HOUR) * (unit === "Wh" ? 1000 : 1), unit);
  }

  get truth(): number {
    const since = Math.max(startOfToday(this.hass, new Date(this.now)), this.from);
    return (this.now - since) / HOUR;
  }

  private answer({ period, start_time, end_time, units }: Question): Promise<object> {
    this.questions += 1;
    if (this.fails) return Promise.reject(new Error("no recorder"));
    const step = period === "hour" ? HOUR : 5 * MINUTE;
    const scale = units.energy === "Wh" ? 1000 : 1;
    const until = Math.min(this.now, end_time ? Date.parse(end_time) : Infinity);
    const asked = Math.max(Date.parse(start_time), this.from);
    const rows = [];
    for (let start = Math.ceil(asked / step) * step; start + step <= until; start += step) {
      if (start === this.gap && period !== "hour") continue;
      const end = start + step;
      rows.push({
        start,
        end,
        change: (scale * step) / HOUR,
        sum: (scale * (end - this.from)) / HOUR,
        state: (scale * (end - FIRST)) / HOUR,
      });
    }
    return Promise.resolve({ "sensor.import": rows });
  }
}

const ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"];

for (const zone of ZONES) {
  test(`today is the energy since midnight in ${zone}, at each minute of the day`, async () => {
    const home = new Home("2026-06-01T00:01:00Z", zone);
    for (let minutes = 0; minutes < 26 * 60; minutes += 7) {
      home.now += 7 * MINUTE;
      const counted = await countedToday(home.hass, [home.counter()], new Date(home.now));
      const shown = energyToday(Number(home.counter().state), counted.get("sensor.import"));
      assert.ok(shown !== undefined);
      assert.ok(
        Math.abs(shown - home.truth) < 1e-9,
        `${new Date(home.now).toISOString()} ${shown}`,
      );
    }
  });
}

test("a gap before a midnight at half past affects only itself", async () => {
  const home = new Home("2026-06-01T19:01:00Z", "Asia/Kolkata");
  home.gap = Date.parse("2026-06-01T18:25:00Z");
  const counted = await countedToday(home.hass, [home.counter()], new Date(home.now));
  const shown = energyToday(Number(home.counter().state), counted.get("sensor.import"));
  assert.ok(shown !== undefined && Math.abs(shown - home.truth - 5 / 60) < 1e-9, `${shown}`);
});

test("a counter that is new today starts with its first statistics", async () => {
  const home = new Home("2026-06-01T12:34:00Z", "UTC", Date.parse("2026-06-01T12:20:00Z"));
  const counted = await countedToday(home.hass, [home.counter()], new Date(home.now));
  assert.ok(Math.abs((counted.get("sensor.import")?.energy ?? 0) - 10 / 60) < 1e-9);
  home.now = Date.parse("2026-06-01T12:23:00Z");
  const none = await countedToday(home.hass, [home.counter()], new Date(home.now));
  assert.equal(none.size, 0);
});

const row = (start: number, change: number, sum: number, state: number) => ({
  start,
  end: start + 10,
  change,
  sum,
  state,
});

test("energy from a gap over midnight belongs to today, as in Home Assistant", () => {
  assert.deepEqual(sumOf([row(20, 4, 44, 104), row(30, 1, 45, 105)], 15), {
    energy: 5,
    state: 105,
  });
});

test("a row that includes midnight belongs to yesterday", () => {
  assert.deepEqual(sumOf([row(10, 4, 44, 104), row(20, 1, 45, 105)], 15), {
    energy: 1,
    state: 105,
  });
});

test("five-minute rows continue the hours before them", () => {
  const counted = sumOf([row(0, 9, -3, 98), row(10, 2, -1, 100), row(20, 0.5, 0.5, 101.5)], 10);
  assert.deepEqual(counted, { energy: 3.5, state: 101.5 });
});

test("statistics that end before midnight give no value", () => {
  assert.equal(sumOf([row(0, 5, 40, 100)], 11), undefined);
  assert.deepEqual(sumOf([row(0, 5, 40, 100)], 10), { energy: 0, state: 100 });
  assert.equal(sumOf([], 10), undefined);
});

test("a reset counter does not count down", () => {
  const counted = { energy: 3, state: 103 };
  assert.equal(energyToday(104, counted), 4);
  assert.equal(energyToday(0, counted), 3);
  assert.equal(energyToday(undefined, counted), 3);
  assert.equal(energyToday(1), undefined);
});

/** A card with a controller, and what it shows at the moment. */
function cardOf(home: Home): {
  show: (unit?: string) => number | undefined;
  answer: () => Promise<void>;
} {
  let unit = "kWh";
  const host = { addController: () => undefined, requestUpdate: () => undefined };
  const controller = new TodayController(host as unknown as ReactiveControllerHost, () => ({
    hass: home.hass,
    counters: [home.counter(unit)],
  }));
  return {
    show: (wanted = "kWh") => {
      unit = wanted;
      controller.hostUpdate();
      return controller.energyOf(home.counter(unit));
    },
    answer: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

test("an open page never shows yesterday, another unit or old values", async () => {
  const home = new Home("2026-06-01T23:57:00Z");
  mock.timers.enable({ apis: ["Date"], now: home.now });
  const card = cardOf(home);
  const later = (minutes: number): void => {
    home.now += minutes * MINUTE;
    mock.timers.setTime(home.now);
  };
  const near = (shown: number | undefined, truth: number): void => {
    assert.ok(shown !== undefined && Math.abs(shown - truth) < 1e-9, `${shown} ${truth}`);
  };
  try {
    assert.equal(card.show(), undefined);
    await card.answer();
    near(card.show(), 23.95);
    later(2);
    near(card.show(), home.truth);

    later(3);
    assert.equal(card.show(), undefined);
    await card.answer();
    near(card.show(), 2 / 60);

    assert.equal(card.show("Wh"), undefined);
    await card.answer();
    near(card.show("Wh"), 2000 / 60);

    // The answer in Wh comes when the card asks for kWh again.
    home.fails = true;
    assert.equal(card.show("kWh"), undefined);
    await card.answer();
    assert.equal(card.show("kWh"), undefined);
    home.fails = false;
    later(1);
    card.show();
    await card.answer();
    near(card.show(), home.truth);

    const { questions } = home;
    later(4);
    near(card.show(), home.truth);
    assert.equal(home.questions, questions);
    later(2);
    near(card.show(), home.truth);
    assert.ok(home.questions > questions);
  } finally {
    mock.timers.reset();
  }
});

test("an offline meter keeps its energy of today", async () => {
  const home = new Home("2026-06-01T12:04:00Z");
  mock.timers.enable({ apis: ["Date"], now: home.now });
  try {
    const card = cardOf(home);
    card.show();
    await card.answer();
    const before = card.show();
    home.silent = true;
    home.now += MINUTE;
    mock.timers.setTime(home.now);
    assert.equal(card.show(), before);
  } finally {
    mock.timers.reset();
  }
});

test("an unknown time zone is replaced by the browser's", () => {
  const now = new Date("2026-06-01T12:00:00Z");
  const of = (time_zone: string, zone: string): number =>
    startOfToday(
      { locale: { time_zone }, config: { time_zone: zone } } as unknown as HomeAssistant,
      now,
    );
  assert.equal(of("server", "Etc/Unknown"), of("local", "Asia/Tokyo"));
  assert.notEqual(of("server", "Asia/Tokyo"), of("server", "America/New_York"));
});

test("a late answer is not taken for another", async () => {
  const home = new Home("2026-06-01T12:00:00Z");
  mock.timers.enable({ apis: ["Date"], now: home.now });
  try {
    const card = cardOf(home);
    card.show("kWh");
    card.show("Wh");
    card.show("kWh");
    await card.answer();
    const shown = card.show("kWh");
    assert.ok(shown !== undefined && Math.abs(shown - 12) < 1e-9);
  } finally {
    mock.timers.reset();
  }
});
