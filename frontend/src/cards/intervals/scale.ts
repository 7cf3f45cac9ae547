// The colours of the heat map: steps of average power in kW.
/** Steps with energy. What has none has the colour of the ground. */
export const STEPS = 8;
/** Return a round power for the highest step; a quarter of it is round, too. */
export function topOf(power: number): number {
  if (power <= 0) return 1;
  const digit = 10 ** Math.floor(Math.log10(power));
  return ([1, 2, 3, 4, 6, 8].find((step) => step * digit >= power * (1 - 1e-9)) ?? 10) * digit;
}

/**
 * Return the step of a power, from 0 without any to STEPS.
 *
 * Steps are narrow where most intervals of a house are: the middle of the scale is a quarter of
 * its top.
 */
export function stepOf(power: number, top: number): number {
  if (power <= 0) return 0;
  return Math.max(1, Math.min(STEPS, Math.ceil(STEPS * Math.sqrt(power / top) - 1e-9)));
}
