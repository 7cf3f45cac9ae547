// The STATUS light as the installation guide defines it (5.1): two flashes about every 2 s.

export type Colour = "green" | "orange" | "red" | "amber";

export interface Flash {
  colour: Colour;
  /** Seconds from the start of the period. */
  start: number;
  duration: number;
}

/** Seconds from one heartbeat to the next. */
export const PERIOD = 2;

// The guide defines the colours, and says only that the length follows the current.
const HEARTBEAT = 0.15;
const LEVEL_BEGINS = 0.45;
const SHORTEST_LEVEL = 0.15;
const SECONDS_PER_LEVEL = 0.8;
const BRIGHTEST_LEVEL = 1.5;

/** The colour of each level, and a typical share for when only the level is known. */
const LEVELS: Readonly<Record<string, [Colour, number] | undefined>> = {
  normal: ["green", 50],
  high: ["orange", 90],
  over: ["red", 110],
};

export interface Light {
  /** State of the energy direction. */
  direction: string | undefined;
  /** State of the current level. */
  level: string | undefined;
  /** Percent of the service current. */
  share: number | undefined;
}

/** Return the flashes that repeat every PERIOD; none while the direction is unknown. */
export function statusFlashes({ direction, level, share }: Light): Flash[] {
  if (direction !== "importing" && direction !== "exporting") return [];
  const heartbeat: Flash = {
    colour: direction === "importing" ? "green" : "orange",
    start: 0,
    duration: HEARTBEAT,
  };
  const known = LEVELS[level ?? ""];
  if (!known) return [heartbeat];
  const [colour, typical] = known;
  const relative = Math.min((share ?? typical) / 100, BRIGHTEST_LEVEL);
  const duration = SHORTEST_LEVEL + SECONDS_PER_LEVEL * relative;
  return [heartbeat, { colour, start: LEVEL_BEGINS, duration }];
}

/** Return the level of a share of the service current, in percent. */
export function levelOf(share: number | undefined): string | undefined {
  if (share === undefined) return undefined;
  if (share < 5) return "low";
  if (share < 80) return "normal";
  return share <= 100 ? "high" : "over";
}
