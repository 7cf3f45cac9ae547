import { LitElement, css, html } from "lit";
import type { TemplateResult } from "lit";
import { define } from "../../define.ts";
import { colours } from "./led.ts";
import { PERIOD } from "../../meter/status-light.ts";
import type { Flash } from "../../meter/status-light.ts";

// A received request, and the reply that is sent (installation guide, 5.2).
const REMOTE: Flash[] = [
  { colour: "green", start: 0, duration: 0.09 },
  { colour: "amber", start: 0.13, duration: 0.09 },
];

/** The front of the meter: a housing for the DIN rail between its green pluggable terminals. */
export class Faceplate extends LitElement {
  static override properties = {
    brand: {},
    product: {},
    kind: {},
    lines: {},
    status: {},
    statusText: { attribute: false },
    remoteText: { attribute: false },
    beat: {},
    dark: { type: Boolean, reflect: true },
  };

  brand = "";
  product = "";
  kind = "";
  /** Lines of the label: name and value. */
  lines: [string, unknown][] = [];
  status: Flash[] = [];
  statusText = "";
  remoteText = "";
  /** Changes with each reading, and makes REMOTE flicker. */
  beat?: unknown;
  dark = false;

  static override styles = [
    colours,
    css`
      :host {
        display: block;
        container-type: inline-size;
        --mono:
          ui-monospace, "SF Mono", "Roboto Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
      }
      .face {
        display: grid;
        grid-template-rows: auto 1fr auto;
        height: 100%;
        border-radius: 8px;
        overflow: hidden;
        color: #dfe3e6;
        background: linear-gradient(100deg, #474c51, #3a3f44 45%, #33383c);
        box-shadow:
          0 1px 2px rgb(0 0 0 / 35%),
          0 6px 14px rgb(0 0 0 / 22%),
          inset 0 1px 0 #676d73,
          inset 0 -2px 0 #24282b;
      }
      .blocks {
        display: flex;
        justify-content: space-between;
        padding: 7px 12px 6px;
        background: linear-gradient(#2c3034, #25292c);
        border-bottom: 1px solid #1b1e20;
      }
      .blocks:last-child {
        border-bottom: 0;
        border-top: 1px solid #4b5156;
        padding: 6px 12px 8px;
      }
      .block {
        height: 15px;
        width: calc(var(--pins) * 15px);
        border-radius: 2px;
        background:
          radial-gradient(circle at 50% 50%, #b9c0c4 0 2.6px, #14532b 2.7px 4.4px, #0000 4.6px) 0
            0 / 15px 100%,
          linear-gradient(90deg, rgb(0 0 0 / 25%) 0 1px, #0000 1px) 0 0 / 15px 100%,
          linear-gradient(#2f9e5b, #1f7a43);
      }
      .plate {
        display: flex;
        flex-direction: column;
        justify-content: space-between;
        gap: 18px;
        padding: 16px 16px 18px;
      }
      .brand {
        word-break: break-word;
        font-size: 10px;
        letter-spacing: 0.2em;
        text-transform: uppercase;
        color: #b4bbc0;
      }
      .product {
        font-size: 23px;
        font-weight: 700;
        line-height: 1.3;
        white-space: nowrap;
      }
      .product.long {
        font-size: 15px;
        word-break: break-word;
        white-space: normal;
      }
      .kind {
        font-size: 10.5px;
        color: #b9c0c5;
      }
      .lights {
        display: grid;
        gap: 14px;
      }
      .light {
        display: grid;
        grid-template-columns: auto 1fr;
        align-items: center;
        column-gap: 13px;
        font-size: 11px;
        font-weight: 650;
        letter-spacing: 0.12em;
      }
      .pattern {
        grid-column: 2;
        position: relative;
        height: 3px;
        margin-top: 4px;
        border-radius: 2px;
        background: rgb(255 255 255 / 12%);
      }
      .pattern i {
        position: absolute;
        top: 0;
        bottom: 0;
        border-radius: 2px;
        background: var(--lit);
      }
      .label {
        margin: 0;
        border-radius: 3px;
        padding: 6px 9px;
        font: 9.5px/1.6 var(--mono);
        background: #dfe2e3;
        color: #23282c;
        display: grid;
        grid-template-columns: auto 1fr;
        column-gap: 1.4em;
      }
      dt,
      dd {
        margin: 0;
        white-space: nowrap;
        overflow: hidden;
        text-overflow: ellipsis;
      }
      :host([dark]) .face {
        filter: saturate(0.5) brightness(0.8);
      }
      @container (min-width: 260px) {
        .plate {
          flex-direction: row;
          align-items: center;
          padding-top: 12px;
          padding-bottom: 13px;
        }
        .label {
          display: none;
        }
        .lights {
          min-width: 108px;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<div class="face">
      <div class="blocks" aria-hidden="true"><div class="block" style="--pins: 10"></div></div>
      <div class="plate">
        <div>
          <div class="brand">${this.brand}</div>
          <div class="product ${this.product.length > 9 ? "long" : ""}">${this.product}</div>
          <div class="kind">${this.kind}</div>
        </div>
        <div class="lights">
          <div class="light" role="img" aria-label="STATUS: ${this.statusText}">
            <dts307-led id="status" .flashes=${this.status} .period=${PERIOD}></dts307-led>
            STATUS ${this.renderPattern()}
          </div>
          <div class="light" role="img" aria-label="REMOTE: ${this.remoteText}">
            <dts307-led
              id="remote"
              .flashes=${this.dark ? [] : REMOTE}
              .beat=${this.beat}
            ></dts307-led>
            REMOTE
          </div>
        </div>
        <dl class="label">
          ${this.lines.map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${value}</dd>`,
          )}
        </dl>
      </div>
      <div class="blocks" aria-hidden="true">
        <div class="block" style="--pins: 6"></div>
        <div class="block" style="--pins: 3"></div>
      </div>
    </div>`;
  }

  /** Draw the pattern of STATUS as a line, as the guide does: it is readable without animation. */
  private renderPattern(): TemplateResult {
    return html`<div class="pattern">
      ${this.status.map(
        ({ colour, start, duration }) =>
          html`<i
            class=${colour}
            style="left: ${(start / PERIOD) * 100}%; width: ${(duration / PERIOD) * 100}%"
          ></i>`,
      )}
    </div>`;
  }
}

define("dts307-faceplate", Faceplate);
