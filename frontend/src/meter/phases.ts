// The phases of a meter, and the line pair whose voltage each has without a neutral, in one table.

/** By their names: what their entities' keys end with, and the name of the pair. */
export const PHASES = {
  A: { key: "a", pairKey: "ab", pair: "A–B" },
  B: { key: "b", pairKey: "bc", pair: "B–C" },
  C: { key: "c", pairKey: "ca", pair: "C–A" },
} as const;

export type PhaseName = keyof typeof PHASES;

export const PHASE_NAMES = Object.keys(PHASES) as PhaseName[];
