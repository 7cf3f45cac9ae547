// A Home Assistant at the other end of the frontend's own connection, for tests.
import { Connection } from "home-assistant-js-websocket";
import type { HomeAssistant } from "../src/home-assistant.ts";
import type { ReadingMessage } from "../src/meter/live.ts";

interface Command {
  id: number;
  type: string;
  device_id?: string;
  subscription?: number;
}

/** Wait until everything that is under way has arrived. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setTimeout(done, 1));
}

class Socket extends EventTarget {
  readonly OPEN = 1;
  readonly haVersion = "2026.11.0";
  readyState = 1;
  private readonly server: Server;

  constructor(server: Server) {
    super();
    this.server = server;
  }

  send(text: string): void {
    this.server.receive(JSON.parse(text) as Command);
  }

  close(): void {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}

export class Server {
  /** The subscriptions that exist, by their ID. */
  subscriptions = new Map<number, string>();
  /** How many were asked for. */
  asked = 0;
  /** The error code with which it refuses them. */
  refusal = "";
  /** Answers are held back. */
  slow = false;
  components = ["dts307"];
  readonly connection: Connection;
  private socket: Socket;
  private held: Command[] = [];

  constructor() {
    this.socket = new Socket(this);
    this.connection = new Connection(this.socket as never, {
      setupRetry: 0,
      createSocket: () => {
        this.socket = new Socket(this);
        return Promise.resolve(this.socket as never);
      },
    });
  }

  /** What a card is given; its configuration is another each time. */
  hass(): HomeAssistant {
    const config = { components: this.components };
    return { connection: this.connection, config } as unknown as HomeAssistant;
  }

  receive(command: Command): void {
    if (this.slow) this.held.push(command);
    else {
      queueMicrotask(() => {
        this.answer(command);
      });
    }
  }

  /** Give the answers that were held back. */
  goOn(): void {
    this.slow = false;
    for (const command of this.held.splice(0)) this.answer(command);
  }

  /** Send a reading to all who follow a meter. */
  read(deviceId: string, message: ReadingMessage): void {
    for (const [id, device] of this.subscriptions) {
      if (device === deviceId) this.post({ id, type: "event", event: message });
    }
  }

  /** Lose the connection; the frontend makes another at once. */
  restart(): void {
    this.subscriptions.clear();
    this.held = [];
    this.socket.close();
  }

  private answer({ id, type, device_id, subscription }: Command): void {
    if (type === "unsubscribe_events") {
      const success = this.subscriptions.delete(subscription ?? 0);
      this.post({ id, type: "result", success, error: { code: "not_found" } });
      return;
    }
    this.asked += 1;
    const success = this.refusal === "";
    if (success) this.subscriptions.set(id, device_id ?? "");
    this.post({ id, type: "result", success, error: { code: this.refusal } });
  }

  private post(message: object): void {
    this.socket.dispatchEvent(
      Object.assign(new Event("message"), { data: JSON.stringify(message) }),
    );
  }
}
