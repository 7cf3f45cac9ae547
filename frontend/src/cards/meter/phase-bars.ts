// Per phase a bar of the current against the service current, with volts, watts and power factor.
import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { TextKey } from "../../i18n/localize.ts";
import { pairOf } from "../../meter/reading.ts";
import type { Phase, Quantity, Reading } from "../../meter/reading.ts";
import { levelOf } from "../../meter/status-light.ts";

/** How a card says things. */
export interface Words {
  format: (quantity: Quantity | undefined) => string;
  number: (value: number | string, unit?: string) => string;
  text: (key: TextKey, values?: Readonly<Record<string, string>>) => string;
  value: (
    quantity: Quantity | undefined,
    content: unknown,
    label: string,
    name?: string,
  ) => TemplateResult | typeof nothing;
}

/** The end of a bar, in percent of the service current, so that an overload has room. */
const LONGEST = 120;
const MARKS = [80, 100];

export function renderPhaseBars(reading: Reading, words: Words): TemplateResult {
  const { phases, serviceCurrent, level, answers } = reading;
  const service = serviceCurrent === undefined ? "" : words.number(serviceCurrent, "A");
  const untold = !service && answers && (level?.state.state ?? "unknown") === "unknown";
  const caption = phases.length > 1 ? "service_per_phase" : "service";
  return html`<section class="phases" aria-labelledby="phases">
    <h3 id="phases">${service ? words.text(caption, { service }) : words.text("current")}</h3>
    ${untold ? html`<p class="hint">${words.text("no_service")}</p>` : nothing}
    ${phases.map((phase) => renderPhase(phase, reading, service, words))}
  </section>`;
}

function renderPhase(
  phase: Phase,
  { serviceCurrent, answers }: Reading,
  service: string,
  words: Words,
): TemplateResult {
  const { name, current, voltage, power } = phase;
  const of = name ? words.text("phase", { phase: name }) : undefined;
  const label = (key: TextKey, value: string): string =>
    [of, words.text(key), value].filter(Boolean).join(" ");
  const amps = current?.value;
  const share =
    amps === undefined || serviceCurrent === undefined
      ? undefined
      : (Math.abs(amps) / serviceCurrent) * 100;
  const volts = name && phase.betweenLines ? pairOf(name) : "";
  return html`<div class="phase ${name ? "" : "single"}" role="group" aria-label=${of ?? nothing}>
    ${name ? html`<span class="name" aria-hidden="true">${name}</span>` : nothing}
    ${
      serviceCurrent === undefined
        ? // A meter that is silent has its bars empty, and nothing moves when it is back.
          html`<div class=${answers ? "" : "bar"}></div>`
        : html`<div
            class="bar ${levelOf(share) ?? ""}"
            role="meter"
            aria-label=${label("current", "")}
            aria-valuemin="0"
            aria-valuemax=${serviceCurrent}
            aria-valuenow=${amps === undefined ? 0 : Math.abs(amps)}
            aria-valuetext="${words.format(current)} / ${service}"
          >
            <div
              class="fill"
              style="width: ${Math.min(share ?? 0, LONGEST) / (LONGEST / 100)}%"
            ></div>
            ${MARKS.map((mark) => html`<i style="left: ${mark / (LONGEST / 100)}%"></i>`)}
          </div>`
    }
    ${words.value(current, words.format(current), label("current", words.format(current)), "amps")}
    <div class="values">
      ${words.value(
        voltage,
        html`${volts ? html`<span class="pair">${volts}</span>` : nothing}${words.format(voltage)}`,
        label("voltage", words.format(voltage)),
      )}
      ${words.value(power, words.format(power), label("power", words.format(power)))}
      ${renderPowerFactor(phase, label, words)}
    </div>
  </div>`;
}

function renderPowerFactor(
  { powerFactor, power, powerFactorValue }: Phase,
  label: (key: TextKey, value: string) => string,
  words: Words,
): TemplateResult | typeof nothing {
  const shown = powerFactorValue === undefined ? "–" : words.number(powerFactorValue.toFixed(2));
  // An owner may have disabled its entity; the power is what leads on then.
  return words.value(
    powerFactor ?? power,
    html`<span class="pair">${words.text("power_factor_short")}</span>${shown}`,
    label("power_factor", shown),
  );
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
    background: color-mix(in srgb, var(--primary-text-color) 11%, transparent);
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
    inset-block: 0;
    width: 2px;
    margin-left: -1px;
    background: var(--ha-card-background, var(--card-background-color));
  }
  .amps {
    justify-self: end;
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
    padding: 4px 6px;
    margin: 0 -6px;
  }
  .values .value:nth-child(2) {
    justify-self: center;
  }
  .values .value:last-child {
    justify-self: end;
  }
  .pair {
    margin-right: 4px;
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
