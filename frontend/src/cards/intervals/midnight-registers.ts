import type { DeviceEntry, HomeAssistant } from "../../home-assistant.ts";
import { registersAt } from "../../meter/intervals/answer.ts";
import type { Registers } from "../../meter/intervals/answer.ts";
import type { MonthView } from "../../meter/intervals/month-view.ts";

/** What the registers of a meter showed when days began. */
export class MidnightRegisters {
  /** By the instant, in ms since 1970. */
  private known = new Map<number, Registers>();
  private deviceId = "";
  private view?: MonthView;

  /** How many are known. */
  get count(): number {
    return this.known.size;
  }

  shownAt(instant: number): Registers | undefined {
    return this.known.get(instant);
  }

  /** Ask for what is not known yet of a month; return whether something was. */
  async learn(hass: HomeAssistant, device: DeviceEntry, view: MonthView): Promise<boolean> {
    if (view === this.view) return false;
    this.view = view;
    if (device.id !== this.deviceId) this.known = new Map();
    this.deviceId = device.id;
    const { known } = this;
    const asked = midnightsOf(view).filter((instant) => !known.has(instant));
    await Promise.all(
      asked.map(async (instant) => {
        try {
          known.set(instant, await registersAt(hass, device, instant));
        } catch {
          // Not known; a dash says so.
        }
      }),
    );
    return asked.length > 0;
  }
}

/** Return the beginnings of days between the first and the last known interval. */
function midnightsOf({ days }: MonthView): number[] {
  const known = days.filter(({ cells }) => cells.some(({ interval }) => interval));
  return known
    .filter(({ cells }, index) => index > 0 || cells[0]?.interval)
    .map(({ start }) => start);
}
