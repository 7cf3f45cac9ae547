// The readings of a meter as the server sends them, with one subscription for all cards of a page.
import type { Connection } from "home-assistant-js-websocket";
import type { HomeAssistant } from "../home-assistant.ts";
import { DOMAIN } from "./devices.ts";

/** One reading, as in cards/live_readings.py of the integration. Positive power is import. */
export interface ReadingMessage {
  /** Where the meter is installed; null if its options do not say. */
  role: string | null;
  /** Whether the last attempt to read the meter returned a reading. */
  answering: boolean;
  /**
   * By the key of the entity that shows the same, enabled or not: in V, A, W, var, Wh and percent.
   * Null is not known, or not available.
   */
  values: Readonly<Record<string, number | string | null>>;
  attributes: ReadingAttributes;
}

/** Attributes of the same entities; those that the user may not read are missing. */
export interface ReadingAttributes {
  reversed_cts?: string[];
  swapped_cts?: string[];
  /** In A. */
  service_current?: number | null;
  total_service_current?: number | null;
  /** In percent, by phase. */
  overload_limit_used?: Record<string, number>;
}

type Listener = () => void;

/** A subscription that was asked for; the server has confirmed it once it can be ended. */
interface Attempt {
  unsubscribe?: () => Promise<void>;
}

/** The latest reading of a meter, for as long as a card listens. */
export class LiveReadings {
  /** Undefined without a subscription; the cards then show states. */
  message?: ReadingMessage | undefined;
  /** Whether the server has answered, or was not asked because it does not know the meter yet. */
  settled = false;
  private readonly connection: Connection;
  private readonly deviceId: string;
  private readonly listeners = new Set<Listener>();
  /** The subscription that was asked for last, until it is refused or lost. */
  private attempt?: Attempt | undefined;
  /** The configuration of the server when it refused. */
  private refusedIn?: HomeAssistant["config"] | undefined;

  constructor(connection: Connection, deviceId: string) {
    this.connection = connection;
    this.deviceId = deviceId;
  }

  join(listener: Listener): void {
    if (this.listeners.size === 0) this.connection.addEventListener("ready", this.reconnected);
    this.listeners.add(listener);
  }

  leave(listener: Listener): void {
    this.listeners.delete(listener);
    if (this.listeners.size > 0) return;
    this.connection.removeEventListener("ready", this.reconnected);
    known.get(this.connection)?.delete(this.deviceId);
    void end(this.attempt);
    this.attempt = undefined;
  }

  /**
   * Subscribe, unless that is done. A refusal is final until the server's configuration changes:
   * while Home Assistant starts, the integration may come last.
   */
  subscribe({ config }: HomeAssistant): void {
    if (this.attempt || config === this.refusedIn) return;
    if (config.components.includes(DOMAIN)) void this.ask(config);
    else this.update(undefined);
  }

  private async ask(config: HomeAssistant["config"]): Promise<void> {
    const attempt: Attempt = (this.attempt = {});
    try {
      attempt.unsubscribe = await this.connection.subscribeMessage<ReadingMessage>(
        (message) => {
          this.update(message);
        },
        { type: `${DOMAIN}/subscribe_readings`, device_id: this.deviceId },
        // After a restart, Home Assistant may answer before the integration has registered this.
        { resubscribe: false },
      );
      // The last card may have left meanwhile.
      if (this.attempt !== attempt) void end(attempt);
    } catch {
      this.attempt = undefined;
      this.refusedIn = config;
      this.update(undefined);
    }
  }

  /** The server has forgotten the subscription. What was read last stays until it answers. */
  private readonly reconnected = (): void => {
    this.attempt = this.refusedIn = undefined;
    this.announce();
  };

  private update(message: ReadingMessage | undefined): void {
    if (this.settled && !message && !this.message) return;
    this.message = message;
    this.settled = true;
    this.announce();
  }

  private announce(): void {
    for (const listener of this.listeners) listener();
  }
}

async function end(attempt?: Attempt): Promise<void> {
  try {
    await attempt?.unsubscribe?.();
  } catch {
    // The connection was lost, and the subscription with it.
  }
}

const known = new WeakMap<Connection, Map<string, LiveReadings>>();

/** Return the readings of a meter, which all cards of a page share. */
export function liveReadingsOf({ connection }: HomeAssistant, deviceId: string): LiveReadings {
  const meters = known.get(connection) ?? new Map<string, LiveReadings>();
  known.set(connection, meters);
  const readings = meters.get(deviceId) ?? new LiveReadings(connection, deviceId);
  meters.set(deviceId, readings);
  return readings;
}
