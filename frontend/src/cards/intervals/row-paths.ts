// The drawing of a day: one path for each colour, in minutes from left to right. Each
// direction has a band of its own.
import type { Direction } from "../../meter/intervals/answer.ts";
import { powerOf } from "../../meter/intervals/month-view.ts";
import type { Cell } from "../../meter/intervals/month-view.ts";
import { stepOf } from "./scale.ts";

export interface Fill {
  direction: Direction;
  /** 0 is the ground: it is known that there was no energy. */
  step: number;
  path: string;
}

/** Return what a day is drawn of. */
export function fillsOf(
  cells: readonly Cell[],
  directions: readonly Direction[],
  top: number,
): Fill[] {
  return directions.flatMap((direction, band) => {
    const bySteps = new Map<number, Cell[]>();
    for (const cell of cells) {
      const power = powerOf(cell, direction);
      if (power === undefined) continue;
      const step = stepOf(power, top);
      bySteps.set(step, [...(bySteps.get(step) ?? []), cell]);
    }
    return [...bySteps].map(([step, some]) => ({ direction, step, path: pathOf(some, band) }));
  });
}

/** Return a path of rectangles of height 1; neighbours are one, without a seam between them. */
function pathOf(cells: readonly Cell[], band: number): string {
  let path = "";
  let from = NaN;
  let to = NaN;
  const close = (): void => {
    if (to > from) path += `M${from} ${band}H${to}v1H${from}z`;
  };
  for (const { x, width } of cells) {
    if (x !== to) {
      close();
      from = x;
    }
    to = x + width;
  }
  close();
  return path;
}
