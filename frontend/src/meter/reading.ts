// The current values of a meter, from its entities: in SI units, with import positive.
import type { HassEntity, HomeAssistant } from "../home-assistant.ts";
import type { MeterEntities } from "./entities.ts";

export type PhaseName = "A" | "B" | "C";
export type Topology = "single" | "split" | "wye" | "delta";

/** A value and the entity that it comes from. */
export interface Quantity {
  state: HassEntity;
  value: number | undefined;
}

export interface Phase {
  /** Undefined if the meter has a single phase. */
  name: PhaseName | undefined;
  current?: Quantity | undefined;
  voltage?: Quantity | undefined;
  /** Whether the voltage is between this line and the next, as in a service without a neutral. */
  betweenLines: boolean;
  power?: Quantity | undefined;
  reactivePower?: Quantity | undefined;
  powerFactor?: Quantity | undefined;
  /** From its entity, or else calculated from power, voltage and current. */
  powerFactorValue: number | undefined;
}

export interface Reading {
  topology: Topology;
  phases: Phase[];
  power: Quantity | undefined;
  /** Percent of the service current. */
  share: Quantity | undefined;
  level: Quantity | undefined;
  direction: Quantity | undefined;
  link: Quantity | undefined;
  /** In A, per phase; of all phases together if no entity of a phase is enabled. */
  serviceCurrent: number | undefined;
  /** The rating of the current transformers of a phase, in A. */
  rating: number | undefined;
  /** The solar production, if the meter measures an inverter. */
  production: Quantity | undefined;
  answers: boolean;
  /** The phases whose current transformers look reversed, or swapped, to the integration. */
  reversedCts: string[];
  swappedCts: string[];
}

const PREFIXES: Readonly<Record<string, number>> = {
  μ: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};
const GONE = "unavailable";
const PHASES = ["A", "B", "C"] as const;
const PAIRS = { A: "ab", B: "bc", C: "ca" } as const;

/** Return a state in the SI unit, whichever prefix the owner has chosen. */
export function siValue(state: HassEntity): number | undefined {
  const number = state.state.trim() === "" ? NaN : Number(state.state);
  if (!Number.isFinite(number)) return undefined;
  const unit = state.attributes.unit_of_measurement ?? "";
  const prefix = /^([μmkMGT])(?:A|V|W|var|VA|Wh)$/.exec(unit)?.[1];
  return number * (prefix === undefined ? 1 : (PREFIXES[prefix] ?? 1));
}

/** Return the current values of a meter. */
export function readingOf(hass: HomeAssistant, entities: MeterEntities): Reading {
  const get = (key: string): Quantity | undefined => {
    const state = hass.states[entities[key] ?? ""];
    return state && { state, value: siValue(state) };
  };
  const power = get("power");
  const share = get("current_share");
  const phases = phasesOf(entities, get);
  const answering = get("answering")?.state.state;
  const { service_current: rating, total_service_current: total } = (share?.state.attributes ??
    {}) as Record<string, number | undefined>;
  const { reversed_cts: reversedCts = [], swapped_cts: swappedCts = [] } = (power?.state
    .attributes ?? {}) as Record<string, string[] | undefined>;
  return {
    topology: topologyOf(phases),
    phases,
    power,
    share,
    level: get("current_level"),
    direction: get("energy_direction"),
    link: get("link_state"),
    rating,
    serviceCurrent: phases.length > 1 ? rating : total,
    production: get("production"),
    reversedCts,
    swappedCts,
    answers: answering
      ? answering === "on"
      : ((power ?? phases[0]?.current)?.state.state ?? GONE) !== GONE,
  };
}

function phasesOf(entities: MeterEntities, get: (key: string) => Quantity | undefined): Phase[] {
  const named = PHASES.filter((name) =>
    ["current", "power", "voltage_line_to_neutral"].some(
      (key) => entities[`${key}_${name.toLowerCase()}`],
    ),
  );
  if (named.length < 2) return [phaseOf(undefined, entities, get)];
  return named.map((name) => phaseOf(name, entities, get));
}

function phaseOf(
  name: PhaseName | undefined,
  entities: MeterEntities,
  get: (key: string) => Quantity | undefined,
): Phase {
  const suffix = name ? `_${name.toLowerCase()}` : "";
  const neutral = get(`voltage_line_to_neutral${suffix}`);
  const betweenLines = name !== undefined && !entities[`voltage_line_to_neutral${suffix}`];
  const phase = {
    name,
    current: get(`current${suffix}`),
    betweenLines,
    voltage: betweenLines ? get(`voltage_line_to_line_${PAIRS[name]}`) : neutral,
    power: get(`power${suffix}`),
    reactivePower: get(`reactive_power${suffix}`),
    powerFactor: get(`power_factor${suffix}`),
  };
  const apparent = neutral?.value !== undefined && neutral.value * (phase.current?.value ?? 0);
  const derived =
    phase.power?.value !== undefined && apparent
      ? Math.max(-1, Math.min(1, phase.power.value / Math.abs(apparent)))
      : undefined;
  return { ...phase, powerFactorValue: ratio(phase.powerFactor) ?? derived };
}

/** The owner may have chosen percent. */
function ratio(factor: Quantity | undefined): number | undefined {
  const percent = factor?.state.attributes.unit_of_measurement === "%";
  return factor?.value === undefined ? undefined : factor.value / (percent ? 100 : 1);
}

function topologyOf(phases: Phase[]): Topology {
  if (phases.length === 1) return "single";
  if (phases.length === 2) return "split";
  return phases.every(({ betweenLines }) => betweenLines) ? "delta" : "wye";
}

/** Return the pair of lines whose voltage belongs to a phase of a delta service. */
export function pairOf(name: PhaseName): string {
  return { A: "A–B", B: "B–C", C: "C–A" }[name];
}
