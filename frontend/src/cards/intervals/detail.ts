// What the heat map shows where the owner points; without that, the sums of the month.
import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { powerOf } from "../../meter/intervals/month-view.ts";
import type { Cell, MonthView } from "../../meter/intervals/month-view.ts";
import type { Words } from "./words.ts";

/** Render an interval. */
export function renderCell(words: Words, cell: Cell): TemplateResult {
  const { interval } = cell;
  const quality = interval?.quality ?? "unknown";
  return html`<p class="title">
      ${words.day(cell.start)}, ${words.times([cell])}
      <span class="quality">${words.quality(quality)}</span>
    </p>
    ${words.counted.map(({ name, text }) => {
      const value = interval?.[name];
      if (interval == null || value == null) return nothing;
      const notes = [words.kilowatts(powerOf(cell, name) ?? 0, 2), words.bounds(interval, name)];
      return figure(name, words.word(text), words.energy(value, 3), notes);
    })}`;
}

/** Render the sums of a month. */
export function renderMonth(words: Words, view: MonthView): TemplateResult {
  return html`<p class="title">${words.word("whole_month")}</p>
    ${words.counted.map(({ name, text }) => {
      const value = view.energy[name];
      const estimated = view.estimated[name];
      if (value === undefined) return nothing;
      const notes = estimated ? [words.ofItEstimated(estimated)] : [];
      return figure(name, words.word(text), words.energy(value, 2), notes);
    })}`;
}

function figure(name: string, word: string, value: string, notes: string[]): TemplateResult {
  return html`<div class="figure ${name}">
    <span class="what">${word}</span>
    <span class="energy">${value}</span>
    <span class="notes">${notes.map((note) => html`<span>${note}</span>`)}</span>
  </div>`;
}

export const detailStyles = css`
  .detail {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 4px 12px;
    align-content: start;
    /* As high with the longest notes: the map below must stay under the pointer. */
    min-height: 100px;
    line-height: 1.3;
    font-variant-numeric: tabular-nums;
  }
  .title,
  .message {
    grid-column: 1 / -1;
    font-size: 14px;
    color: var(--primary-text-color);
  }
  .message {
    color: var(--secondary-text-color);
  }
  .notes {
    display: flex;
    flex-wrap: wrap;
  }
  .notes span {
    margin-right: 10px;
  }
  .quality {
    display: inline-block;
    margin-left: 4px;
    padding: 0 6px;
    border-radius: 4px;
    font-size: 12px;
    line-height: 18px;
    background-color: var(--dts-track);
  }
  .figure {
    display: grid;
    align-content: start;
    padding-left: 10px;
    border-left: 4px solid var(--dts-import);
    border-radius: 2px;
  }
  .figure.exported {
    border-color: var(--dts-out);
  }
  .figure .energy {
    font-size: 18px;
    font-weight: 500;
  }
  .what,
  .notes {
    font-size: 12px;
    color: var(--secondary-text-color);
  }
  @container (min-width: 560px) {
    .detail {
      grid-template-columns: auto auto 1fr;
      column-gap: 28px;
      min-height: 84px;
    }
  }
`;
