import { LitElement, css, html, nothing } from "lit";
import type { CSSResultGroup, PropertyValues, TemplateResult } from "lit";
import { property } from "lit/decorators/property.js";
import { state } from "lit/decorators/state.js";
import { deviceForm } from "./form.ts";
import type {
  CardConfig,
  DeviceEntry,
  GridOptions,
  HassEntity,
  HomeAssistant,
} from "./home-assistant.ts";
import { showMoreInfo } from "./home-assistant.ts";
import { localize } from "./localize.ts";
import type { TextKey } from "./localize.ts";
import { entitiesOf, meterOf } from "./meter.ts";
import type { MeterEntities } from "./meter.ts";
import { readingOf } from "./reading.ts";
import type { Quantity, Reading } from "./reading.ts";

/** What the cards of a meter have in common: its device, its entities, and words. */
export abstract class MeterCard extends LitElement {
  @property({ attribute: false }) hass?: HomeAssistant;
  @state() protected config?: CardConfig;
  @state() protected entities?: MeterEntities;
  protected reading?: Reading;
  private asked?: DeviceEntry;

  static getConfigForm(): ReturnType<typeof deviceForm> {
    return deviceForm();
  }

  static getStubConfig(hass: HomeAssistant): Omit<CardConfig, "type"> {
    const meter = meterOf(hass);
    return meter ? { device_id: meter.id } : {};
  }

  setConfig(config: CardConfig): void {
    if (config.device_id !== undefined && typeof config.device_id !== "string") {
      throw new Error("device_id must be the id of a device");
    }
    this.config = config;
  }

  getCardSize(): number {
    return 8;
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }

  protected get device(): DeviceEntry | undefined {
    return this.hass && meterOf(this.hass, this.config?.device_id);
  }

  /** Nothing is drawn anew for entities of others. */
  protected override shouldUpdate(changed: PropertyValues<this>): boolean {
    const { hass } = this;
    const old = changed.get("hass");
    if (changed.size > 1 || old === undefined || hass === undefined) return true;
    return (
      old.entities !== hass.entities ||
      old.devices !== hass.devices ||
      old.themes !== hass.themes ||
      old.locale !== hass.locale ||
      old.language !== hass.language ||
      old.formatEntityState !== hass.formatEntityState ||
      Object.values(this.entities ?? {}).some((id) => id && old.states[id] !== hass.states[id])
    );
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { hass, device } = this;
    if (!hass || !device) return;
    const old = changed.get("hass");
    const registry = old?.entities !== hass.entities || old.devices !== hass.devices;
    if (registry || device !== this.asked) void this.learnEntities(hass, device);
    this.asked = device;
    if (this.entities) this.reading = readingOf(hass, this.entities);
  }

  private async learnEntities(hass: HomeAssistant, device: DeviceEntry): Promise<void> {
    try {
      const entities = await entitiesOf(hass, device);
      // Meanwhile, another meter may have been chosen.
      if (this.device?.id === device.id) this.entities = entities;
    } catch {
      // The connection was lost; with it, everything comes anew.
    }
  }

  text(key: TextKey, values?: Readonly<Record<string, string>>): string {
    return localize(this.hass?.language ?? "en", key, values);
  }

  /** Return what a quantity is, as its owner wants it shown. */
  format(quantity: Quantity | undefined, value?: number): string {
    if (quantity?.value === undefined || !this.hass) return "–";
    return this.hass.formatEntityState(quantity.state, value === undefined ? value : `${value}`);
  }

  number(value: number, digits: number): string {
    return value.toLocaleString(this.hass?.locale.language ?? "en", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  }

  /** Render a value that leads to all there is to know of it. */
  value(
    quantity: Quantity | undefined,
    content: unknown,
    label: string,
    name = "value",
  ): TemplateResult | typeof nothing {
    if (!quantity) return nothing;
    const { entity_id } = quantity.state;
    return html`<button
      class=${name}
      type="button"
      data-entity=${entity_id}
      aria-label=${label}
      title=${label}
      @click=${this.showMoreInfo}
    >
      ${content}
    </button>`;
  }

  protected stateOf(key: string): HassEntity | undefined {
    return this.hass?.states[this.entities?.[key] ?? ""];
  }

  private readonly showMoreInfo = (event: Event): void => {
    const { entity } = (event.currentTarget as HTMLElement).dataset;
    if (entity) showMoreInfo(this, entity);
  };

  protected override render(): TemplateResult | typeof nothing {
    if (!this.hass || !this.config) return nothing;
    if (!this.device) {
      const key = this.config.device_id === undefined ? "no_meter" : "not_found";
      return html`<ha-card><p class="missing" role="status">${this.text(key)}</p></ha-card>`;
    }
    const { entities, reading } = this;
    // A meter whose entry was never set up has none.
    const empty = entities && Object.keys(entities).length === 0;
    return html`<ha-card class=${this.hass.themes.darkMode ? "night" : "day"}>
      ${empty ? html`<p class="missing">${this.text("unavailable")}</p>` : nothing}
      ${reading && !empty ? this.renderReading(this.hass, this.device, reading) : nothing}
    </ha-card>`;
  }

  protected abstract renderReading(
    hass: HomeAssistant,
    device: DeviceEntry,
    reading: Reading,
  ): TemplateResult;

  static override styles: CSSResultGroup = css`
    :host {
      display: block;
    }
    ha-card {
      height: 100%;
      box-sizing: border-box;
      container-type: inline-size;
      overflow: hidden;
      --dts307-green: #1d8348;
      --dts307-orange: #b45309;
      --dts307-red: #c62828;
      --dts307-a: #1f77c9;
      --dts307-b: #9b3fc4;
      --dts307-c: #0d8577;
    }
    ha-card.night {
      --dts307-green: #3ddc84;
      --dts307-orange: #ff9a3c;
      --dts307-red: #ff6b6b;
      --dts307-a: #5cb0f5;
      --dts307-b: #cf8bef;
      --dts307-c: #3fcfbd;
    }
    .missing {
      margin: 0;
      padding: 24px 16px;
      color: var(--secondary-text-color);
    }
    button {
      all: unset;
      box-sizing: border-box;
      cursor: pointer;
      border-radius: 6px;
      font-variant-numeric: tabular-nums;
      white-space: nowrap;
      -webkit-tap-highlight-color: transparent;
    }
    @media (hover: hover) {
      button:hover {
        background: color-mix(in srgb, var(--primary-text-color) 8%, transparent);
      }
    }
    button:focus-visible {
      outline: 2px solid var(--primary-color);
      outline-offset: 1px;
    }
    h2 {
      margin: 0;
      font: inherit;
      font-size: 16px;
      font-weight: 500;
      line-height: 1.3;
      color: var(--primary-text-color);
    }
    h3 {
      margin: 0;
      font: inherit;
      font-size: 12px;
      color: var(--secondary-text-color);
    }
  `;
}
