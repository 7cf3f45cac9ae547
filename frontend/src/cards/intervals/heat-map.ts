// The days of a month as rows, and their intervals as columns.
import { css, html, nothing, svg } from "lit";
import type { TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { ROW } from "../../meter/intervals/calendar.ts";
import type { DayView, MonthView, Position, Run } from "../../meter/intervals/month-view.ts";
import { cellAt } from "./cursor.ts";
import { fillsOf } from "./row-paths.ts";
import type { Counted, Words } from "./words.ts";

/** A month has at most so many rows; shorter ones leave the rest free. */
const LONGEST_MONTH = 31;
const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24];

export interface HeatMap {
  view: MonthView;
  words: Words;
  /** Which of the energies have a band in each row. */
  bands: readonly Counted[];
  /** The power of the highest step, in kW. */
  top: number;
  label: string;
  busy: boolean;
  /** Where the keys have led, or a tap; screen readers announce it. */
  selected: Position | undefined;
  /** What is shown: that, or what the pointer is over. */
  shown: Position | undefined;
}

export interface HeatMapListener {
  pressed: (event: KeyboardEvent) => void;
  focused: () => void;
  pointed: (event: PointerEvent) => void;
  tapped: (event: PointerEvent) => void;
  left: () => void;
}

/** Render the heat map: a grid, of whose cells only the selected one is there. */
export function renderHeatMap(map: HeatMap, listener: HeatMapListener): TemplateResult {
  const { view, label, busy, selected } = map;
  return html`<div
    class="map"
    role="grid"
    tabindex="0"
    aria-label=${label}
    aria-busy=${busy ? "true" : "false"}
    aria-readonly="true"
    aria-rowcount=${view.days.length}
    aria-colcount=${Math.max(...view.days.map(({ cells }) => cells.length))}
    aria-activedescendant=${selected ? "selected" : nothing}
    @keydown=${listener.pressed}
    @focus=${listener.focused}
    @pointerdown=${listener.tapped}
    @pointermove=${listener.pointed}
    @pointerleave=${listener.left}
  >
    <div class="row axis" aria-hidden="true">
      <span></span>
      <div class="hours">
        ${HOURS.map((hour) => html`<span style="left:${(100 * hour) / 24}%">${hour}</span>`)}
      </div>
      ${map.words.counted.map((each) => sum(each.name, map.words.heading(each)))}
    </div>
    ${view.days.map((day, index) => renderDay(map, day, index))}
    ${Array.from({ length: LONGEST_MONTH - view.days.length }, () => html`<div class="row"></div>`)}
  </div>`;
}

function renderDay(map: HeatMap, day: DayView, index: number): unknown {
  const { words, bands, top } = map;
  const [selected, shown] = [map.selected, map.shown].map((position) =>
    position?.day === index ? position.cell : undefined,
  );
  return guard([day, selected, shown, words, top], () => {
    const energies = words.energies(day.energy);
    return html`<div class="row" role="row" aria-rowindex=${index + 1}>
      <span
        class="day ${words.isWeekend(day.start) ? "weekend" : ""}"
        role="rowheader"
        aria-label=${[words.date(day.start), energies].filter(Boolean).join(": ")}
        >${words.day(day.start)}</span
      >
      <div class="strip" data-day=${index}>
        <svg viewBox="0 0 ${ROW} ${bands.length}" preserveAspectRatio="none" aria-hidden="true">
          ${fillsOf(
            day.cells,
            bands.map(({ name }) => name),
            top,
          ).map(
            ({ direction, step, path }) =>
              svg`<path class="${direction} step${step}" d=${path}></path>`,
          )}
        </svg>
        ${day.runs.map(renderRun)} ${renderCursor(day, shown, selected, words)}
      </div>
      ${words.counted.map(({ name }) => {
        const value = day.energy[name];
        return sum(name, value === undefined ? "" : words.digits(value));
      })}
    </div>`;
  });
}

/** The table has the same for screen readers. */
function sum(name: string, content: unknown): TemplateResult {
  return html`<span class="sum ${name}" aria-hidden="true">${content}</span>`;
}

function renderRun({ quality, cells }: Run): TemplateResult {
  const [first, last] = [cells[0], cells[cells.length - 1]];
  const [from, to] = [first?.x ?? 0, (last?.x ?? 0) + (last?.width ?? 0)];
  return html`<div class="run ${quality}" style=${placed(from, to - from)}></div>`;
}

function renderCursor(
  day: DayView,
  shown: number | undefined,
  selected: number | undefined,
  words: Words,
): TemplateResult | typeof nothing {
  const cell = day.cells[shown ?? selected ?? -1];
  if (!cell) return nothing;
  const style = placed(cell.x, cell.width);
  const chosen = day.cells[selected ?? -1];
  return html`<div class="cursor" style=${style}></div>
    ${
      chosen
        ? html`<div
            id="selected"
            role="gridcell"
            aria-selected="true"
            aria-colindex=${(selected ?? 0) + 1}
            aria-label=${words.cell(chosen)}
          ></div>`
        : nothing
    }`;
}

function placed(x: number, width: number): string {
  return `left:${(100 * x) / ROW}%;width:${(100 * width) / ROW}%`;
}

/** Return the interval under a pointer. */
export function positionUnder(
  { target, clientX }: PointerEvent,
  view: MonthView,
): Position | undefined {
  const strip = target instanceof Element && target.closest<HTMLElement>(".strip");
  if (!strip) return undefined;
  const { left, width } = strip.getBoundingClientRect();
  const day = Number(strip.dataset.day);
  const cell = cellAt(view.days[day], ((clientX - left) / width) * ROW);
  return cell < 0 ? undefined : { day, cell };
}

export const heatMapStyles = css`
  .map {
    display: grid;
    row-gap: 2px;
    border-radius: 6px;
    user-select: none;
    -webkit-user-select: none;
  }
  .map:focus {
    outline: 2px solid var(--primary-color);
    outline-offset: 4px;
  }
  .map:focus:not(:focus-visible) {
    outline: none;
  }
  .row {
    display: grid;
    grid-template-columns: 46px minmax(0, 1fr);
    grid-auto-flow: column;
    grid-auto-columns: 96px;
    height: 16px;
    align-items: center;
  }
  .day {
    font-size: 11px;
    line-height: 16px;
    white-space: nowrap;
    overflow: hidden;
    color: var(--secondary-text-color);
    font-variant-numeric: tabular-nums;
  }
  .weekend {
    color: var(--primary-text-color);
    font-weight: 600;
  }
  .hours {
    position: relative;
    height: 100%;
    font-size: 11px;
    color: var(--secondary-text-color);
  }
  .hours span {
    position: absolute;
    transform: translateX(-50%);
  }
  .hours span:nth-child(even) {
    display: none;
  }
  .hours span:last-child {
    transform: translateX(-100%);
  }
  .hours span:first-child {
    transform: none;
  }
  .strip {
    position: relative;
    height: 100%;
    cursor: crosshair;
    touch-action: pan-y;
    border-radius: 2px;
    box-shadow: inset 0 0 0 1px var(--dts-hover);
  }
  .strip svg {
    position: absolute;
    width: 100%;
    height: 100%;
    shape-rendering: crispEdges;
  }
  /* Marks where the quarters of the day are. */
  .strip::after {
    content: "";
    position: absolute;
    width: 100%;
    height: 100%;
    pointer-events: none;
    background:
      linear-gradient(var(--dts-ground), var(--dts-ground)) 25% 0 / 1px 100% no-repeat,
      linear-gradient(var(--dts-ground), var(--dts-ground)) 50% 0 / 1px 100% no-repeat,
      linear-gradient(var(--dts-ground), var(--dts-ground)) 75% 0 / 1px 100% no-repeat;
  }
  .imported {
    --dts-band: var(--dts-import);
    --dts-more: var(--dts-import-more);
    --dts-most: var(--dts-import-most);
  }
  .exported {
    --dts-band: var(--dts-out);
    --dts-more: var(--dts-out-more);
    --dts-most: var(--dts-out-most);
  }
  path,
  .steps i {
    fill: var(--dts-shade, var(--dts-band));
    background: var(--dts-shade, var(--dts-band));
  }
  .step0 {
    --dts-shade: var(--dts-known);
  }
  .step1 {
    opacity: 0.2;
  }
  .step2 {
    opacity: 0.36;
  }
  .step3 {
    opacity: 0.52;
  }
  .step4 {
    opacity: 0.68;
  }
  .step5 {
    opacity: 0.84;
  }
  .step7 {
    --dts-shade: var(--dts-more);
  }
  .step8 {
    --dts-shade: var(--dts-most);
  }
  .run {
    position: absolute;
    top: 0;
    height: 100%;
    pointer-events: none;
    box-sizing: border-box;
  }
  .estimated {
    background: var(--dts-hatch);
  }
  .edited {
    border: 1.5px solid var(--primary-text-color);
    border-radius: 2px;
  }
  .cursor {
    position: absolute;
    top: -2px;
    bottom: -2px;
    margin: 0 -2px;
    padding: 0 2px;
    border: 2px solid var(--primary-text-color);
    border-radius: 3px;
    box-sizing: border-box;
    pointer-events: none;
    min-width: 7px;
  }
  .sum {
    display: none;
  }
  @container (min-width: 560px) {
    .row {
      height: 18px;
      grid-template-columns: 56px minmax(0, 1fr);
    }
    .day,
    .hours {
      font-size: 12px;
    }
    .hours span:nth-child(even) {
      display: inline;
    }
    .sum {
      display: block;
      text-align: right;
      font-size: 12px;
      font-variant-numeric: tabular-nums;
    }
    .axis {
      height: 32px;
      align-items: end;
    }
    .axis .hours {
      height: 16px;
    }
    .axis .sum {
      color: var(--secondary-text-color);
      font-size: 11px;
    }
  }
`;
