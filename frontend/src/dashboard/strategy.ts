// The dashboard strategy: a dashboard of all meters, or of the one in its configuration.
import type { HomeAssistant } from "../home-assistant.ts";
import { localize, textsIn } from "../i18n/localize.ts";
import { metersOf, nameOf } from "../meter/devices.ts";
import { registeredOf } from "../meter/entities.ts";
import { withStatistics } from "./statistics.ts";
import { VIEWS, WITH_STATISTICS } from "./views.ts";
import type { Card, Site } from "./views.ts";

export interface StrategyConfig {
  type: string;
  device_id?: string;
}

export interface Dashboard {
  views: View[];
}

interface View {
  title: string;
  path: string;
  icon: string;
  type: "sections";
  max_columns: number;
  sections: { type: "grid"; cards: Card[]; column_span?: number }[];
}

/** Columns of a view where meters are beside each other, or a section takes all of them. */
const WIDE = 3;

type EnergyPreferences = Record<"energy_sources" | "device_consumption", Record<string, unknown>[]>;

export async function dashboardOf(config: StrategyConfig, hass: HomeAssistant): Promise<Dashboard> {
  const { device_id } = config;
  const texts = await textsIn(hass.language);
  const meters = metersOf(hass).filter(({ id }) => !device_id || id === device_id);
  const inEnergy = await energyDashboardEntities(hass);
  const sites = await Promise.all(
    meters.map(async (device): Promise<Site> => {
      const registered = await registeredOf(hass, device);
      const { entities } = registered;
      const recorded = WITH_STATISTICS.flatMap((key) => entities[key] ?? []);
      return {
        deviceId: device.id,
        name: nameOf(device),
        alone: meters.length === 1,
        ...registered,
        statistics: await withStatistics(hass, recorded),
        inEnergy: Object.values(entities).some((id) => id && inEnergy.has(id)),
        text: (key) => localize(texts, key),
      };
    }),
  );
  // The cards of the Energy dashboard show the whole home, so they appear once.
  const first = sites.findIndex((site) => site.inEnergy);
  sites.forEach((site, index) => (site.inEnergy = index === first));
  const views = VIEWS.map(({ path, icon, sections, wide }): View => {
    const rows = sites.map((site) => sections(site).filter((cards) => cards.length > 1));
    const longest = wide ? WIDE : Math.max(...rows.map(({ length }) => length));
    return {
      title: localize(texts, `view_${path}`),
      path,
      icon,
      type: "sections",
      // Each meter has its own row, unless all meters have a single section.
      max_columns: longest > 1 ? longest : WIDE,
      sections: rows.flatMap((row) =>
        row.map((cards, place) => {
          const last = place === row.length - 1;
          return { type: "grid", cards, column_span: last ? longest - place : 1 };
        }),
      ),
    };
  });
  if (sites.length === 0) {
    const content = localize(texts, device_id ? "not_found" : "no_meter");
    views.forEach((view) => {
      view.sections = [{ type: "grid", cards: [{ type: "markdown", content }] }];
    });
  }
  return { views };
}

/** Return the entities that the Energy dashboard counts, if there is such a dashboard. */
async function energyDashboardEntities(hass: HomeAssistant): Promise<Set<unknown>> {
  try {
    const { energy_sources, device_consumption } = await hass.callWS<EnergyPreferences>({
      type: "energy/get_prefs",
    });
    return new Set([...energy_sources, ...device_consumption].flatMap(Object.values<unknown>));
  } catch {
    return new Set();
  }
}
