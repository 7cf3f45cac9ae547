import { css, html } from "lit";
import type { TemplateResult } from "lit";
import { STEPS } from "./scale.ts";
import type { Counted, Words } from "./words.ts";

/** Render what the colours and marks of the heat map mean; `top` is in kW. */
export function renderLegend(words: Words, bands: readonly Counted[], top: number): TemplateResult {
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => step);
  return html`<div class="legend">
    <div class="scale">
      ${bands.map(
        ({ name, text }) =>
          html`<span class="what">${words.word(text)}</span>
            <span class="steps" aria-hidden="true"
              >${steps.map((step) => html`<i class="${name} step${step}"></i>`)}</span
            >`,
      )}
      <span class="what">${words.word("average_power")}</span>
      <span class="ticks"
        ><span>0</span><span>${words.plain(top / 4)}</span
        ><span>${words.kilowatts(top)}</span></span
      >
    </div>
    <ul class="marks">
      ${(["estimated", "edited", "unknown"] as const).map(
        (quality) =>
          html`<li>
            <i class="mark ${quality}" aria-hidden="true"></i>${words.quality(quality)}
          </li>`,
      )}
    </ul>
  </div>`;
}

export const legendStyles = css`
  .legend {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    font-size: 12px;
    color: var(--secondary-text-color);
  }
  .scale {
    display: grid;
    grid-template-columns: auto minmax(0, 216px);
    gap: 4px 10px;
    align-items: center;
    flex: 0 1 330px;
    margin: 0 32px 8px 0;
  }
  .steps {
    display: flex;
    height: 12px;
    border-radius: 2px;
    overflow: hidden;
  }
  .steps i {
    flex: 1;
  }
  .mark.estimated,
  .mark.edited {
    background-color: var(--dts-known);
  }
  .ticks {
    position: relative;
    display: flex;
    justify-content: space-between;
    font-variant-numeric: tabular-nums;
  }
  .marks {
    display: flex;
    flex-wrap: wrap;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .marks li {
    display: flex;
    align-items: center;
    margin: 0 18px 8px 0;
  }
  .mark {
    width: 22px;
    margin-right: 6px;
    height: 12px;
    border-radius: 2px;
    box-sizing: border-box;
    box-shadow: inset 0 0 0 1px var(--dts-hover);
  }
`;
