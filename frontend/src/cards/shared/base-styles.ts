import { css } from "lit";

export const baseStyles = css`
  :host {
    display: block;
    height: 100%;
  }
  /* Left to right on every page: arrows and marks depend on it. */
  ha-card {
    direction: ltr;
    color: var(--primary-text-color);
    height: 100%;
    box-sizing: border-box;
    container-type: inline-size;
    overflow: hidden;
    /* The directions as on Home Assistant's Energy dashboard. */
    --dts-import: var(--energy-grid-consumption-color, #488fc2);
    --dts-export: var(--energy-grid-return-color, #8353d1);
    --dts-solar: var(--energy-solar-color, #ff9800);
    --dts-green: #1d8348;
    --dts-orange: #b45309;
    --dts-red: #c62828;
    --dts-a: #1f77c9;
    --dts-b: #9b3fc4;
    --dts-c: #0d8577;
    --dts-track: rgb(127 127 127 / 20%);
    --dts-hover: rgb(127 127 127 / 15%);
    --dts-warning: rgb(255 166 0 / 18%);
  }
  /* Mixed with the text's colour, so that they are readable in dark and in light themes. */
  @supports (color: color-mix(in srgb, red, red)) {
    ha-card {
      --dts-ink: 70%, var(--primary-text-color);
      --dts-green: color-mix(in srgb, #2a9d5c var(--dts-ink));
      --dts-orange: color-mix(in srgb, #d9741f var(--dts-ink));
      --dts-red: color-mix(in srgb, #e04848 var(--dts-ink));
      --dts-a: color-mix(in srgb, #3a90dc var(--dts-ink));
      --dts-b: color-mix(in srgb, #b35fd8 var(--dts-ink));
      --dts-c: color-mix(in srgb, #1f9e8e var(--dts-ink));
      --dts-track: color-mix(in srgb, var(--primary-text-color) 11%, transparent);
      --dts-hover: color-mix(in srgb, var(--primary-text-color) 8%, transparent);
      --dts-warning: color-mix(in srgb, var(--warning-color, #ffa600) 18%, transparent);
    }
  }
  .missing {
    padding: 24px 16px;
  }
  .reserved {
    min-height: var(--dts-narrow-height);
  }
  @container (min-width: 560px) {
    .reserved {
      min-height: var(--dts-wide-height);
    }
  }
  .notice:not(:empty) {
    padding: 10px 12px;
    border-radius: 8px;
    font-size: 14px;
    line-height: 1.4;
    background: var(--dts-warning);
  }
  /* Not hidden: screen readers do not announce what was hidden before. */
  .notice:empty {
    position: absolute;
  }
  button {
    all: unset;
    cursor: pointer;
  }
  button,
  .still {
    display: inline-block;
    box-sizing: border-box;
    border-radius: 6px;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  @media (hover: hover) {
    button:hover {
      background: var(--dts-hover);
    }
  }
  button:focus {
    outline: 2px solid var(--primary-color);
    outline-offset: 1px;
  }
  /* A browser that does not know this keeps the outline after a click, too. */
  button:focus:not(:focus-visible) {
    outline: none;
  }
  h2,
  h3,
  p {
    margin: 0;
    font: inherit;
  }
  h2 {
    word-break: break-word;
    font-size: 16px;
    font-weight: 500;
    line-height: 1.3;
  }
  h3 {
    font-size: 12px;
  }
  h3,
  p,
  .pair,
  .what,
  .unit {
    color: var(--secondary-text-color);
  }
`;
