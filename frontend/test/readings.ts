// Readings for tests, from states as the frontend has them.
import type { HomeAssistant } from "../src/home-assistant.ts";
import { readingOf } from "../src/meter/reading.ts";
import type { Reading } from "../src/meter/reading.ts";

type Shown = readonly [state: number | string, unit?: string, attributes?: object];

/** Return the reading of entities by their keys. */
export function reading(shown: Record<string, Shown>): Reading {
  const entities: Record<string, string> = {};
  const states: Record<string, object> = {};
  for (const [key, [state, unit, attributes]] of Object.entries(shown)) {
    entities[key] = `sensor.renamed_${key}`;
    states[`sensor.renamed_${key}`] = {
      state: `${state}`,
      attributes: { unit_of_measurement: unit, ...attributes },
    };
  }
  return readingOf({ states } as unknown as HomeAssistant, entities);
}

/** Return the entities of a phase. */
export function phase(
  name: string,
  volts: number,
  amps: number,
  watts: number,
  vars: number,
): Record<string, Shown> {
  return {
    [`voltage_line_to_neutral_${name}`]: [volts, "V"],
    [`current_${name}`]: [amps, "A"],
    [`power_${name}`]: [watts, "W"],
    [`reactive_power_${name}`]: [vars, "var"],
  };
}
