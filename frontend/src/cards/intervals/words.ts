// What the card says of intervals, in sentences for the eye and for screen readers.
import type { HomeAssistant } from "../../home-assistant.ts";
import type { TextKey } from "../../i18n/localize.ts";
import type { Direction, Interval, Registers } from "../../meter/intervals/answer.ts";
import type { Cell, Energy, Run } from "../../meter/intervals/month-view.ts";
import { formatted, isWeekend, shortDay } from "./formats.ts";

/** An energy that the meter counts, and the word for it where the meter is. */
export interface Counted {
  name: Direction;
  text: TextKey;
}

interface Speaker {
  text(key: TextKey, values?: Readonly<Record<string, string>>): string;
  number(value: number | string, unit?: string): string;
}

const QUALITIES: Readonly<Record<Run["quality"] | "actual", TextKey>> = {
  actual: "measured",
  estimated: "estimated",
  edited: "edited",
  unknown: "not_known",
};

export class Words {
  private readonly speaker: Speaker;
  private readonly hass: HomeAssistant;
  /** The energies of the meter, in the order in which they are shown. */
  readonly counted: readonly Counted[];

  constructor(speaker: Speaker, hass: HomeAssistant, counted: readonly Counted[]) {
    this.speaker = speaker;
    this.hass = hass;
    this.counted = counted;
  }

  word(key: TextKey): string {
    return this.speaker.text(key);
  }

  plain(value: number): string {
    return this.speaker.number(value);
  }

  kilowatts(value: number, decimals?: number): string {
    return this.speaker.number(decimals === undefined ? value : value.toFixed(decimals), "kW");
  }

  ofItEstimated(value: number): string {
    return this.speaker.text("of_it_estimated", { energy: this.energy(value, 2) });
  }

  /** Return an energy without its unit, for columns; a dash if it is not known. */
  digits(value: number | null | undefined): string {
    return value == null ? "–" : this.speaker.number(value.toFixed(2));
  }

  /** Return what a register showed, and whether that is an estimate. */
  reading(registers: Registers | undefined, direction: Direction): string {
    const digits = this.digits(registers?.[direction]);
    return registers?.[`${direction}_lowest`] === undefined ? digits : `≈ ${digits}`;
  }

  /** Return the heading of what a register showed when days began. */
  readingHeading(direction: Direction, midnight: number): string {
    const time = formatted(this.hass, "time", midnight);
    return `${this.speaker.text(`register_${direction}`)} ${time}`;
  }

  /** Return the word and the unit of a column. */
  heading({ text }: Counted): string {
    return `${this.speaker.text(text)} kWh`;
  }

  energy(value: number, decimals: number): string {
    return this.speaker.number(value.toFixed(decimals), "kWh");
  }

  quality(quality: Run["quality"] | "actual"): string {
    return this.speaker.text(QUALITIES[quality]);
  }

  /** Return energies as "Imported 1.20 kWh, Exported 0.30 kWh". */
  energies(energy: Energy | Interval, decimals = 2): string {
    return this.counted
      .flatMap(({ name, text }) => {
        const value = energy[name];
        return value == null ? [] : [`${this.speaker.text(text)} ${this.energy(value, decimals)}`];
      })
      .join(", ");
  }

  /** Return the bounds of an estimate, if both are known. */
  bounds(interval: Interval, direction: Direction): string {
    const lowest = interval[`${direction}_lowest`];
    const highest = interval[`${direction}_highest`];
    if (interval.quality === "actual" || lowest == null || highest == null) return "";
    const digits = (value: number): string => this.speaker.number(value.toFixed(3));
    return this.speaker.text("bounds", { lowest: digits(lowest), highest: digits(highest) });
  }

  /** Return the time of intervals in a row; what the clock shows twice has the time zone. */
  times(cells: readonly Cell[]): string {
    const [from, to] = this.ends(cells, "time");
    if (!cells.some(({ twice }) => twice)) return `${from}–${to}`;
    const [first, last] = this.ends(cells, "zone");
    return `${from}${first === last ? "" : ` ${first}`}–${to} ${last}`;
  }

  private ends(cells: readonly Cell[], shape: "time" | "zone"): [string, string] {
    const [first, last] = [cells[0], cells[cells.length - 1]];
    return [
      formatted(this.hass, shape, first?.start ?? 0),
      formatted(this.hass, shape, last?.end ?? 0),
    ];
  }

  date(instant: number): string {
    return formatted(this.hass, "date", instant);
  }

  /** Return the day of an instant in a few characters. */
  day(instant: number): string {
    return shortDay(this.hass, instant);
  }

  isWeekend(instant: number): boolean {
    return isWeekend(this.hass, instant);
  }

  /** Return all about an interval. */
  cell(cell: Cell): string {
    const { interval } = cell;
    const parts = [this.date(cell.start), this.times([cell])];
    if (interval) {
      for (const { name, text } of this.counted) {
        const value = interval[name];
        if (value === null) continue;
        parts.push(`${this.speaker.text(text)} ${this.energy(value, 3)}`);
        const bounds = this.bounds(interval, name);
        if (bounds) parts.push(bounds);
      }
    }
    parts.push(this.quality(interval?.quality ?? "unknown"));
    return parts.join(", ");
  }

  /** Return the time and the quality of what was not measured on a day. */
  span({ cells, quality }: Run): string {
    return `${this.times(cells)} ${this.quality(quality)}`;
  }

  /** Return when something was not measured, and what flowed meanwhile. */
  run({ start, end, cells, quality, energy }: Run): { when: string; what: string } {
    // What ends at midnight ends on its day.
    const [first, last] = [this.day(start), this.day(end - 1)];
    const [from, to] = this.ends(cells, "time");
    const when =
      first === last ? `${first}, ${this.times(cells)}` : `${first}, ${from} – ${last}, ${to}`;
    const what = [this.quality(quality), this.energies(energy)].filter(Boolean).join(": ");
    return { when, what };
  }
}
