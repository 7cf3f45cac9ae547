import { LitElement, css, html } from "lit";
import type { TemplateResult } from "lit";
import { define } from "../../define.ts";

/** The direction of power between the two ends of a place: arrows, readable without animation, too. */
export class Flow extends LitElement {
  static override properties = {
    from: {},
    to: {},
    power: {},
  };

  from = { icon: "", name: "" };
  to = { icon: "", name: "" };
  /** In W: positive from left to right, undefined if unknown. */
  power?: number;

  static override styles = css`
    :host {
      display: grid;
      grid-template-columns: auto 1fr auto;
      align-items: center;
      gap: 12px;
      color: var(--secondary-text-color);
    }
    .end {
      display: grid;
      justify-items: center;
      gap: 2px;
      font-size: 12px;
      line-height: 1.2;
      --mdc-icon-size: 26px;
    }
    .line {
      position: relative;
      height: 16px;
      margin-bottom: 14px;
      overflow: hidden;
      -webkit-mask-image: linear-gradient(90deg, #0000, #000 14%, #000 86%, #0000);
      mask-image: linear-gradient(90deg, #0000, #000 14%, #000 86%, #0000);
    }
    .line::before {
      content: "";
      position: absolute;
      top: 7px;
      bottom: 7px;
      width: 100%;
      border-radius: 1px;
      background: var(--divider-color);
    }
    .arrows {
      position: absolute;
      top: 0;
      left: -24px;
      width: calc(100% + 48px);
      height: 16px;
      fill: none;
      stroke: var(--dts-flow);
      stroke-width: 2.5;
      stroke-linecap: round;
      stroke-linejoin: round;
      animation: onwards var(--pace) linear infinite;
    }
    .backwards {
      transform: scaleX(-1);
      animation-name: backwards;
    }
    @keyframes onwards {
      to {
        transform: translateX(24px);
      }
    }
    @keyframes backwards {
      from {
        transform: scaleX(-1) translateX(0);
      }
      to {
        transform: scaleX(-1) translateX(24px);
      }
    }
    @media (prefers-reduced-motion: reduce) {
      .arrows {
        animation: none;
      }
    }
  `;

  override render(): TemplateResult {
    const power = this.power ?? 0;
    return html`
      ${renderEnd(this.from)}
      <div class="line">
        ${
          power === 0
            ? ""
            : html`<svg
                class="arrows ${power > 0 ? "onwards" : "backwards"}"
                style="--pace: ${paceOf(power)}s"
                aria-hidden="true"
              >
                <pattern id="arrow" width="24" height="16" patternUnits="userSpaceOnUse">
                  <path d="M9 3l5 5-5 5" />
                </pattern>
                <rect width="100%" height="16" fill="url(#arrow)" stroke="none" />
              </svg>`
        }
      </div>
      ${renderEnd(this.to)}
    `;
  }
}

define("dts307-flow", Flow);

function renderEnd({ icon, name }: { icon: string; name: string }): TemplateResult {
  return html`<div class="end"><ha-icon .icon=${icon}></ha-icon><span>${name}</span></div>`;
}

/** Faster with more power, in a few steps only: each change of speed makes the arrows jump. */
function paceOf(power: number): number {
  const watts = Math.abs(power);
  if (watts < 300) return 3;
  if (watts < 1500) return 1.8;
  return watts < 6000 ? 1 : 0.6;
}
