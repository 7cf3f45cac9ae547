// Values as the cards show them: from the latest reading if there is one, or else from states.
import type { HassEntity } from "../home-assistant.ts";
import type { ReadingMessage } from "./live.ts";

/** A value and how it is shown. */
export interface Quantity {
  /** As its entity would have it now, in the unit that the owner has chosen. */
  state: HassEntity;
  /** In the SI unit; undefined if it is not a number. */
  value: number | undefined;
}

/** The entity ID of a value whose entity is disabled, or does not exist. */
export const NO_ENTITY = "sensor.";

const PREFIXES: Readonly<Record<string, number>> = {
  "": 1,
  μ: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};

/** Units and decimals of values without an entity; those that the integration suggests. */
const SHOWN: Readonly<Record<string, readonly [unit: string, decimals: number]>> = {
  current: ["A", 2],
  power: ["W", 0],
  production: ["W", 0],
  reactive_power: ["var", 0],
  voltage_line_to_line: ["V", 1],
  voltage_line_to_neutral: ["V", 1],
};

/** Return a value by its key; undefined if there is neither a reading nor a state of it. */
export function quantityOf(
  key: string,
  state: HassEntity | undefined,
  message: ReadingMessage | undefined,
): Quantity | undefined {
  const value = message?.values[key];
  if (value === undefined) return state && { state, value: siValue(key, state) };
  if (typeof value === "number") return { state: shownAs(key, value, state), value };
  const missing = message?.answering ? "unknown" : "unavailable";
  return { state: withText(state, value ?? missing), value: undefined };
}

/** Return a state in the SI unit, whichever prefix the owner has chosen; power factors as ratios. */
function siValue(key: string, state: HassEntity): number | undefined {
  const number = state.state.trim() === "" ? NaN : Number(state.state);
  return Number.isFinite(number) ? number * (factorOf(key, state) ?? 1) : undefined;
}

/** Return the SI value of one unit of a state; undefined for a unit that we cannot convert. */
function factorOf(key: string, { attributes }: HassEntity): number | undefined {
  const unit = attributes.unit_of_measurement ?? "";
  if (unit === "%") return key.startsWith("power_factor") ? 0.01 : 1;
  if (!unit) return 1;
  return PREFIXES[/^(.?)(?:A|V|W|var|VA|Wh)$/.exec(unit)?.[1] ?? "none"];
}

function shownAs(key: string, value: number, state: HassEntity | undefined): HassEntity {
  if (!state) {
    const [unit, decimals] = SHOWN[key.replace(/_([abc]|ab|bc|ca)$/, "")] ?? ["", 2];
    const attributes = { unit_of_measurement: unit, state_class: "measurement" };
    return { ...withText(undefined, value.toFixed(decimals)), attributes };
  }
  const factor = factorOf(key, state);
  // Binary fractions such as 0.1 × 3 have more digits than any meter.
  return factor ? withText(state, `${Number((value / factor).toPrecision(12))}`) : state;
}

function withText(state: HassEntity | undefined, text: string): HassEntity {
  return { ...(state ?? ({ entity_id: NO_ENTITY, attributes: {} } as HassEntity)), state: text };
}
