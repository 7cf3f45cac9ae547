// Names for tiles. Two tiles share the width of a phone, or of a column, and cut off what is longer
// than some 15 characters. The heading above them names the meter and the period.
import type { TextKey } from "../i18n/localize.ts";

const WORDS: readonly TextKey[] = [
  "imported",
  "exported",
  "net",
  "charged",
  "discharged",
  "consumed",
];
/** Of a meter on a solar inverter, which exports what the inverter produces. */
const SOLAR: Readonly<Record<string, TextKey | undefined>> = {
  imported: "consumed",
  exported: "produced",
};
const OTHERS: typeof SOLAR = {
  credit: "credit",
  demand: "demand",
  demand_peak: "peak",
  register_imported_billing_day: "register_imported",
  register_exported_billing_day: "register_exported",
  phase_lost: "phase_lost",
  voltage_out_of_band: "voltage",
  power_failure: "power_failure",
  low_power_factor: "low_power_factor",
  missing_sensor: "missing_sensor",
  last_reading: "last_reading",
  answer_time: "answer_time",
  success_rate: "success_rate",
  ct_rating: "ct_rating",
};

/** Return our own name by the key of the entity's name, unless that is short enough itself. */
export function tileName(key: string, solar: boolean): TextKey | undefined {
  const energy = key.replace(/^energy_|_(this|last)_period$/, "");
  const word = WORDS.find((each) => each === energy);
  return (solar ? SOLAR[energy] : undefined) ?? word ?? OTHERS[key];
}
