// What a meter stands between, by its role, and which words its power has there.
import type { TextKey } from "../i18n/localize.ts";

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
  /** The energies of a meter, in the order of the card: which counter, and its word. */
  counted: readonly { name: "imported" | "exported"; text: TextKey; icon: string }[];
}

const HOUSE: End = { icon: "mdi:home", name: "house" };
const METER = { import: "importing", export: "exporting" } as const;
const CONSUMER = { import: "consuming", export: "exporting" } as const;

const into = (text: TextKey, icon = "mdi:tray-arrow-down") =>
  ({ name: "imported", text, icon }) as const;
const out = (text: TextKey, icon = "mdi:tray-arrow-up") =>
  ({ name: "exported", text, icon }) as const;

const GRID: Place = {
  from: { icon: "mdi:transmission-tower", name: "grid" },
  to: HOUSE,
  flow: 1,
  words: METER,
  counted: [into("imported"), out("exported")],
};
/** Of a meter that counts what is consumed behind it. */
const CONSUMED = {
  flow: 1,
  words: CONSUMER,
  counted: [into("consumed"), out("exported")],
} as const;

const PLACES: Readonly<Record<string, Place>> = {
  solar: {
    from: { icon: "mdi:solar-power-variant", name: "solar" },
    to: HOUSE,
    flow: -1,
    words: METER,
    // The meter exports what the inverter produces.
    counted: [out("produced", "mdi:solar-power-variant"), into("consumed")],
  },
  battery: {
    from: { icon: "mdi:home-battery", name: "battery" },
    to: HOUSE,
    flow: -1,
    words: { import: "charging", export: "discharging" },
    counted: [into("charged", "mdi:battery-arrow-up"), out("discharged", "mdi:battery-arrow-down")],
  },
  home: { from: { icon: "mdi:flash", name: "power" }, to: HOUSE, ...CONSUMED },
  load: { from: HOUSE, to: { icon: "mdi:power-plug", name: "load" }, ...CONSUMED },
};

/** Return what a meter stands between; without a role, grid and house. */
export function placeOf(role: string | undefined): Place {
  return PLACES[role ?? ""] ?? GRID;
}
