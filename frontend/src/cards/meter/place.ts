// What a meter stands between, by its role, and which words its power has there.
import type { TextKey } from "../../i18n/localize.ts";

interface End {
  icon: string;
  name: TextKey;
}

export interface Place {
  from: End;
  to: End;
  /** 1 if imported power flows from the first end to the second, -1 if it flows back. */
  flow: 1 | -1;
  words: { import: TextKey; export: TextKey };
}

const HOUSE: End = { icon: "mdi:home", name: "house" };
const METER = { import: "importing", export: "exporting" } as const;

const GRID: Place = {
  from: { icon: "mdi:transmission-tower", name: "grid" },
  to: HOUSE,
  flow: 1,
  words: METER,
};

const PLACES: Readonly<Record<string, Place>> = {
  solar: {
    from: { icon: "mdi:solar-power-variant", name: "solar" },
    to: HOUSE,
    flow: -1,
    words: METER,
  },
  battery: {
    from: { icon: "mdi:home-battery", name: "battery" },
    to: HOUSE,
    flow: -1,
    words: { import: "charging", export: "discharging" },
  },
  home: { from: { icon: "mdi:flash", name: "power" }, to: HOUSE, flow: 1, words: METER },
  load: { from: HOUSE, to: { icon: "mdi:power-plug", name: "load" }, flow: 1, words: METER },
};

/** Return what a meter stands between; without a role, grid and house. */
export function placeOf(role: string | undefined): Place {
  return PLACES[role ?? ""] ?? GRID;
}
