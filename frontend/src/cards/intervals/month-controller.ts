import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { DeviceEntry, HomeAssistant } from "../../home-assistant.ts";
import { intervalsBetween } from "../../meter/intervals/answer.ts";
import { MINUTE, daysOf, isBefore, monthAt, shifted } from "../../meter/intervals/calendar.ts";
import type { Day, Month } from "../../meter/intervals/calendar.ts";
import { viewOf } from "../../meter/intervals/month-view.ts";
import type { MonthView } from "../../meter/intervals/month-view.ts";

/** After an interval is over, the integration needs the next read of the meter to know it. */
const UNTIL_KNOWN = MINUTE / 2;

interface Subject {
  hass: HomeAssistant | undefined;
  device: DeviceEntry | undefined;
}

/** Keep what is known of the month that the owner looks at, and update the card with it. */
export class MonthController implements ReactiveController {
  /** Undefined until it is known. */
  view: MonthView | undefined;
  /** The month without anything known. */
  empty: MonthView = viewOf([], []);
  /** How long intervals are: likely so, until the answer says it. */
  minutes = 15;
  private days: readonly Day[] = [];
  /** What the latest question failed with. */
  failure: unknown;
  private chosen: Month | undefined;
  private about = "";
  private askedAt = 0;
  private connected = true;
  private readonly host: ReactiveControllerHost;
  private readonly subject: () => Subject;
  private timer?: ReturnType<typeof setInterval>;

  constructor(host: ReactiveControllerHost, subject: () => Subject) {
    this.host = host;
    this.subject = subject;
    host.addController(this);
  }

  /** Return whether there may be something before the month: it has its first interval. */
  get hasPrevious(): boolean {
    return !this.view || this.view.days[0]?.cells[0]?.interval !== undefined;
  }

  /** When the month begins, in ms since 1970. */
  get start(): number {
    return this.days[0]?.start ?? 0;
  }

  get end(): number {
    return this.days[this.days.length - 1]?.end ?? 0;
  }

  get hasNext(): boolean {
    return this.chosen !== undefined && isBefore(this.chosen, this.current);
  }

  /** Go so many months on, where there is one. */
  move(months: number): void {
    if (!(months > 0 ? this.hasNext : this.hasPrevious)) return;
    const next = shifted(this.chosen ?? this.current, months);
    // The month in progress is followed into the next one.
    this.chosen = isBefore(next, this.current) ? next : undefined;
    this.host.requestUpdate();
  }

  retry(): void {
    this.askedAt = 0;
    this.host.requestUpdate();
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
    const { hass, device } = this.subject();
    if (!hass || !device) return;
    const month = this.chosen ?? this.current;
    const about = JSON.stringify([device.id, month, this.zone]);
    if (about !== this.about) {
      this.about = about;
      this.days = daysOf(month, this.zone, this.minutes);
      this.empty = viewOf(this.days, []);
      this.view = this.failure = undefined;
      this.askedAt = 0;
    }
    if (hass.connected && !this.connected) this.askedAt = 0;
    this.connected = hass.connected;
    if (!hass.connected || !this.isDue(Date.now())) return;
    this.askedAt = Date.now();
    void this.ask(hass, device, month, about);
  }

  private get zone(): string {
    return this.subject().hass?.config.time_zone ?? "UTC";
  }

  private get current(): Month {
    return monthAt(Date.now(), this.zone);
  }

  /** Ask again when another interval is known, and soon after a failure. */
  private isDue(now: number): boolean {
    if (this.failure !== undefined && now - this.askedAt >= MINUTE) return true;
    const interval = (instant: number): number =>
      Math.floor((instant - UNTIL_KNOWN) / (this.minutes * MINUTE));
    return interval(now) > interval(this.askedAt);
  }

  private async ask(
    hass: HomeAssistant,
    device: DeviceEntry,
    month: Month,
    about: string,
  ): Promise<void> {
    try {
      const answer = await intervalsBetween(hass, device, this.start, this.end);
      if (about !== this.about) return;
      if (answer.minutes !== this.minutes) {
        this.minutes = answer.minutes;
        this.days = daysOf(month, this.zone, answer.minutes);
      }
      this.view = viewOf(this.days, answer.intervals);
      this.failure = undefined;
    } catch (error) {
      if (about !== this.about) return;
      this.failure = error ?? "";
    }
    this.host.requestUpdate();
  }
}
