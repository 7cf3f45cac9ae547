import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { HassEntity, HomeAssistant } from "./home-assistant.ts";
import { countedToday } from "./today.ts";
import type { Counted } from "./today.ts";

const MINUTE = 60_000;
/** Statistics come as often; and a page may stay open over midnight. */
const BETWEEN_QUESTIONS = 5 * MINUTE;

interface Subject {
  hass: HomeAssistant | undefined;
  counters: HassEntity[];
}

/** Keeps what counters have counted today, and updates its host with it. */
export class TodayController implements ReactiveController {
  counted = new Map<string, Counted>();
  private asked = { at: 0, about: "" };
  private timer?: ReturnType<typeof setInterval>;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly subject: () => Subject,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.timer = setInterval(() => {
      this.hostUpdated();
    }, MINUTE);
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }

  hostUpdated(): void {
    const { hass, counters } = this.subject();
    const about = counters.map(({ entity_id }) => entity_id).join();
    const now = Date.now();
    if (!hass || !about) return;
    if (about === this.asked.about && now - this.asked.at < BETWEEN_QUESTIONS) return;
    this.asked = { at: now, about };
    void this.ask(hass, counters);
  }

  private async ask(hass: HomeAssistant, counters: HassEntity[]): Promise<void> {
    try {
      this.counted = await countedToday(hass, counters);
      this.host.requestUpdate();
    } catch {
      // Without the recorder there is no today.
    }
  }
}
