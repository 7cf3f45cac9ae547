import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { define } from "../../define.ts";
import type { DeviceEntry, HomeAssistant } from "../../home-assistant.ts";
import type { TextKey } from "../../i18n/localize.ts";
import { nominalAngle, phasorsOf, roundUp } from "../../meter/phasors.ts";
import type { Phasor } from "../../meter/phasors.ts";
import { PHASES } from "../../meter/phases.ts";
import { withPhases } from "../../meter/reading.ts";
import type { Phase, Reading } from "../../meter/reading.ts";
import { BaseCard } from "../shared/base-card.ts";
import { NAME, SHOWN_PHASES, cardForm } from "../shared/card-form.ts";
import type { CardForm } from "../shared/card-form.ts";
import { renderVector } from "./vector.ts";

export { stubConfig } from "../shared/base-card.ts";

/** Return the form in which the owner configures this card. */
export const configForm = (): Promise<CardForm> => cardForm(NAME, SHOWN_PHASES);

/** The length of the largest voltage and current in the drawing. */
const VOLTS = 84;
const AMPS = 72;

/** Voltages and currents as vectors, which show reversed or swapped current transformers. */
export class PhasorCard extends BaseCard {
  protected override renderReading(
    _hass: HomeAssistant,
    device: DeviceEntry,
    all: Reading,
  ): TemplateResult {
    // The angles follow from all phases.
    const nominal = nominalAngle(all);
    const reading = withPhases(all, this.config?.phases);
    const phasors = phasorsOf(reading, nominal);
    return html`<div class="card">
      <h2>${this.heading(device)}</h2>
      ${this.renderDiagram(reading, phasors)}
      <div class="side">
        ${this.renderNotice(reading)} ${this.renderTable(reading, phasors)}
        <div class="notice suspicion" role="status">${this.suspicion(reading)}</div>
        <p>${this.noteOf(reading, phasors, nominal)}</p>
      </div>
    </div>`;
  }

  /** Return the wiring faults that the integration has found. */
  private suspicion({ reversedCts, swappedCts }: Reading): string {
    const faults: [TextKey, string[]][] = [
      ["swapped", swappedCts],
      ["reversed", reversedCts],
    ];
    return faults
      .filter(([, phases]) => phases.length > 0)
      .map(([key, phases]) => this.text(key, { phases: phases.join(", ") }))
      .join(" ");
  }

  private noteOf({ topology }: Reading, phasors: Phasor[], nominal: number): string {
    const key = topology === "single" ? "nominal_single" : "nominal";
    const notes = [this.text(key, { angle: `${nominal}` })];
    if (topology === "delta") notes.push(this.text("nominal_delta"));
    if (phasors.some(({ current, signed }) => current && !signed)) {
      notes.push(this.text("sign_unknown"));
    }
    return notes.join(" ");
  }

  private renderDiagram(reading: Reading, phasors: Phasor[]): TemplateResult {
    const largest = (of: "voltage" | "current"): number =>
      Math.max(0, ...phasors.map((phasor) => phasor[of]?.magnitude ?? 0));
    const [volts, amps] = [largest("voltage") || 1, roundUp(largest("current"))];
    const scale = largest("current") ? this.number(amps, "A") : nothing;
    const text = phasors.map((phasor, index) => this.sentenceOf(reading.phases[index], phasor));
    return html`<svg viewBox="-116 -104 232 208" role="img" aria-label=${text.join(" ")}>
      <g class="grid">
        <circle r=${AMPS} />
        <circle r=${AMPS / 2} />
        <path d="M-100 0H100M0 -100V100" />
      </g>
      <text class="scale" x="3" y=${-AMPS - 3}>${scale}</text>
      ${phasors.map(({ name, voltage }) => {
        const phase = reading.phases.find((one) => one.name === name);
        const mark = phase?.betweenLines && name ? PHASES[name].pair : (name ?? "");
        return renderVector(voltage, VOLTS / volts, `voltage ${name ?? "A"}`, "V", mark);
      })}
      ${phasors.map(({ name, current }) =>
        renderVector(current, AMPS / amps, `current ${name ?? "A"}`, "I", name ?? ""),
      )}
      <circle class="middle" r="2.5" />
    </svg>`;
  }

  private sentenceOf(phase: Phase | undefined, phasor: Phasor): string {
    const name = phasor.name ? `${this.text("phase", { phase: phasor.name })}: ` : "";
    return `${name}${this.format(phase?.voltage)}, ${this.format(phase?.current)}, ${this.angleOf(phasor)}.`;
  }

  private angleOf({ lag, signed }: Phasor): string {
    if (lag === undefined) return "–";
    const degrees = Math.round(Math.abs(lag));
    const angle = `${degrees}°`;
    if (!signed) return angle;
    const ways: Record<number, TextKey> = { 0: "in_phase", 180: "in_opposition" };
    return `${angle} ${this.text(ways[degrees] ?? (lag > 0 ? "lagging" : "leading"))}`;
  }

  private renderTable(reading: Reading, phasors: Phasor[]): TemplateResult {
    return html`<div class="table" role="table" aria-label=${this.text("phasors")}>
      ${reading.phases.map((phase, index) => {
        const phasor = phasors[index];
        const { name } = phase;
        const label = name ? this.text("phase", { phase: name }) : "";
        const what = (key: TextKey): string => `${label} ${this.text(key)}`.trim();
        const cell = (content: unknown): TemplateResult =>
          html`<span role="cell">${content}</span>`;
        const [volts, amps] = [this.format(phase.voltage), this.format(phase.current)];
        const angle = phasor ? this.angleOf(phasor) : "–";
        return html`<div role="row" class=${name ?? "A"}>
          ${name ? html`<span role="rowheader" aria-label=${label}>${name}</span>` : nothing}
          ${cell(this.value(phase.voltage, volts, volts, what("voltage")))}
          ${cell(this.value(phase.current, amps, amps, what("current")))}
          ${cell(
            this.value(
              phase.reactivePower ?? phase.power,
              `∠ ${angle}`,
              `∠ ${angle}`,
              what("angle"),
            ),
          )}
        </div>`;
      })}
    </div>`;
  }

  static override styles = [
    BaseCard.styles,
    css`
      .card {
        display: grid;
        gap: 8px;
        padding: 16px;
      }
      svg {
        display: block;
        width: 100%;
        max-width: 380px;
        margin: 0 auto;
        font-family: inherit;
      }
      .grid {
        fill: none;
        stroke: var(--divider-color);
        stroke-width: 1;
      }
      .scale {
        font-size: 8px;
        fill: var(--secondary-text-color);
      }
      .middle {
        fill: var(--primary-text-color);
      }
      .A {
        --phase: var(--dts-a);
      }
      .B {
        --phase: var(--dts-b);
      }
      .C {
        --phase: var(--dts-c);
      }
      .vector {
        stroke: var(--phase);
        fill: var(--phase);
      }
      .vector path {
        fill: none;
        stroke-width: 1.6;
      }
      .vector polygon {
        stroke: none;
      }
      .vector text {
        stroke: var(--ha-card-background, var(--card-background-color));
        stroke-width: 3;
        paint-order: stroke;
        font-size: 10px;
        font-weight: 600;
        text-anchor: middle;
        dominant-baseline: central;
      }
      .index {
        font-size: 7.5px;
        stroke: none;
      }
      .current,
      .current path {
        stroke-width: 4.5;
        stroke-linecap: round;
      }
      .voltage > :not(text) {
        opacity: 0.8;
      }
      .side {
        display: grid;
        gap: 10px;
      }
      /* The columns are as wide as their texts, in every language. */
      .table {
        display: table;
        width: 100%;
        font-size: 14px;
      }
      [role="row"] {
        display: table-row;
      }
      [role="rowheader"],
      [role="cell"] {
        display: table-cell;
        padding-right: 8px;
        vertical-align: middle;
      }
      [role="rowheader"] {
        font-weight: 700;
        color: var(--phase);
      }
      [role="cell"]:last-child {
        padding-right: 0;
        text-align: right;
      }
      [role="cell"]:last-child .value {
        white-space: normal;
      }
      .value {
        min-height: 24px;
        padding: 4px 6px;
        margin: 0 -6px;
      }
      p {
        font-size: 12px;
        line-height: 1.45;
      }
      @container (min-width: 560px) {
        .card {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
          align-items: center;
          column-gap: 20px;
        }
        h2 {
          grid-column: 1 / -1;
        }
      }
    `,
  ];
}

define("dts307-phasor-card-content", PhasorCard);
