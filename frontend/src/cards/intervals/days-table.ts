import { css, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import type { Registers } from "../../meter/intervals/answer.ts";
import type { MonthView } from "../../meter/intervals/month-view.ts";
import type { Words } from "./words.ts";

/** Render what was not measured, and when. */
export function renderRuns(words: Words, { runs }: MonthView): TemplateResult | typeof nothing {
  if (runs.length === 0) return nothing;
  return html`<section class="runs" aria-labelledby="runs">
    <h3 id="runs">${words.word("not_measured")}</h3>
    <ul tabindex="0" aria-labelledby="runs">
      ${runs.map((run) => {
        const { when, what } = words.run(run);
        return html`<li><span class="when">${when}</span> <span>${what}</span></li>`;
      })}
    </ul>
    ${
      runs.some(({ quality }) => quality === "estimated")
        ? html`<p>${words.word("why_estimated")}</p>`
        : nothing
    }
    ${
      runs.some(({ quality }) => quality === "edited")
        ? html`<p>${words.word("why_edited")}</p>`
        : nothing
    }
  </section>`;
}

/** Render the days of a month in numbers, which screen readers can walk through. */
export function renderDaysTable(
  words: Words,
  { days, last }: MonthView,
  registersAt: (instant: number) => Registers | undefined,
  toggled: (event: Event) => void,
): TemplateResult {
  const known = days.slice(0, (last?.day ?? -1) + 1);
  const midnight = days[0]?.start ?? 0;
  return html`<details @toggle=${toggled}>
    <summary>${words.word("days_table")}</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">${words.word("day")}</th>
          ${words.counted.map((each) => html`<th scope="col">${words.heading(each)}</th>`)}
          ${words.counted.map(
            ({ name }) => html`<th scope="col">${words.readingHeading(name, midnight)}</th>`,
          )}
          <th scope="col" class="spans">${words.word("not_measured")}</th>
        </tr>
      </thead>
      <tbody>
        ${known.map(({ start, energy, runs }) => {
          const registers = registersAt(start);
          return html`<tr>
            <th scope="row">${words.day(start)}</th>
            ${words.counted.map(({ name }) => html`<td>${words.digits(energy[name])}</td>`)}
            ${words.counted.map(({ name }) => html`<td>${words.reading(registers, name)}</td>`)}
            <td class="spans">${runs.map((run) => html`<div>${words.span(run)}</div>`)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </details>`;
}

export const daysTableStyles = css`
  .runs {
    display: grid;
    gap: 6px;
    font-size: 12px;
    line-height: 1.45;
  }
  /* A line that drops every hour makes hundreds of them. */
  .runs ul {
    max-height: 240px;
    overflow-y: auto;
    margin: 0;
    padding: 0;
    list-style: none;
    font-variant-numeric: tabular-nums;
  }
  .runs li {
    display: flex;
    flex-wrap: wrap;
    margin-bottom: 4px;
  }
  .when {
    margin-right: 12px;
    color: var(--secondary-text-color);
  }
  .spans {
    display: none;
  }
  @container (min-width: 560px) {
    .spans {
      display: table-cell;
    }
    .when {
      flex: 0 0 260px;
    }
  }
  summary {
    padding: 8px 0;
    font-size: 14px;
    cursor: pointer;
    border-radius: 6px;
  }
  summary:focus {
    outline: 2px solid var(--primary-color);
  }
  summary:focus:not(:focus-visible) {
    outline: none;
  }
  table {
    width: 100%;
    max-width: 900px;
    border-collapse: collapse;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 5px 0 5px 6px;
    text-align: right;
    vertical-align: top;
    font-weight: 400;
    border-top: 1px solid var(--divider-color);
  }
  th:first-child {
    padding-left: 0;
    text-align: left;
    white-space: nowrap;
  }
  thead th {
    border: none;
    font-size: 11px;
    vertical-align: bottom;
    color: var(--secondary-text-color);
    word-break: break-word;
  }
`;
