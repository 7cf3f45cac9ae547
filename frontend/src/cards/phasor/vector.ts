import { nothing, svg } from "lit";
import type { TemplateResult } from "lit";
import type { Vector } from "../../meter/phasors.ts";

/** Render an arrow from the middle of the drawing, with its symbol and index at the tip. */
export function renderVector(
  vector: Vector | undefined,
  scale: number,
  kind: string,
  symbol: string,
  index: string,
): TemplateResult | typeof nothing {
  if (!vector) return nothing;
  const radians = (vector.angle * Math.PI) / 180;
  const at = (radius: number): { x: number; y: number } => ({
    x: radius * Math.cos(radians),
    y: -radius * Math.sin(radians),
  });
  const length = vector.magnitude * scale;
  const head = kind.startsWith("current") ? 9 : 7;
  const shaft = at(length - head);
  const tip = at(length);
  // A current is often on top of its voltage, so its label goes to the side.
  const beyond = at(length + (head === 9 ? 0 : 12));
  const away =
    head === 9 ? { x: 12 * Math.sin(radians), y: 12 * Math.cos(radians) } : { x: 0, y: 0 };
  const mark = { x: beyond.x + away.x, y: beyond.y + away.y };
  const side = { x: (head / 2) * Math.sin(radians), y: (head / 2) * Math.cos(radians) };
  // Too short for a head and a label: only a line.
  if (length < head) return svg`<path class="vector ${kind}" d="M0 0L${tip.x} ${tip.y}"></path>`;
  return svg`<g class="vector ${kind}">
    <path d="M0 0L${shaft.x} ${shaft.y}"></path>
    <polygon points="${tip.x},${tip.y} ${shaft.x + side.x},${shaft.y + side.y} ${shaft.x - side.x},${shaft.y - side.y}"></polygon>
    <text x=${mark.x} y=${mark.y}>${symbol}<tspan class="index" dy="3">${index}</tspan></text>
  </g>`;
}
