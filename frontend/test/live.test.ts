import assert from "node:assert/strict";
import { test } from "node:test";
import type { LitElement } from "lit";
import { LiveController } from "../src/cards/shared/live-controller.ts";
import { liveReadingsOf } from "../src/meter/live.ts";
import type { ReadingMessage } from "../src/meter/live.ts";
import { Server, settle } from "./server.ts";

const watts = (power: number): ReadingMessage => ({
  role: null,
  answering: true,
  values: { power },
  attributes: {},
});

/** A card on the page, which draws again as often as it is asked to. */
class Card {
  isConnected = true;
  updates = 0;
  readonly live: LiveController;
  private readonly server: Server;
  deviceId: string;

  constructor(server: Server, deviceId = "grid") {
    this.server = server;
    this.deviceId = deviceId;
    this.live = new LiveController(this as unknown as LitElement);
    this.requestUpdate();
  }

  addController(): void {
    // Lit would call it when the card comes and goes.
  }

  requestUpdate(): void {
    this.updates += 1;
    queueMicrotask(() => {
      this.live.follow(this.server.hass(), this.deviceId);
    });
  }

  remove(): void {
    this.isConnected = false;
    this.live.hostDisconnected();
  }

  get power(): unknown {
    return this.live.message?.values.power;
  }
}

test("all cards of a meter share a subscription, which ends with the last", async () => {
  const server = new Server();
  const cards = [new Card(server), new Card(server), new Card(server, "solar")];
  const [one, other, solar] = cards as [Card, Card, Card];
  await settle();
  assert.deepEqual([...server.subscriptions.values()].sort(), ["grid", "solar"]);
  server.read("grid", watts(1));
  server.read("solar", watts(2));
  assert.deepEqual(
    cards.map(({ power }) => power),
    [1, 1, 2],
  );
  one.remove();
  await settle();
  server.read("grid", watts(3));
  assert.deepEqual(
    cards.map(({ power }) => power),
    [undefined, 3, 2],
  );
  other.remove();
  solar.remove();
  await settle();
  assert.equal(server.subscriptions.size, 0);
  assert.equal(server.asked, 2);
});

test("a meter that is shown again starts without what was read before", async () => {
  const server = new Server();
  const card = new Card(server);
  await settle();
  server.read("grid", watts(1));
  card.remove();
  await settle();
  assert.deepEqual(server.connection.eventListeners.get("ready"), []);
  const next = new Card(server);
  await Promise.resolve();
  assert.deepEqual([next.live.settled, next.power], [false, undefined]);
  await settle();
  server.read("grid", watts(2));
  assert.deepEqual([next.live.settled, next.power], [true, 2]);
});

test("a card that shows another meter leaves the first", async () => {
  const server = new Server();
  const card = new Card(server);
  await settle();
  server.read("grid", watts(1));
  card.deviceId = "solar";
  card.requestUpdate();
  await settle();
  assert.deepEqual([...server.subscriptions.values()], ["solar"]);
  assert.equal(card.power, undefined);
  assert.equal(card.live.settled, false);
});

test("a card that is gone before the answer leaves no subscription", async () => {
  const server = new Server();
  server.slow = true;
  const card = new Card(server);
  await settle();
  card.remove();
  card.requestUpdate();
  server.goOn();
  await settle();
  assert.equal(server.asked, 1);
  assert.equal(server.subscriptions.size, 0);
});

test("after a reconnect, the subscription is resumed; until then the last reading stays", async () => {
  const server = new Server();
  const card = new Card(server);
  await settle();
  server.read("grid", watts(1));
  server.slow = true;
  server.restart();
  await settle();
  assert.equal(card.power, 1);
  server.goOn();
  await settle();
  assert.equal(server.subscriptions.size, 1);
  server.read("grid", watts(2));
  assert.equal(card.power, 2);
  card.remove();
  await settle();
  assert.equal(server.subscriptions.size, 0);
  server.restart();
  await settle();
  assert.equal(server.asked, 2);
});

test("a connection that is lost before the answer counts for nothing", async () => {
  const server = new Server();
  server.slow = true;
  const card = new Card(server);
  await settle();
  server.restart();
  server.slow = false;
  await settle();
  server.read("grid", watts(1));
  assert.equal(card.power, 1);
});

test("a refused subscription leaves the states, and is asked for with the next configuration", async () => {
  const server = new Server();
  server.refusal = "unknown_command";
  const readings = liveReadingsOf(server.hass(), "grid");
  let announced = 0;
  readings.join(() => {
    announced += 1;
  });
  const hass = server.hass();
  readings.subscribe(hass);
  await settle();
  assert.equal(readings.settled, true);
  assert.equal(readings.message, undefined);
  assert.equal(announced, 1);
  server.refusal = "";
  readings.subscribe(hass);
  await settle();
  assert.equal(server.asked, 1);
  readings.subscribe(server.hass());
  await settle();
  server.read("grid", watts(1));
  assert.deepEqual(readings.message, watts(1));
});

test("a refusal does not outlive the connection", async () => {
  const server = new Server();
  server.refusal = "unknown_command";
  const readings = liveReadingsOf(server.hass(), "grid");
  readings.join(() => undefined);
  const hass = server.hass();
  readings.subscribe(hass);
  await settle();
  server.refusal = "";
  server.restart();
  await settle();
  readings.subscribe(hass);
  await settle();
  assert.equal(server.asked, 2);
});

test("a Home Assistant that is starting is asked when it knows the integration", async () => {
  const server = new Server();
  const card = new Card(server);
  await settle();
  server.read("grid", watts(1));
  server.components = [];
  server.restart();
  await settle();
  assert.equal(card.power, undefined);
  assert.equal(card.live.settled, true);
  assert.equal(server.asked, 1);
  server.components = ["dts307"];
  card.requestUpdate();
  await settle();
  server.read("grid", watts(2));
  assert.equal(card.power, 2);
});

test("a reconnect to a server that refuses leaves the states", async () => {
  const server = new Server();
  const readings = liveReadingsOf(server.hass(), "grid");
  readings.join(() => undefined);
  readings.subscribe(server.hass());
  await settle();
  server.read("grid", watts(1));
  server.refusal = "unauthorized";
  server.restart();
  await settle();
  readings.subscribe(server.hass());
  await settle();
  assert.equal(readings.message, undefined);
  assert.equal(readings.settled, true);
});
