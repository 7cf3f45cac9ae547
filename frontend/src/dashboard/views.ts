// The views of the dashboard, made of Home Assistant's own cards wherever there is one.
import type { TextKey } from "../i18n/localize.ts";
import type { Registered } from "../meter/entities.ts";
import { PHASES } from "../meter/phases.ts";
import { tileName } from "./tile-names.ts";

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
  /** The entities with statistics; undefined if nothing records them. */
  statistics: ReadonlySet<string> | undefined;
  /** Whether to add the cards of the Energy dashboard, because it counts this meter. */
  inEnergy: boolean;
  text: (key: TextKey) => string;
}

interface Topic {
  path: "now" | "today" | "period" | "history" | "quality" | "link";
  icon: string;
  /** Whether a section is as wide as three. */
  wide?: boolean;
  /** Each section starts with a heading; one with nothing else is left out. */
  sections: (site: Site) => Card[][];
}

const phasesOf = (of: string): string[] => Object.values(PHASES).map(({ key }) => `${of}_${key}`);
const VOLTAGES_OF_PAIRS = Object.values(PHASES).map(
  ({ pairKey }) => `voltage_line_to_line_${pairKey}`,
);
const FLAGS = [
  "power_failure",
  "under_voltage",
  "over_voltage",
  "over_current",
  "low_power_factor",
  "missing_sensor",
];
const ENERGIES = ["energy_imported", "energy_exported"];
const LAST_WEEK = ["voltage_line_to_neutral", "voltage_line_to_line", "frequency"];
/** What the graphs of statistics show. */
export const WITH_STATISTICS = [...ENERGIES, ...LAST_WEEK];
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
        // "Exporting" holds on for minutes, while the card shows the direction of this moment.
        ...tiles(site, ["overload", "phase_lost", "voltage_out_of_band"]),
        ...history(site, ["power"], 6),
      ],
    ],
  },
  {
    path: "today",
    icon: "mdi:calendar-today",
    sections: (site) => [
      [
        heading(site, "today"),
        // The same card as on the first view, so that both show the same energies.
        { type: "custom:dts307-card", device_id: site.deviceId, compact: true },
      ],
      [
        heading(site, "last_day"),
        ...statistics(site, "hour", 1),
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
        ...tiles(site, [...energiesOf(site, "this_period", "credit"), "demand", "demand_peak"]),
      ],
      [
        heading(site, "last_period"),
        ...tiles(site, [
          ...energiesOf(site, "last_period"),
          "register_imported_billing_day",
          "register_exported_billing_day",
        ]),
      ],
      [heading(site, "last_month"), ...statistics(site, "day", 31)],
    ],
  },
  {
    path: "history",
    icon: "mdi:calendar-clock",
    wide: true,
    sections: (site) => [
      [
        heading(site, "by_time"),
        {
          type: "custom:dts307-intervals-card",
          device_id: site.deviceId,
          grid_options: { columns: "full" },
        },
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
        ...history(site, VOLTAGES_OF_PAIRS, 6),
        ...history(site, ["frequency"], 6),
      ],
      [
        heading(site, "power_factor"),
        ...history(site, ["power_factor", ...phasesOf("power_factor")], 6),
        ...history(site, ["reactive_power", ...phasesOf("reactive_power")], 6),
      ],
      [
        heading(site, "last_week"),
        ...graphs(site, LAST_WEEK, (entities) => entities.map(week)),
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
        ...tiles(site, [
          ...["answering", "link_state", "last_reading", "answer_time", "success_rate"],
          "ct_rating",
        ]),
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

const isSolar = ({ entities }: Site): boolean => entities.production !== undefined;

/** Return the keys of a period's energies: of a solar meter first what was produced. */
function energiesOf(site: Site, period: string, ...more: string[]): string[] {
  if (isSolar(site)) return [`exported_${period}`, `imported_${period}`];
  return [`imported_${period}`, `exported_${period}`, `net_${period}`, ...more];
}

/** Return entities with names that fit in half a column, unless the owner has named them. */
function brieflyNamed(site: Site, keys: string[]): { entity: string; name: unknown }[] {
  return keys.flatMap((key) => {
    const own = tileName(site.names[key] ?? key, isSolar(site));
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

/** Return graphs of the entities with statistics; without any yet, say when they begin. */
function graphs(
  site: Site,
  keys: string[],
  make: (entities: ReturnType<typeof brieflyNamed>) => Card[],
): Card[] {
  const all = brieflyNamed(site, keys);
  const counted = all.filter(({ entity }) => site.statistics?.has(entity));
  if (counted.length > 0) return make(counted);
  if (all.length === 0 || !site.statistics) return [];
  return [{ type: "markdown", content: site.text("statistics_later") }];
}

function statistics(site: Site, period: string, days: number): Card[] {
  return graphs(site, ENERGIES, (entities) => [
    {
      type: "statistics-graph",
      chart_type: "bar",
      stat_types: "change",
      period,
      days_to_show: days,
      entities,
    },
  ]);
}

function week(entity: { entity: string; name: unknown }): Card {
  return {
    type: "statistics-graph",
    stat_types: ["min", "mean", "max"],
    period: "hour",
    days_to_show: 7,
    fit_y_data: true,
    entities: [entity],
  };
}

function loadGauge(entity: string): Card {
  const severity = { green: 0, yellow: 80, red: 100 };
  return { type: "gauge", ...named(entity), min: 0, max: 120, needle: true, severity };
}
