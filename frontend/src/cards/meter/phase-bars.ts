// Per phase: a bar of the current against the service current, and volts, watts and power factor.
import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { TextKey } from "../../i18n/localize.ts";
import { PHASES } from "../../meter/phases.ts";
import type { Quantity } from "../../meter/quantity.ts";
import type { Phase, Reading } from "../../meter/reading.ts";
import { levelOf } from "../../meter/status-light.ts";

/** What the rows need of the card around them. */
export interface CardContext {
  format: (quantity: Quantity | undefined) => string;
  number: (value: number | string, unit?: string) => string;
  text: (key: TextKey, values?: Readonly<Record<string, string>>) => string;
  value: (
    quantity: Quantity | undefined,
    content: unknown,
    shown: string,
    what: string,
    name?: string,
  ) => TemplateResult | typeof nothing;
}

/** The end of a bar, in percent of the service current: above 100 % to show overloads. */
const LONGEST = 120;
const MARKS = [80, 100];

export function renderPhaseBars(reading: Reading, card: CardContext): TemplateResult {
  const { phases, serviceCurrent, level, answers } = reading;
  const service = serviceCurrent === undefined ? "" : card.number(serviceCurrent, "A");
  const unknown = !service && answers && (level?.state.state ?? "unknown") === "unknown";
  const caption = phases.length > 1 ? "service_per_phase" : "service";
  return html`<section class="phases" aria-labelledby="phases">
    <h3 id="phases">${service ? card.text(caption, { service }) : card.text("current")}</h3>
    ${unknown ? html`<p class="hint">${card.text("no_service")}</p>` : nothing}
    ${phases.map((phase) => renderPhase(phase, reading, service, card))}
  </section>`;
}

function renderPhase(
  phase: Phase,
  { serviceCurrent, answers }: Reading,
  service: string,
  card: CardContext,
): TemplateResult {
  const { name, current, voltage, power } = phase;
  const of = name ? card.text("phase", { phase: name }) : undefined;
  const what = (key: TextKey): string => [of, card.text(key)].filter(Boolean).join(" ");
  const shown = card.format(current);
  const amps = current?.value;
  const share =
    amps === undefined || serviceCurrent === undefined
      ? undefined
      : (Math.abs(amps) / serviceCurrent) * 100;
  const volts = name && phase.betweenLines ? PHASES[name].pair : "";
  return html`<div class="phase ${name ? "" : "single"}" role="group" aria-label=${of ?? nothing}>
    ${name ? html`<span class="name" aria-hidden="true">${name}</span>` : nothing}
    ${
      serviceCurrent === undefined
        ? // An offline meter has empty bars, so that the layout does not change when it is back.
          html`<div class=${answers ? "" : "bar"}></div>`
        : html`<div
            class="bar ${levelOf(share) ?? ""}"
            role="meter"
            aria-label=${what("current")}
            aria-valuemin="0"
            aria-valuemax=${serviceCurrent}
            aria-valuenow=${Math.min(Math.abs(amps ?? 0), serviceCurrent)}
            aria-valuetext="${shown} / ${service}"
          >
            <div
              class="fill"
              style="width: ${Math.min(share ?? 0, LONGEST) / (LONGEST / 100)}%"
            ></div>
            ${MARKS.map((mark) => html`<i style="left: ${mark / (LONGEST / 100)}%"></i>`)}
          </div>`
    }
    ${card.value(current, shown, shown, what("current"), "amps")}
    <div class="values">
      ${renderPaired(voltage, volts, card.format(voltage), what("voltage"), card)}
      ${renderPaired(power, "", card.format(power), what("power"), card)}
      ${renderPowerFactor(phase, what("power_factor"), card)}
    </div>
  </div>`;
}

/** Render a value after the pair of lines, or the symbol, that it belongs to. */
function renderPaired(
  quantity: Quantity | undefined,
  pair: string,
  shown: string,
  what: string,
  card: CardContext,
): TemplateResult | typeof nothing {
  if (!pair) return card.value(quantity, shown, shown, what);
  const content = html`<span class="pair">${pair}</span>${` ${shown}`}`;
  return card.value(quantity, content, `${pair} ${shown}`, what);
}

function renderPowerFactor(
  { powerFactor, power, powerFactorValue }: Phase,
  what: string,
  card: CardContext,
): TemplateResult | typeof nothing {
  const shown = powerFactorValue === undefined ? "–" : card.number(powerFactorValue.toFixed(2));
  // If its entity is disabled, open that of the power.
  return renderPaired(powerFactor ?? power, card.text("power_factor_short"), shown, what, card);
}

export const phaseBarsStyles = css`
  .phases {
    display: grid;
    gap: 10px;
  }
  .phase {
    display: grid;
    grid-template-columns: 14px minmax(0, 1fr) 74px;
    align-items: center;
    column-gap: 10px;
  }
  .phase.single {
    grid-template-columns: minmax(0, 1fr) 74px;
  }
  .name {
    font-weight: 600;
  }
  .bar {
    position: relative;
    height: 8px;
    border-radius: 4px;
    overflow: hidden;
    background: var(--dts-track);
  }
  .fill {
    height: 100%;
    min-width: 2px;
    border-radius: 4px;
    background: var(--dts-green);
    transition: width 0.6s ease-out;
  }
  .high .fill {
    background: var(--dts-orange);
  }
  .over .fill {
    background: var(--dts-red);
  }
  .bar i {
    position: absolute;
    top: 0;
    bottom: 0;
    width: 2px;
    margin-left: -1px;
    background: var(--ha-card-background, var(--card-background-color));
  }
  /* With their padding, 24 px or more to touch. */
  .amps {
    justify-self: end;
    line-height: 20px;
    padding: 2px 6px;
    margin: -2px -6px;
    font-weight: 500;
  }
  .values {
    grid-column: 2 / -1;
    display: grid;
    grid-template-columns: 1fr 1fr auto;
    gap: 6px;
    font-size: 13px;
  }
  .single .values {
    grid-column: 1 / -1;
  }
  .values .value {
    justify-self: start;
    line-height: 16px;
    padding: 4px 6px;
    margin: 0 -6px;
  }
  .values .value:nth-child(2) {
    justify-self: center;
  }
  .values .value:last-child {
    justify-self: end;
  }
  .hint {
    font-size: 13px;
    line-height: 1.4;
  }
  @media (prefers-reduced-motion: reduce) {
    .fill {
      transition: none;
    }
  }
`;
