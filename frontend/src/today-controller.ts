import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { HassEntity, HomeAssistant } from "./home-assistant.ts";
import { countedToday, startOfToday } from "./today.ts";
import type { Counted } from "./today.ts";

const MINUTE = 60_000;
/** Statistics come as often. */
const BETWEEN_QUESTIONS = 5 * MINUTE;

interface Subject {
  hass: HomeAssistant | undefined;
  counters: HassEntity[];
}

/** Keeps what counters have counted today, and updates its host with it. */
export class TodayController implements ReactiveController {
  counted = new Map<string, Counted>();
  private readonly host: ReactiveControllerHost;
  private readonly subject: () => Subject;
  private asked = { at: 0, about: "" };
  private timer?: ReturnType<typeof setInterval>;

  constructor(host: ReactiveControllerHost, subject: () => Subject) {
    this.host = host;
    this.subject = subject;
    host.addController(this);
  }

  hostConnected(): void {
    this.timer = setInterval(() => {
      this.host.requestUpdate();
    }, MINUTE);
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }

  hostUpdate(): void {
    const { hass, counters } = this.subject();
    if (!hass || counters.length === 0) return;
    // What was counted yesterday, in another unit or by another meter is nothing of this.
    const about = JSON.stringify([
      startOfToday(hass),
      counters.map(({ entity_id, attributes }) => [entity_id, attributes.unit_of_measurement]),
    ]);
    const now = Date.now();
    if (about !== this.asked.about) this.counted = new Map();
    else if (now - this.asked.at < (this.counted.size ? BETWEEN_QUESTIONS : MINUTE)) return;
    this.asked = { at: now, about };
    void this.ask(hass, counters, about);
  }

  private async ask(hass: HomeAssistant, counters: HassEntity[], about: string): Promise<void> {
    try {
      const counted = await countedToday(hass, counters);
      if (this.asked.about !== about) return;
      this.counted = counted;
      this.host.requestUpdate();
    } catch {
      // Without the recorder there is no today.
    }
  }
}
