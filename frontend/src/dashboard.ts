// The dashboard strategy: one line makes a dashboard of all meters, or of the one it names.
import { LitElement, html, nothing } from "lit";
import type { TemplateResult } from "lit";
import { property } from "lit/decorators/property.js";
import { state } from "lit/decorators/state.js";
import { define } from "./define.ts";
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

interface View {
  title: string;
  path: string;
  icon: string;
  type: "sections";
  max_columns: number;
  sections: { type: "grid"; cards: Card[] }[];
}

@define("ll-strategy-dashboard-dts307")
export class Dts307Dashboard extends HTMLElement {
  static async generate(config: StrategyConfig, hass: HomeAssistant): Promise<{ views: View[] }> {
    const { device_id } = config;
    const meters = metersOf(hass).filter(({ id }) => !device_id || id === device_id);
    const counted = await energyCounters(hass);
    const sites = await Promise.all(
      meters.map(async (device): Promise<Site> => {
        const entities = await entitiesOf(hass, device);
        return {
          deviceId: device.id,
          name: nameOf(device),
          alone: meters.length === 1,
          entities,
          inEnergy: counted.has(entities.energy_imported ?? ""),
          text: (key) => localize(hass.language, key),
        };
      }),
    );
    const views = VIEWS.map(({ path, icon, sections }): View => {
      const cards = sites.flatMap(sections).filter(([, ...rest]) => rest.length > 0);
      return {
        title: localize(hass.language, `view_${path}`),
        path,
        icon,
        type: "sections",
        max_columns: 3,
        sections: cards.map((section) => ({ type: "grid", cards: section })),
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

/** Return what the Energy dashboard counts of the grid; nothing if there is none. */
async function energyCounters(hass: HomeAssistant): Promise<Set<string>> {
  try {
    const { energy_sources } = await hass.callWS<{
      energy_sources: { stat_energy_from?: string | null }[];
    }>({ type: "energy/get_prefs" });
    return new Set(energy_sources.map(({ stat_energy_from }) => stat_energy_from ?? ""));
  } catch {
    return new Set();
  }
}

const helper = (): string => localize(pageLanguage(), "all_meters");

@define("dts307-dashboard-editor")
export class Dts307DashboardEditor extends LitElement {
  @property({ attribute: false }) hass?: HomeAssistant;
  @state() private config?: StrategyConfig;

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
