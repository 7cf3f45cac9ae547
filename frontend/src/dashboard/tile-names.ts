// Names for tiles. Two tiles share the width of a phone, or of a column, and cut off what is longer
// than some 15 characters. The heading above them names the meter and the period.
import type { TextKey } from "../i18n/localize.ts";

/** Our own names by the key of the entity; the others' own names are short enough. */
export const TILE_NAMES: Readonly<Record<string, TextKey | undefined>> = {
  energy_imported: "imported",
  energy_exported: "exported",
  imported_this_period: "imported",
  exported_this_period: "exported",
  net_this_period: "net",
  imported_last_period: "imported",
  exported_last_period: "exported",
  net_last_period: "net",
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
};

/** Of a meter on a solar inverter, which exports what the inverter produces. */
export const SOLAR_NAMES: typeof TILE_NAMES = {
  ...TILE_NAMES,
  energy_imported: "consumed",
  energy_exported: "produced",
  imported_this_period: "consumed",
  exported_this_period: "produced",
  imported_last_period: "consumed",
  exported_last_period: "produced",
};
