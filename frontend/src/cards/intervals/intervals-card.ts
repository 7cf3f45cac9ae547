import { css, html, nothing } from "lit";
import type { PropertyValues, TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { define } from "../../define.ts";
import type { DeviceEntry, HomeAssistant } from "../../home-assistant.ts";
import type { Registers } from "../../meter/intervals/answer.ts";
import type { Position } from "../../meter/intervals/month-view.ts";
import type { Reading } from "../../meter/reading.ts";
import type { TextKey, Texts } from "../../i18n/localize.ts";
import { BaseCard } from "../shared/base-card.ts";
import { NAME, cardForm } from "../shared/card-form.ts";
import type { CardForm } from "../shared/card-form.ts";
import { moved } from "./cursor.ts";
import { daysTableStyles, renderDaysTable, renderRuns } from "./days-table.ts";
import { detailStyles, renderCell, renderMonth } from "./detail.ts";
import { FORMATS, download } from "./downloads.ts";
import type { Format } from "./downloads.ts";
import { reasonOf } from "./failure.ts";
import { formatted } from "./formats.ts";
import { heatMapStyles, positionUnder, renderHeatMap } from "./heat-map.ts";
import type { HeatMapListener } from "./heat-map.ts";
import { legendStyles, renderLegend } from "./legend.ts";
import { MidnightRegisters } from "./midnight-registers.ts";
import { MonthController } from "./month-controller.ts";
import { topOf } from "./scale.ts";
import { Words } from "./words.ts";

export { stubConfig } from "../shared/base-card.ts";

/** Return the form in which the owner configures this card. */
export const configForm = (): Promise<CardForm> => cardForm(NAME);

/** Words, and what they depend on. */
interface Spoken {
  texts: Texts | undefined;
  hass: HomeAssistant;
  role: string | undefined;
  words: Words;
}

/** The energy of a month by time of day, as a heat map of its days. */
export class IntervalsCard extends BaseCard {
  static override properties = {
    ...BaseCard.properties,
    selected: {},
    hovered: {},
    reason: {},
  };

  /** Where the keys have led, or a tap. */
  protected selected?: Position | undefined;
  /** What the pointer is over. */
  protected hovered?: Position | undefined;
  /** Why the month, or else a file, could not be had. */
  protected reason?: { failure: unknown; text: string } | undefined;
  private readonly month = new MonthController(this, () => ({
    hass: this.hass,
    device: this.device,
  }));
  private spoken?: Spoken;
  private readonly registers = new MidnightRegisters();
  private tableOpen = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { failure } = this.month;
    if (this.hass && failure !== undefined && failure !== this.reason?.failure) {
      void this.explain(this.hass, failure, "history_failed");
    }
    if (this.tableOpen) void this.learnRegisters();
  }

  /** That is one question for each day, so only for a table that is looked at. */
  private async learnRegisters(): Promise<void> {
    const { hass, device, month } = this;
    if (!hass || !device || !month.view) return;
    if (await this.registers.learn(hass, device, month.view)) this.requestUpdate();
  }

  private async explain(hass: HomeAssistant, failure: unknown, key: TextKey): Promise<void> {
    this.reason = { failure, text: "" };
    const text = this.text(key, { reason: await reasonOf(hass, failure) });
    this.reason = { failure, text: text.trim() };
  }

  protected override renderReading(
    hass: HomeAssistant,
    device: DeviceEntry,
    { role }: Reading,
  ): TemplateResult {
    const { month } = this;
    const words = this.wordsFor(hass, role);
    const view = month.view ?? month.empty;
    const title = formatted(hass, "month", view.days[0]?.start ?? 0);
    const bands = words.counted.filter(({ name }) => view.energy[name]);
    if (bands.length === 0) bands.push(...words.counted);
    // While it is loaded, there is room for what is likely to come.
    const known = month.view ? view.last : month.failure === undefined;
    const top = topOf(view.highest);
    const selected = month.view && this.selected;
    const map = {
      view,
      words,
      bands,
      top,
      selected,
      label: this.text("heat_map", { month: title }),
      busy: !month.view && month.failure === undefined,
      shown: this.hovered ?? selected,
    };
    return html`<div class="card ${role ?? ""}">
      <div class="head">
        <h2>${this.heading(device)}</h2>
        ${this.renderChooser(title)}
      </div>
      <div class="detail">${this.renderDetail(words, map.shown)}</div>
      ${renderHeatMap(map, this.listener)} ${renderLegend(words, bands, top)}
      ${guard([view, words, known, this.registers.count], () => [
        renderRuns(words, view),
        known ? renderDaysTable(words, view, this.registerAt, this.toggled) : nothing,
      ])}
      ${known ? this.renderDownloads(title) : nothing}
    </div>`;
  }

  /** Keep the words while they stay the same, so that rows of the map do, too. */
  private wordsFor(hass: HomeAssistant, role: string | undefined): Words {
    const { texts, spoken } = this;
    if (
      spoken?.role !== role ||
      spoken?.texts !== texts ||
      spoken?.hass.locale !== hass.locale ||
      spoken.hass.config.time_zone !== hass.config.time_zone ||
      spoken.hass.formatEntityState !== hass.formatEntityState
    ) {
      const words = new Words(this, hass, this.place.counted);
      this.spoken = { texts, hass, role, words };
      return words;
    }
    return spoken.words;
  }

  private renderChooser(title: string): TemplateResult {
    const step = (months: 1 | -1, icon: string, label: string, possible: boolean): TemplateResult =>
      html`<button
        type="button"
        class="step"
        aria-label=${label}
        title=${label}
        aria-disabled=${possible ? "false" : "true"}
        data-months=${months}
        @click=${this.turned}
      >
        <ha-icon .icon=${icon}></ha-icon>
      </button>`;
    const { hasPrevious, hasNext } = this.month;
    return html`<div class="chooser">
      ${step(-1, "mdi:chevron-left", this.text("previous_month"), hasPrevious)}
      <h3 class="month" aria-live="polite">${title}</h3>
      ${step(1, "mdi:chevron-right", this.text("next_month"), hasNext)}
    </div>`;
  }

  private renderDetail(words: Words, shown: Position | undefined): unknown {
    const { view, failure } = this.month;
    if (!view && failure !== undefined) {
      return html`<p class="message" role="alert">${this.reason?.text}</p>
        <button type="button" class="action" @click=${this.retry}>
          ${this.hass?.localize("ui.common.retry")}
        </button>`;
    }
    const cell = shown && view?.days[shown.day]?.cells[shown.cell];
    if (cell) return renderCell(words, cell);
    if (!view || view.last) return renderMonth(words, view ?? this.month.empty);
    const key = this.month.hasNext ? "nothing_known" : "first_interval";
    return html`<p class="message" role="status">${this.text(key)}</p>`;
  }

  private renderDownloads(title: string): TemplateResult {
    return html`<div class="downloads" role="group" aria-labelledby="downloads">
      <h3 id="downloads">${this.text("download_month", { month: title })}</h3>
      ${Object.entries(FORMATS).map(
        ([format, name]) =>
          html`<button type="button" class="action" data-format=${format} @click=${this.save}>
            ${name}
          </button>`,
      )}
      <div class="notice" role="status">
        ${this.month.failure === undefined ? (this.reason?.text ?? nothing) : nothing}
      </div>
    </div>`;
  }

  private readonly turned = (event: Event): void => {
    this.turn(Number((event.currentTarget as HTMLElement).dataset.months));
  };

  private turn(months: number): void {
    this.selected = this.hovered = this.reason = undefined;
    this.month.move(months);
  }

  private readonly registerAt = (instant: number): Registers | undefined =>
    this.registers.shownAt(instant);

  private readonly toggled = (event: Event): void => {
    this.tableOpen = (event.currentTarget as HTMLDetailsElement).open;
    if (this.tableOpen) void this.learnRegisters();
  };

  private readonly retry = (): void => {
    this.month.retry();
  };

  private readonly save = async (event: Event): Promise<void> => {
    const { hass, device } = this;
    const { format } = (event.currentTarget as HTMLElement).dataset;
    if (!hass || !device) return;
    this.reason = undefined;
    try {
      await download(hass, device, format as Format, this.month);
    } catch (failure) {
      await this.explain(hass, failure, "file_failed");
    }
  };

  private readonly listener: HeatMapListener = {
    focused: () => {
      this.selected ??= this.month.view?.last;
    },
    pressed: (event) => {
      const { view } = this.month;
      const { key } = event;
      const months = key === "PageUp" ? -1 : key === "PageDown" ? 1 : undefined;
      const from = this.selected ?? view?.last;
      const position = view && from && moved(view.days, from, key);
      if (event.altKey || event.ctrlKey || event.metaKey || !(months ?? position)) return;
      event.preventDefault();
      if (months) this.turn(months);
      else this.selected = position;
      this.hovered = undefined;
    },
    pointed: (event) => {
      this.hovered = this.month.view && positionUnder(event, this.month.view);
      // A finger that slides along.
      if (event.buttons > 0) this.selected = this.hovered;
    },
    tapped: (event) => {
      this.selected = this.month.view && positionUnder(event, this.month.view);
    },
    left: () => {
      this.hovered = undefined;
    },
  };

  static override styles = [
    BaseCard.styles,
    detailStyles,
    heatMapStyles,
    legendStyles,
    daysTableStyles,
    css`
      .card {
        --dts-out: var(--dts-export);
        --dts-ground: var(--ha-card-background, var(--card-background-color));
        --dts-known: var(--dts-hover);
        --dts-import-more: var(--dts-import);
        --dts-import-most: var(--dts-import);
        --dts-out-more: var(--dts-out);
        --dts-out-most: var(--dts-out);
        --dts-line: rgb(127 127 127 / 80%);
        --dts-hatch: repeating-linear-gradient(135deg, var(--dts-line) 0 1px, transparent 1px 4px);
        display: grid;
        gap: 12px;
        padding: 12px 12px 16px;
      }
      .solar {
        --dts-out: var(--dts-solar);
      }
      @supports (color: color-mix(in srgb, red, red)) {
        .card {
          --dts-import-more: color-mix(in srgb, var(--dts-import) 82%, var(--primary-text-color));
          --dts-out-more: color-mix(in srgb, var(--dts-out) 82%, var(--primary-text-color));
          --dts-import-most: color-mix(in srgb, var(--dts-import) 64%, var(--primary-text-color));
          --dts-out-most: color-mix(in srgb, var(--dts-out) 64%, var(--primary-text-color));
          --dts-line: color-mix(in srgb, var(--primary-text-color) 70%, transparent);
        }
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
      }
      .chooser {
        display: flex;
        align-items: center;
      }
      .month {
        min-width: 132px;
        text-align: center;
        font-size: 14px;
        color: var(--primary-text-color);
      }
      .step {
        width: 40px;
        height: 40px;
        padding: 8px;
        border-radius: 50%;
      }
      .step[aria-disabled="true"] {
        opacity: 0.3;
        cursor: default;
      }
      .action {
        justify-self: start;
        padding: 6px 12px;
        border: 1px solid var(--divider-color);
        border-radius: 16px;
        font-size: 13px;
      }
      .downloads {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
      }
      .downloads > * {
        margin: 0 8px 8px 0;
      }
      @container (min-width: 560px) {
        .card {
          gap: 16px;
          padding: 16px;
        }
      }
    `,
  ];
}

define("dts307-intervals-card-content", IntervalsCard);
