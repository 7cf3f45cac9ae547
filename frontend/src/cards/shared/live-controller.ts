import type { LitElement, ReactiveController } from "lit";
import type { HomeAssistant } from "../../home-assistant.ts";
import { liveReadingsOf } from "../../meter/live.ts";
import type { LiveReadings, ReadingMessage } from "../../meter/live.ts";

/** Let a card follow the readings of its meter while it is on the page. */
export class LiveController implements ReactiveController {
  private readonly host: LitElement;
  private readings?: LiveReadings | undefined;

  constructor(host: LitElement) {
    this.host = host;
    host.addController(this);
  }

  /** The latest reading; undefined if the card has to show states. */
  get message(): ReadingMessage | undefined {
    return this.readings?.message;
  }

  /** Whether it is known if there are readings. */
  get settled(): boolean {
    return this.readings?.settled === true;
  }

  /** Follow a meter, and no other any more. */
  follow(hass: HomeAssistant, deviceId: string | undefined): void {
    const wanted =
      deviceId !== undefined && this.host.isConnected ? liveReadingsOf(hass, deviceId) : undefined;
    if (wanted !== this.readings) {
      this.hostDisconnected();
      this.readings = wanted;
      wanted?.join(this.changed);
    }
    wanted?.subscribe(hass);
  }

  hostConnected(): void {
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.readings?.leave(this.changed);
    this.readings = undefined;
  }

  private readonly changed = (): void => {
    this.host.requestUpdate();
  };
}
