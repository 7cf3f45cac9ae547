// The views of the dashboard, made of Home Assistant's own cards wherever there is one.
import type { TextKey } from "../i18n/localize.ts";
import type { Registered } from "../meter/entities.ts";
import { TILE_NAMES } from "./tile-names.ts";

export interface Card {
  type: string;
  [option: string]: unknown;
}

/** A meter, and what its sections are made of. */
export interface Site extends Registered {
  deviceId: string;
  name: string;
  /** Whether it is the only meter of the dashboard. */
  alone: boolean;
  /** Whether to add the cards of the Energy dashboard, because it counts this meter. */
  inEnergy: boolean;
  text: (key: TextKey) => string;
}

interface Topic {
  path: "now" | "today" | "period" | "quality" | "link";
  icon: string;
  /** Each section starts with a heading; one with nothing else is left out. */
  sections: (site: Site) => Card[][];
}

const PHASES = ["a", "b", "c"];
const phasesOf = (key: string): string[] => PHASES.map((phase) => `${key}_${phase}`);
const PAIRS = ["ab", "bc", "ca"].map((pair) => `voltage_line_to_line_${pair}`);
const FLAGS = [
  "power_failure",
  "under_voltage",
  "over_voltage",
  "over_current",
  "low_power_factor",
  "missing_sensor",
];
/** The name of the entity without its device, which the heading shows. */
const BRIEF = { type: "entity" };

export const VIEWS: Topic[] = [
  {
    path: "now",
    icon: "mdi:meter-electric",
    sections: (site) => [
      // These cards show the name of the meter.
      [title(site, "view_now"), { type: "custom:dts307-card", device_id: site.deviceId }],
      [title(site, "phasors"), { type: "custom:dts307-phasor-card", device_id: site.deviceId }],
      [
        heading(site, "states"),
        ...found(site, ["current_share"]).map(loadGauge),
        ...tiles(site, ["overload", "exporting", "phase_lost", "voltage_out_of_band"]),
        ...history(site, ["power"], 6),
      ],
    ],
  },
  {
    path: "today",
    icon: "mdi:calendar-today",
    sections: (site) => [
      [heading(site, "today"), ...todayStatistics(site, ["energy_imported", "energy_exported"])],
      [
        heading(site, "last_day"),
        ...statistics(site, ["energy_imported", "energy_exported"], "hour", 1),
        ...history(site, ["power"]),
        ...history(site, ["current_share"]),
      ],
      site.inEnergy
        ? [
            title(site, "energy"),
            ...["energy-date-selection", "energy-distribution", "energy-usage-graph"].map(
              (type) => ({ type }),
            ),
          ]
        : [],
    ],
  },
  {
    path: "period",
    icon: "mdi:calendar-month",
    sections: (site) => [
      [
        heading(site, "this_period"),
        ...tiles(site, [
          "imported_this_period",
          "exported_this_period",
          "net_this_period",
          "credit",
          "demand",
          "demand_peak",
        ]),
      ],
      [
        heading(site, "last_period"),
        ...tiles(site, [
          "imported_last_period",
          "exported_last_period",
          "net_last_period",
          "register_imported_billing_day",
          "register_exported_billing_day",
        ]),
      ],
      [
        heading(site, "last_month"),
        ...statistics(site, ["energy_imported", "energy_exported"], "day", 31),
      ],
    ],
  },
  {
    path: "quality",
    icon: "mdi:sine-wave",
    sections: (site) => [
      [
        heading(site, "voltage"),
        ...tiles(site, ["voltage_out_of_band", "phase_lost"]),
        ...history(site, ["voltage_line_to_neutral", ...phasesOf("voltage_line_to_neutral")], 6),
        ...history(site, PAIRS, 6),
        ...history(site, ["frequency"], 6),
      ],
      [
        heading(site, "power_factor"),
        ...history(site, ["power_factor", ...phasesOf("power_factor")], 6),
        ...history(site, ["reactive_power", ...phasesOf("reactive_power")], 6),
      ],
      [
        heading(site, "last_week"),
        ...found(site, ["voltage_line_to_neutral", "voltage_line_to_line", "frequency"]).map(week),
        ...tiles(site, FLAGS),
      ],
    ],
  },
  {
    path: "link",
    icon: "mdi:lan-connect",
    sections: (site) => [
      [
        heading(site),
        ...tiles(site, ["answering", "link_state", "last_reading", "answer_time", "success_rate"]),
      ],
      [
        heading(site, "last_day"),
        ...history(site, ["answering", "link_state"]),
        ...history(site, ["answer_time"]),
      ],
    ],
  },
];

/** Return the entities that exist: that depends on the meter, and on what is enabled. */
function found(site: Site, keys: string[]): string[] {
  return keys.map((key) => site.entities[key]).filter((id) => id !== undefined);
}

function title({ text }: Site, key: TextKey): Card {
  return { type: "heading", heading: text(key) };
}

/** With several meters, each heading needs the name of its meter. */
function heading({ name, alone, text }: Site, key?: TextKey): Card {
  const topic = key ? text(key) : "";
  const words = !topic ? name : alone ? topic : `${name}: ${topic}`;
  return { type: "heading", heading: words };
}

function named(entity: string): { entity: string; name: typeof BRIEF } {
  return { entity, name: BRIEF };
}

/** Return entities with names that fit in half a column, unless the owner has named them. */
function brieflyNamed(site: Site, keys: string[]): { entity: string; name: unknown }[] {
  return keys.flatMap((key) => {
    const own = TILE_NAMES[key];
    return found(site, [key]).map((entity) =>
      own && !site.renamed.has(entity) ? { entity, name: site.text(own) } : named(entity),
    );
  });
}

function tiles(site: Site, keys: string[]): Card[] {
  return brieflyNamed(site, keys).map((entity) => ({ type: "tile", ...entity }));
}

function history(site: Site, keys: string[], hours = 24): Card[] {
  const entities = found(site, keys).map(named);
  if (entities.length === 0) return [];
  return [{ type: "history-graph", hours_to_show: hours, entities, grid_options: { columns: 12 } }];
}

function statistics(site: Site, keys: string[], period: string, days: number): Card[] {
  const entities = found(site, keys).map(named);
  if (entities.length === 0) return [];
  return [
    {
      type: "statistics-graph",
      chart_type: "bar",
      stat_types: "change",
      period,
      days_to_show: days,
      entities,
    },
  ];
}

function week(entity: string): Card {
  return {
    type: "statistics-graph",
    stat_types: ["min", "mean", "max"],
    period: "hour",
    days_to_show: 7,
    fit_y_data: true,
    entities: [named(entity)],
  };
}

function todayStatistics(site: Site, keys: string[]): Card[] {
  return brieflyNamed(site, keys).map((entity) => ({
    type: "statistic",
    ...entity,
    period: { calendar: { period: "day" } },
    stat_type: "change",
    grid_options: { columns: 6 },
  }));
}

function loadGauge(entity: string): Card {
  const severity = { green: 0, yellow: 80, red: 100 };
  return { type: "gauge", ...named(entity), min: 0, max: 120, needle: true, severity };
}
