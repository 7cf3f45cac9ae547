import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { define } from "../../define.ts";
import type { DeviceEntry, HassEntity, HomeAssistant } from "../../home-assistant.ts";
import type { TextKey } from "../../i18n/localize.ts";
import { kindOf } from "../../meter/devices.ts";
import { NO_ENTITY } from "../../meter/quantity.ts";
import type { Quantity } from "../../meter/quantity.ts";
import { withPhases } from "../../meter/reading.ts";
import type { Reading } from "../../meter/reading.ts";
import { levelOf, statusFlashes } from "../../meter/status-light.ts";
import { BaseCard } from "../shared/base-card.ts";
import { COMPACT, HIDE_FACEPLATE, NAME, SHOWN_PHASES, cardForm } from "../shared/card-form.ts";
import type { CardForm } from "../shared/card-form.ts";
import "./faceplate.ts";
import "./flow.ts";
import { phaseBarsStyles, renderPhaseBars } from "./phase-bars.ts";
import { TodayController } from "./today-controller.ts";

export { stubConfig } from "../shared/base-card.ts";

/** Return the form in which the owner configures this card. */
export const configForm = (): Promise<CardForm> =>
  cardForm(NAME, COMPACT, HIDE_FACEPLATE, SHOWN_PHASES);

interface Counter extends Quantity {
  name: "imported" | "exported";
  text: TextKey;
  icon: string;
}

/** The meter as it hangs in the panel, and beside it what it measures. */
export class MeterCard extends BaseCard {
  private readonly today = new TodayController(this, () => ({
    hass: this.hass,
    counters: this.counters().map(({ state }) => state),
  }));

  /** Return the counters that have statistics: those of enabled entities. */
  private counters(): Counter[] {
    return this.place.counted.flatMap((counted) => {
      const counter = this.reading?.[counted.name];
      if (!counter || counter.state.entity_id === NO_ENTITY) return [];
      return [{ ...counter, ...counted }];
    });
  }

  protected override renderReading(
    hass: HomeAssistant,
    device: DeviceEntry,
    reading: Reading,
  ): TemplateResult {
    const compact = this.config?.compact === true;
    const faced = !compact && this.config?.hide_faceplate !== true;
    const classes = `card ${faced ? "faced" : ""} ${reading.answers ? "" : "silent"}`;
    const shown = withPhases(reading, this.config?.phases);
    return html`<div class=${classes}>
      ${faced ? this.renderFace(hass, device, reading) : nothing}
      <div class="live">
        <h2>${this.heading(device)}</h2>
        ${this.renderPower(hass, reading)} ${this.renderNotice(reading)}
        ${compact ? nothing : renderPhaseBars(shown, this)} ${this.renderToday(hass)}
      </div>
    </div>`;
  }

  private renderFace(hass: HomeAssistant, device: DeviceEntry, reading: Reading): TemplateResult {
    const { power, share, level, direction, rating } = reading;
    const answers = reading.answers && hass.connected;
    const flow = power?.value === undefined ? "" : power.value < 0 ? "exporting" : "importing";
    const light = {
      direction: answers ? (direction?.state.state ?? flow) : "",
      level: level?.state.state ?? levelOf(share?.value),
      share: share?.value,
    };
    const flashes = statusFlashes(light);
    const words = [this.text(light.direction === "exporting" ? "exporting" : "importing")];
    const known = level && this.word("current_level", level);
    if (known) words.push(this.text("level", { level: known }));
    const lines: [string, unknown][] = [
      ["S/N", device.serial_number],
      ["CT", rating && this.number(rating, "A")],
      ["FW", device.sw_version],
    ];
    return html`<dts307-faceplate
      .brand=${device.manufacturer ?? ""}
      .product=${device.model ?? ""}
      .kind=${kindOf(device)}
      .lines=${lines.filter(([, value]) => value)}
      .status=${flashes}
      .statusText=${flashes.length === 0 ? this.text("dark") : words.join(", ")}
      .remoteText=${this.text(answers ? "remote" : "dark")}
      .beat=${this.live.message ?? this.beat(hass)}
      .dark=${!answers}
    ></dts307-faceplate>`;
  }

  /** Without the readings themselves: return the time of the latest update of any entity. */
  private beat(hass: HomeAssistant): string {
    const ids = Object.values(this.entities ?? {});
    const times = ids.map((id) => hass.states[id ?? ""]?.last_updated ?? "");
    return times.reduce((latest, time) => (time > latest ? time : latest), "");
  }

  private renderPower(hass: HomeAssistant, { power, production, role }: Reading): TemplateResult {
    const watts = power?.value;
    const way = watts === undefined || watts === 0 ? "" : watts < 0 ? "export" : "import";
    const { from, to, flow, words } = this.place;
    const produces = (production?.value ?? 0) > 0;
    const moves = produces ? "producing" : way ? words[way] : "idle";
    const word = this.text(watts === undefined ? "unavailable" : moves);
    const parts = power && watts !== undefined && partsOf(hass, power.state);
    return html`<div class="power ${role ?? ""} ${way}">
      <div class="headline">
        ${this.value(
          power,
          html`<span class="number">${parts ? parts.value : "–"}</span>
            <span class="unit">${parts ? parts.unit : ""}</span>`,
          parts ? `${parts.value} ${parts.unit}` : "–",
          word,
          "total",
        )}
        <span class="way" aria-hidden="true">${word}</span>
      </div>
      <dts307-flow
        aria-hidden="true"
        .from=${{ icon: from.icon, name: this.text(from.name) }}
        .to=${{ icon: to.icon, name: this.text(to.name) }}
        .power=${production?.value ?? (watts === undefined ? undefined : flow * watts)}
      ></dts307-flow>
    </div>`;
  }

  private renderToday(hass: HomeAssistant): TemplateResult {
    const today = this.text("today");
    return html`<section class="today" aria-labelledby="today">
      <h3 id="today">${today}</h3>
      ${this.counters().map(({ state, name, text, icon }) => {
        const value = this.today.energyOf(state);
        const shown = value === undefined ? "–" : hass.formatEntityState(state, value.toFixed(6));
        const what = this.text(text);
        return this.value(
          { state, value },
          html`<ha-icon .icon=${icon}></ha-icon>
            <span class="what">${what}</span>
            <span class="energy">${shown}</span>`,
          `${what} ${shown}`,
          today,
          `counter ${name} ${text}`,
        );
      })}
    </section>`;
  }

  static override styles = [
    BaseCard.styles,
    phaseBarsStyles,
    css`
      .card {
        display: grid;
        gap: 16px;
        padding: 16px;
      }
      .live {
        display: grid;
        gap: 14px;
        align-content: start;
        min-width: 0;
      }
      .power {
        --dts-flow: var(--secondary-text-color);
        display: grid;
        gap: 10px;
      }
      .import {
        --dts-flow: var(--dts-import);
      }
      .export {
        --dts-flow: var(--dts-export);
      }
      .solar.export {
        --dts-flow: var(--dts-solar);
      }
      .headline {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
      }
      .total {
        margin: -4px 4px -4px -8px;
        padding: 4px 8px;
      }
      .number {
        font-size: 40px;
        font-weight: 600;
        line-height: 1.1;
      }
      .unit {
        margin-left: 2px;
        font-size: 20px;
      }
      .way {
        font-size: 16px;
        font-weight: 600;
      }
      .silent .number {
        color: var(--secondary-text-color);
      }
      .today {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(128px, 1fr));
        gap: 8px;
        border-top: 1px solid var(--divider-color);
        padding-top: 12px;
      }
      .today h3 {
        grid-column: 1 / -1;
      }
      .counter {
        display: grid;
        grid-template-columns: auto 1fr;
        align-items: center;
        column-gap: 10px;
        margin: 0 -6px;
        padding: 4px 6px;
        --mdc-icon-size: 22px;
      }
      .counter ha-icon {
        grid-row: span 2;
      }
      .imported ha-icon {
        color: var(--dts-import);
      }
      .exported ha-icon {
        color: var(--dts-export);
      }
      .produced ha-icon {
        color: var(--dts-solar);
      }
      .what {
        font-size: 12px;
      }
      .energy {
        font-size: 18px;
        font-weight: 500;
      }
      @container (min-width: 560px) {
        .faced {
          grid-template-columns: 178px minmax(0, 1fr);
          gap: 20px;
        }
      }
    `,
  ];
}

define("dts307-card-content", MeterCard);

/** Return the absolute power and its unit; the word beside them shows the direction. */
function partsOf(hass: HomeAssistant, power: HassEntity): { value: string; unit: string } {
  const parts = hass.formatEntityStateToParts(power, `${Math.abs(Number(power.state))}`);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? "";
  return { value: of("value"), unit: of("unit") };
}
