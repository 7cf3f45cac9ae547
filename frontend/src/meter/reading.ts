// The current values of a meter: in SI units, with import positive.
import type { HomeAssistant } from "../home-assistant.ts";
import type { MeterEntities } from "./entities.ts";
import type { ReadingAttributes, ReadingMessage } from "./live.ts";
import { PHASES, PHASE_NAMES } from "./phases.ts";
import type { PhaseName } from "./phases.ts";
import { quantityOf } from "./quantity.ts";
import type { Quantity } from "./quantity.ts";

export type Topology = "single" | "split" | "wye" | "delta";

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
  /** Where the meter is installed; undefined if that is not known. */
  role: string | undefined;
  power: Quantity | undefined;
  /** Percent of the service current. */
  share: Quantity | undefined;
  level: Quantity | undefined;
  direction: Quantity | undefined;
  link: Quantity | undefined;
  /** In A, per phase; of all phases together if only the totals are known. */
  serviceCurrent: number | undefined;
  /** The rating of the current transformers of a phase, in A. */
  rating: number | undefined;
  /** The solar production, if the meter measures an inverter. */
  production: Quantity | undefined;
  imported: Quantity | undefined;
  exported: Quantity | undefined;
  /** The voltage between lines A and B, or the average of all pairs. */
  betweenLegs: number | undefined;
  answers: boolean;
  /** The phases whose current transformers look reversed, or swapped, to the integration. */
  reversedCts: string[];
  swappedCts: string[];
}

const GONE = "unavailable";

/** What is known of a meter, by keys. */
interface Source {
  get: (key: string) => Quantity | undefined;
  /** Whether the meter measures it; its value may be unknown. */
  has: (key: string) => boolean;
}

/** Return the current values of a meter: of its latest reading, or else of its enabled entities. */
export function readingOf(
  hass: HomeAssistant,
  entities: MeterEntities,
  message?: ReadingMessage,
): Reading {
  const source: Source = {
    get: (key) => quantityOf(key, hass.states[entities[key] ?? ""], message),
    has: (key) => entities[key] !== undefined || message?.values[key] !== undefined,
  };
  const { get } = source;
  const power = get("power");
  const share = get("current_share");
  const phases = phasesOf(source);
  const attributes: ReadingAttributes = {
    ...share?.state.attributes,
    ...power?.state.attributes,
    ...message?.attributes,
  };
  const rating = attributes.service_current ?? undefined;
  const production = get("production");
  return {
    topology: topologyOf(phases),
    phases,
    role: message?.role ?? (production && "solar"),
    power,
    share,
    level: get("current_level"),
    direction: get("energy_direction"),
    link: get("link_state"),
    rating,
    serviceCurrent: phases.length > 1 ? rating : (attributes.total_service_current ?? undefined),
    production,
    imported: get("energy_imported"),
    exported: get("energy_exported"),
    betweenLegs: (get("voltage_line_to_line_ab") ?? get("voltage_line_to_line"))?.value,
    reversedCts: attributes.reversed_cts ?? [],
    swappedCts: attributes.swapped_cts ?? [],
    answers: message?.answering ?? seemsToAnswer(get, power ?? phases[0]?.current),
  };
}

/** Return a reading with these phases only; with all if it has none of them. */
export function withPhases(reading: Reading, names: readonly string[] = []): Reading {
  const phases = reading.phases.filter(({ name }) => name && names.includes(name));
  return phases.length > 0 ? { ...reading, phases } : reading;
}

/** Return whether a meter answers by its states, also without the entity for that. */
function seemsToAnswer(get: Source["get"], measured: Quantity | undefined): boolean {
  const answering = get("answering")?.state.state;
  return answering ? answering === "on" : (measured?.state.state ?? GONE) !== GONE;
}

function phasesOf(source: Source): Phase[] {
  const named = PHASE_NAMES.filter((name) =>
    ["current", "power", "voltage_line_to_neutral"].some((key) =>
      source.has(`${key}_${PHASES[name].key}`),
    ),
  );
  if (named.length < 2) return [phaseOf(undefined, source)];
  return named.map((name) => phaseOf(name, source));
}

function phaseOf(name: PhaseName | undefined, { get, has }: Source): Phase {
  const suffix = name ? `_${PHASES[name].key}` : "";
  const neutral = get(`voltage_line_to_neutral${suffix}`);
  const betweenLines = name !== undefined && !has(`voltage_line_to_neutral${suffix}`);
  const phase = {
    name,
    current: get(`current${suffix}`),
    betweenLines,
    voltage: betweenLines ? get(`voltage_line_to_line_${PHASES[name].pairKey}`) : neutral,
    power: get(`power${suffix}`),
    reactivePower: get(`reactive_power${suffix}`),
    powerFactor: get(`power_factor${suffix}`),
  };
  const apparent = neutral?.value !== undefined && neutral.value * (phase.current?.value ?? 0);
  const derived =
    phase.power?.value !== undefined && apparent
      ? Math.max(-1, Math.min(1, phase.power.value / Math.abs(apparent)))
      : undefined;
  return { ...phase, powerFactorValue: phase.powerFactor?.value ?? derived };
}

function topologyOf(phases: Phase[]): Topology {
  if (phases.length === 1) return "single";
  if (phases.length === 2) return "split";
  return phases.every(({ betweenLines }) => betweenLines) ? "delta" : "wye";
}
