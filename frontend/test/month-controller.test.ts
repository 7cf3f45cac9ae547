import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { ReactiveControllerHost } from "lit";
import { MonthController } from "../src/cards/intervals/month-controller.ts";
import type { DeviceEntry, HomeAssistant } from "../src/home-assistant.ts";
import { intervals } from "./intervals.ts";

const MINUTE = 60_000;
const FIRST = Date.parse("2026-10-01T00:00:00Z");

interface Question {
  service: string;
  return_response: boolean;
  service_data: { config_entry_id: string; start: string; end: string };
}

/** A home that knows the intervals from an instant on, and a card of it that is on a page. */
class Home {
  asked: Question[] = [];
  fails = false;
  connected = true;
  entry = "entry";
  minutes = 15;
  held: (() => void)[] | undefined;
  readonly card: MonthController;
  private updates = 0;
  private readonly since: number;

  constructor(now: string, since = FIRST) {
    this.since = since;
    mock.timers.enable({ apis: ["Date", "setInterval"], now: Date.parse(now) });
    const host = {
      addController: () => undefined,
      requestUpdate: () => {
        this.updates += 1;
        queueMicrotask(() => {
          this.card.hostUpdate();
        });
      },
    } as unknown as ReactiveControllerHost;
    this.card = new MonthController(host, () => ({ hass: this.hass, device: this.device }));
    this.card.hostConnected();
  }

  get device(): DeviceEntry {
    return { id: this.entry, primary_config_entry: this.entry } as DeviceEntry;
  }

  get hass(): HomeAssistant {
    return {
      connected: this.connected,
      config: { time_zone: "UTC" },
      callWS: (question: Question) => this.answer(question),
    } as unknown as HomeAssistant;
  }

  /** What was asked for, as days. */
  get spans(): string[] {
    return this.asked.map(({ service_data: { start, end } }) =>
      [start, end].map((time) => time.slice(0, 10)).join(" "),
    );
  }

  async pass(minutes: number): Promise<void> {
    for (let minute = 0; minute < minutes; minute += 1) {
      mock.timers.tick(MINUTE);
      await this.update();
    }
  }

  async update(): Promise<void> {
    this.card.hostUpdate();
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  }

  end(): void {
    this.card.hostDisconnected();
    mock.timers.reset();
  }

  private async answer(question: Question): Promise<object> {
    this.asked.push(question);
    if (this.held) await new Promise<void>((resolve) => this.held?.push(resolve));
    if (this.fails) throw new Error("not now");
    const { start, end } = question.service_data;
    const from = Math.max(Date.parse(start), this.since);
    const found = intervals(from, Math.min(Date.parse(end), Date.now()));
    return { response: { minutes: this.minutes, intervals: found } };
  }
}

test("a card asks for the month in progress, and again when there is another interval", async () => {
  const home = new Home("2026-11-29T16:02:00Z");
  await home.update();
  assert.deepEqual(home.asked[0], {
    type: "call_service",
    domain: "dts307",
    service: "get_intervals",
    service_data: {
      config_entry_id: "entry",
      start: "2026-11-01T00:00:00.000Z",
      end: "2026-12-01T00:00:00.000Z",
    },
    return_response: true,
  });
  assert.deepEqual(home.card.view?.last, { day: 28, cell: 63 });
  await home.pass(13);
  assert.equal(home.asked.length, 1);
  await home.pass(1);
  assert.equal(home.asked.length, 2);
  assert.deepEqual(home.card.view.last, { day: 28, cell: 64 });
  home.end();
});

test("intervals are as long as the options of the meter say", async () => {
  const home = new Home("2026-11-29T16:02:00Z");
  home.minutes = 60;
  await home.update();
  assert.equal(home.card.minutes, 60);
  assert.deepEqual(home.card.view?.last, { day: 28, cell: 15 });
  await home.pass(58);
  assert.equal(home.asked.length, 1);
  await home.pass(1);
  assert.equal(home.asked.length, 2);
  home.end();
});

test("the months of a meter, and none before or after", async () => {
  const home = new Home("2026-11-29T16:02:00Z", FIRST + 90 * MINUTE);
  await home.update();
  assert.deepEqual([home.card.hasPrevious, home.card.hasNext], [true, false]);
  home.card.move(1);
  home.card.move(-1);
  await home.update();
  assert.deepEqual(home.spans, ["2026-11-01 2026-12-01", "2026-10-01 2026-11-01"]);
  // Its first quarter hour is not known.
  assert.deepEqual([home.card.hasPrevious, home.card.hasNext], [false, true]);
  home.card.move(-1);
  await home.update();
  assert.equal(home.asked.length, 2);
  home.card.move(1);
  await home.update();
  assert.equal(home.spans[2], home.spans[0]);
  assert.deepEqual([home.card.hasPrevious, home.card.hasNext], [true, false]);
  home.end();
});

test("the month in progress is followed into the next one", async () => {
  const home = new Home("2026-10-31T23:50:00Z");
  await home.update();
  await home.pass(15);
  assert.equal(home.spans[home.spans.length - 1], "2026-11-01 2026-12-01");
  assert.equal(home.card.view?.days.length, 30);
  home.end();
});

test("an answer about another month, or another meter, comes too late", async () => {
  const home = new Home("2026-11-29T16:02:00Z");
  home.held = [];
  await home.update();
  home.card.move(-1);
  await home.update();
  const [first, second] = home.held;
  second?.();
  await home.update();
  assert.equal(home.card.view?.days.length, 31);
  first?.();
  await home.update();
  assert.equal(home.card.view.days.length, 31);
  home.entry = "other";
  await home.update();
  assert.equal(home.card.view, undefined);
  assert.equal(home.asked[2]?.service_data.config_entry_id, "other");
  home.end();
});

test("after a failure, a card asks again: soon, at once if the owner wants, or connected again", async () => {
  const home = new Home("2026-11-29T16:02:00Z");
  home.fails = true;
  await home.update();
  assert.ok(home.card.failure instanceof Error);
  await home.update();
  assert.equal(home.asked.length, 1);
  await home.pass(1);
  assert.equal(home.asked.length, 2);
  home.card.retry();
  await home.update();
  assert.equal(home.asked.length, 3);
  home.fails = false;
  await home.pass(1);
  assert.equal(home.card.failure, undefined);
  assert.ok(home.card.view);
  home.connected = false;
  await home.pass(20);
  assert.equal(home.asked.length, 4);
  home.connected = true;
  await home.update();
  assert.equal(home.asked.length, 5);
  home.end();
});

test("a failure about another month is not shown", async () => {
  const home = new Home("2026-11-29T16:02:00Z");
  home.fails = true;
  home.held = [];
  await home.update();
  const [first] = home.held;
  home.card.move(-1);
  await home.update();
  first?.();
  await home.update();
  assert.equal(home.card.failure, undefined);
  home.end();
});
