// The dashboard strategy: one line makes a dashboard of all meters, or of the one it names.
import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { define, property } from "./define.ts";
import { deviceForm } from "./form.ts";
import type { HomeAssistant } from "./home-assistant.ts";
import { localize, pageLanguage } from "./localize.ts";
import { entitiesOf, metersOf, nameOf } from "./meter.ts";
import { VIEWS } from "./views.ts";
import type { Card, Site } from "./views.ts";

interface StrategyConfig {
  type: string;
  device_id?: string;
}

type EnergyPreferences = Record<"energy_sources" | "device_consumption", Record<string, unknown>[]>;

interface View {
  title: string;
  path: string;
  icon: string;
  type: "sections";
  max_columns: number;
  sections: { type: "grid"; cards: Card[]; column_span?: number }[];
}

@define("ll-strategy-dashboard-dts307")
export class Dts307Dashboard extends HTMLElement {
  static async generate(config: StrategyConfig, hass: HomeAssistant): Promise<{ views: View[] }> {
    const { device_id } = config;
    const meters = metersOf(hass).filter(({ id }) => !device_id || id === device_id);
    const counted = await countedForEnergy(hass);
    const sites = await Promise.all(
      meters.map(async (device): Promise<Site> => {
        const entities = await entitiesOf(hass, device);
        return {
          deviceId: device.id,
          name: nameOf(device),
          alone: meters.length === 1,
          entities,
          inEnergy: Object.values(entities).some((id) => id && counted.has(id)),
          text: (key) => localize(hass.language, key),
        };
      }),
    );
    // The cards of the Energy dashboard show all of the home: once is enough.
    const first = sites.findIndex(({ inEnergy }) => inEnergy);
    sites.forEach((site, index) => (site.inEnergy = index === first));
    const views = VIEWS.map(({ path, icon, sections }): View => {
      const rows = sites.map((site) => sections(site).filter((cards) => cards.length > 1));
      const longest = Math.max(...rows.map(({ length }) => length));
      return {
        title: localize(hass.language, `view_${path}`),
        path,
        icon,
        type: "sections",
        // Each meter has a row of its own, unless one section is all there is of each.
        max_columns: longest > 1 ? longest : 3,
        sections: rows.flatMap((row) =>
          row.map((cards, place) => {
            const last = place === row.length - 1;
            return { type: "grid", cards, column_span: last ? longest - place : 1 };
          }),
        ),
      };
    });
    if (sites.length === 0) {
      const nothingYet = localize(hass.language, device_id ? "not_found" : "no_meter");
      views.forEach((view) => {
        view.sections = [{ type: "grid", cards: [{ type: "markdown", content: nothingYet }] }];
      });
    }
    return { views };
  }

  static getCreateSuggestions(): { title: string; icon: string } {
    return { title: localize(pageLanguage(), "dashboard_name"), icon: "mdi:meter-electric" };
  }

  static getConfigElement(): HTMLElement {
    return document.createElement("dts307-dashboard-editor");
  }
}

/** Return what the Energy dashboard counts, of the grid, the sun and devices, if there is one. */
async function countedForEnergy(hass: HomeAssistant): Promise<Set<unknown>> {
  try {
    const { energy_sources, device_consumption } = await hass.callWS<EnergyPreferences>({
      type: "energy/get_prefs",
    });
    return new Set([...energy_sources, ...device_consumption].flatMap(Object.values<unknown>));
  } catch {
    return new Set();
  }
}

const helper = (): string => localize(pageLanguage(), "all_meters");

@define("dts307-dashboard-editor")
export class Dts307DashboardEditor extends LitElement {
  @property() hass?: HomeAssistant;
  @property() private config?: StrategyConfig;

  setConfig(config: StrategyConfig): void {
    this.config = config;
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.hass || !this.config) return nothing;
    const { schema, computeLabel } = deviceForm();
    return html`<ha-form
      .hass=${this.hass}
      .data=${this.config}
      .schema=${schema}
      .computeLabel=${computeLabel}
      .computeHelper=${helper}
      @value-changed=${this.changed}
    ></ha-form>`;
  }

  private readonly changed = (event: CustomEvent<{ value: StrategyConfig }>): void => {
    event.stopPropagation();
    const { device_id, ...rest } = event.detail.value;
    const config = device_id ? { ...rest, device_id } : rest;
    this.dispatchEvent(
      new CustomEvent("config-changed", { bubbles: true, composed: true, detail: { config } }),
    );
  };
}
