// The colours of the heat map: steps of average power.
/** Steps with energy. What has none has the colour of the ground. */
export const STEPS = 8;
/** Quarter hours in an hour: kWh of an interval to kW. */
const PER_HOUR = 4;

/** Return the average power in kW of an energy in kWh. */
export function powerOf(energy: number): number {
  return energy * PER_HOUR;
}

/** Return a round power in kW for the highest step; a quarter of it is round, too. */
export function topOf(highest: number): number {
  const power = powerOf(highest);
  if (power <= 0) return 1;
  const digit = 10 ** Math.floor(Math.log10(power));
  return ([1, 2, 3, 4, 6, 8].find((step) => step * digit >= power * (1 - 1e-9)) ?? 10) * digit;
}

/**
 * Return the step of an energy, from 0 without any to STEPS.
 *
 * Steps are narrow where most quarter hours of a house are: the middle of the scale is a quarter of
 * its top.
 */
export function stepOf(energy: number, top: number): number {
  if (energy <= 0) return 0;
  return Math.max(1, Math.min(STEPS, Math.ceil(STEPS * Math.sqrt(powerOf(energy) / top) - 1e-9)));
}
