import { LitElement, css, html, nothing } from "lit";
import type { CSSResultGroup, PropertyValues, TemplateResult } from "lit";
import { property } from "./define.ts";
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
  @property() hass?: HomeAssistant;
  @property() protected config?: CardConfig;
  @property() protected entities?: MeterEntities;
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
    if (config.device_id && typeof config.device_id !== "string") {
      throw new Error("device_id must be the id of a device");
    }
    this.config = config;
  }

  getCardSize(): number {
    return 8;
  }

  getGridOptions(): GridOptions {
    return { columns: 12, rows: "auto", min_columns: 9 };
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
      old.locale !== hass.locale ||
      old.connected !== hass.connected ||
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
    // What is known of another meter must not stand under the name of this one.
    if (device.id !== this.asked?.id) this.entities = this.reading = undefined;
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
  format(quantity: Quantity | undefined): string {
    if (quantity?.value === undefined || !this.hass) return "–";
    return this.hass.formatEntityState(quantity.state);
  }

  /** Return a number as its owner wants numbers written: as Home Assistant writes those of sensors. */
  number(value: number | string, unit?: string): string {
    const attributes = { state_class: "measurement", unit_of_measurement: unit };
    // A product of decimals may be a hair beside them.
    const state = typeof value === "number" ? `${Number(value.toPrecision(9))}` : value;
    const sensor = { entity_id: "sensor.", state, attributes } as HassEntity;
    return this.hass?.formatEntityState(sensor) ?? "";
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

  /** Render why the meter does not answer; its place is there before, so that it is read out. */
  protected renderNotice(hass: HomeAssistant, { answers, link }: Reading): TemplateResult {
    const told = link && link.state.state !== "unavailable";
    const why = told ? hass.formatEntityState(link.state) : this.text("unavailable");
    return html`<div class="notice" role="status">${answers ? nothing : why}</div>`;
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
      const key = this.config.device_id ? "not_found" : "no_meter";
      return html`<ha-card><p class="missing" role="status">${this.text(key)}</p></ha-card>`;
    }
    const { entities, reading } = this;
    // A meter whose entry was never set up has none.
    const empty = entities && Object.keys(entities).length === 0;
    return html`<ha-card>
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
    /* A meter reads from left to right, whichever way the page does: arrows and marks depend on it. */
    ha-card {
      direction: ltr;
      color: var(--primary-text-color);
      height: 100%;
      box-sizing: border-box;
      container-type: inline-size;
      overflow: hidden;
      --dts-green: #1d8348;
      --dts-orange: #b45309;
      --dts-red: #c62828;
      --dts-a: #1f77c9;
      --dts-b: #9b3fc4;
      --dts-c: #0d8577;
    }
    /* Towards the colour of the text, so that each theme can be read, whatever it says of itself. */
    @supports (color: color-mix(in srgb, red, red)) {
      ha-card {
        --dts-ink: 70%, var(--primary-text-color);
        --dts-green: color-mix(in srgb, #2a9d5c var(--dts-ink));
        --dts-orange: color-mix(in srgb, #d9741f var(--dts-ink));
        --dts-red: color-mix(in srgb, #e04848 var(--dts-ink));
        --dts-a: color-mix(in srgb, #3a90dc var(--dts-ink));
        --dts-b: color-mix(in srgb, #b35fd8 var(--dts-ink));
        --dts-c: color-mix(in srgb, #1f9e8e var(--dts-ink));
      }
    }
    .missing {
      padding: 24px 16px;
    }
    .notice:not(:empty) {
      padding: 10px 12px;
      border-radius: 8px;
      font-size: 14px;
      line-height: 1.4;
      background: color-mix(in srgb, var(--warning-color, #ffa600) 18%, transparent);
    }
    /* Out of the way, but not out of the tree: what is hidden is not read out when it comes. */
    .notice:empty {
      position: absolute;
    }
    button {
      all: unset;
      box-sizing: border-box;
      cursor: pointer;
      border-radius: 6px;
      font-variant-numeric: tabular-nums;
      white-space: nowrap;
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
    h2,
    h3,
    p {
      margin: 0;
      font: inherit;
    }
    h2 {
      overflow-wrap: anywhere;
      font-size: 16px;
      font-weight: 500;
      line-height: 1.3;
    }
    h3 {
      font-size: 12px;
    }
    h3,
    p,
    .pair,
    .what,
    .unit {
      color: var(--secondary-text-color);
    }
  `;
}
