import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { HassEntity, HomeAssistant } from "../../home-assistant.ts";
import { countedToday, energyToday, startOfToday } from "../../meter/today.ts";
import type { Counted } from "../../meter/today.ts";

const MINUTE = 60_000;
/** Home Assistant compiles statistics this often. */
const BETWEEN_QUESTIONS = 5 * MINUTE;

interface Subject {
  hass: HomeAssistant | undefined;
  counters: HassEntity[];
}

/** Keep the energy of today of some counters, and update the card with it. */
export class TodayController implements ReactiveController {
  private counted = new Map<string, Counted>();
  /** The latest known states of the counters. */
  private latest = new Map<string, number>();
  private readonly host: ReactiveControllerHost;
  private readonly subject: () => Subject;
  private asked = { at: 0, about: "" };
  private timer?: ReturnType<typeof setInterval>;

  constructor(host: ReactiveControllerHost, subject: () => Subject) {
    this.host = host;
    this.subject = subject;
    host.addController(this);
  }

  /** Return the energy of today of a counter, if it is known. */
  energyOf({ entity_id }: HassEntity): number | undefined {
    return energyToday(this.latest.get(entity_id), this.counted.get(entity_id));
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
    // Start over on a new day, with another unit and with another meter.
    const about = JSON.stringify([
      startOfToday(hass),
      counters.map(({ entity_id, attributes }) => [entity_id, attributes.unit_of_measurement]),
    ]);
    if (about !== this.asked.about) {
      this.asked = { at: 0, about };
      this.counted = new Map();
      this.latest = new Map();
    }
    for (const { entity_id, state } of counters) {
      if (Number.isFinite(Number(state))) this.latest.set(entity_id, Number(state));
    }
    const patience = this.counted.size > 0 ? BETWEEN_QUESTIONS : MINUTE;
    if (Date.now() - this.asked.at < patience) return;
    this.asked.at = Date.now();
    void this.ask(hass, counters, about);
  }

  private async ask(hass: HomeAssistant, counters: HassEntity[], about: string): Promise<void> {
    try {
      const counted = await countedToday(hass, counters);
      if (this.asked.about !== about) return;
      this.counted = counted;
      this.host.requestUpdate();
    } catch {
      // Without the recorder there are no statistics.
    }
  }
}
