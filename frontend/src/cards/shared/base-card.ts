import { LitElement, html, nothing } from "lit";
import type { CSSResultGroup, PropertyValues, TemplateResult } from "lit";
import type { CardConfig, DeviceEntry, HassEntity, HomeAssistant } from "../../home-assistant.ts";
import { showMoreInfo } from "../../home-assistant.ts";
import { localize, textsIn } from "../../i18n/localize.ts";
import type { TextKey, Texts } from "../../i18n/localize.ts";
import { meterOf, nameOf } from "../../meter/devices.ts";
import { entitiesOf } from "../../meter/entities.ts";
import type { MeterEntities } from "../../meter/entities.ts";
import { placeOf } from "../../meter/place.ts";
import type { Place } from "../../meter/place.ts";
import { NO_ENTITY } from "../../meter/quantity.ts";
import type { Quantity } from "../../meter/quantity.ts";
import { readingOf } from "../../meter/reading.ts";
import type { Reading } from "../../meter/reading.ts";
import { baseStyles } from "./base-styles.ts";
import { LiveController } from "./live-controller.ts";

/** Return the configuration of a card that is new on a dashboard. */
export function stubConfig(hass: HomeAssistant): Omit<CardConfig, "type"> {
  const meter = meterOf(hass);
  return meter ? { device_id: meter.id } : {};
}

/**
 * The content of a card about one meter: its device, its entities and its texts.
 *
 * The element around it talks to Home Assistant (registration/lazy-card.ts).
 */
export abstract class BaseCard extends LitElement {
  static override properties = {
    hass: {},
    config: {},
    entities: {},
    texts: {},
  };

  hass?: HomeAssistant;
  config?: CardConfig;
  protected entities?: MeterEntities;
  protected texts?: Texts;
  protected reading?: Reading;
  protected readonly live = new LiveController(this);
  private askedDevice?: DeviceEntry;
  private askedLanguage?: string;

  protected get device(): DeviceEntry | undefined {
    return this.hass && meterOf(this.hass, this.config?.device_id);
  }

  /** What the meter stands between. */
  protected get place(): Place {
    return placeOf(this.reading?.role);
  }

  /** Home Assistant replaces `hass` with each state; only changes that show are drawn. */
  protected override shouldUpdate(changed: PropertyValues<this>): boolean {
    const { hass } = this;
    const old = changed.get("hass");
    if (changed.size > 1 || old === undefined || hass === undefined) return true;
    return (
      old.entities !== hass.entities ||
      old.devices !== hass.devices ||
      old.config !== hass.config ||
      old.locale !== hass.locale ||
      old.connected !== hass.connected ||
      old.language !== hass.language ||
      old.formatEntityState !== hass.formatEntityState ||
      Object.values(this.entities ?? {}).some((id) => id && old.states[id] !== hass.states[id])
    );
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { hass, device } = this;
    if (hass && hass.language !== this.askedLanguage) void this.learnTexts(hass.language);
    if (!hass) return;
    this.live.follow(hass, device?.id);
    if (!device) return;
    const old = changed.get("hass");
    const registry = old?.entities !== hass.entities || old.devices !== hass.devices;
    if (registry || device !== this.askedDevice) void this.learnEntities(hass, device);
    // The values of another meter must not appear under the name of this one.
    if (device.id !== this.askedDevice?.id) this.entities = this.reading = undefined;
    this.askedDevice = device;
    if (this.entities && this.live.settled) {
      this.reading = readingOf(hass, this.entities, this.live.message);
    }
  }

  private async learnEntities(hass: HomeAssistant, device: DeviceEntry): Promise<void> {
    try {
      const entities = await entitiesOf(hass, device);
      // The owner may have chosen another meter meanwhile.
      if (this.device?.id === device.id) this.entities = entities;
    } catch {
      // The connection was lost. When it is back, the registry is new, and we ask again.
    }
  }

  private async learnTexts(language: string): Promise<void> {
    this.askedLanguage = language;
    const texts = await textsIn(language);
    // The owner may have chosen another language meanwhile.
    if (this.askedLanguage === language) this.texts = texts;
  }

  /** Return the name of the meter, or the one that the card has instead. */
  protected heading(device: DeviceEntry): string {
    const own = (this.config?.name ?? "").trim();
    return own === "" ? nameOf(device) : own;
  }

  text(key: TextKey, values?: Readonly<Record<string, string>>): string {
    return this.texts ? localize(this.texts, key, values) : "";
  }

  /** Return a quantity in the unit and precision that its owner has chosen. */
  format(quantity: Quantity | undefined): string {
    if (quantity?.value === undefined || !this.hass) return "–";
    return this.hass.formatEntityState(quantity.state);
  }

  /** Return the text of an enumerated value, by the key of its entity. */
  protected word(key: string, { state }: Quantity): string {
    if (state.entity_id !== NO_ENTITY) return this.hass?.formatEntityState(state) ?? "";
    return this.hass?.localize(`component.dts307.entity.sensor.${key}.state.${state.state}`) ?? "";
  }

  /** Return a number in the owner's number format, as Home Assistant shows sensors. */
  number(value: number | string, unit?: string): string {
    const attributes = { state_class: "measurement", unit_of_measurement: unit };
    // A product of decimals such as 3 × 0.1 has a rounding error.
    const state = typeof value === "number" ? `${Number(value.toPrecision(9))}` : value;
    const sensor = { entity_id: "sensor.", state, attributes } as HassEntity;
    return this.hass?.formatEntityState(sensor) ?? "";
  }

  /**
   * Render a value, which opens the more-info dialog of its entity if it is enabled.
   *
   * Its accessible name begins with the text that it shows, which is what people say to a browser
   * that listens. What the value is follows.
   */
  value(
    quantity: Quantity | undefined,
    content: unknown,
    shown: string,
    what: string,
    name = "value",
  ): TemplateResult | typeof nothing {
    if (!quantity) return nothing;
    const label = [shown, what].filter(Boolean).join(", ");
    const { entity_id } = quantity.state;
    if (entity_id === NO_ENTITY) {
      return html`<span class="${name} still" role="img" aria-label=${label} title=${label}
        >${content}</span
      >`;
    }
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

  /** Render why the meter does not answer. Screen readers announce only changes of what is there. */
  protected renderNotice({ answers, link }: Reading): TemplateResult {
    const known = link && link.state.state !== "unavailable" ? this.word("link_state", link) : "";
    const why = known || this.text("unavailable");
    return html`<div class="notice" role="status">${answers ? nothing : why}</div>`;
  }

  private readonly showMoreInfo = (event: Event): void => {
    const { entity } = (event.currentTarget as HTMLElement).dataset;
    if (entity) showMoreInfo(this, entity);
  };

  protected override render(): TemplateResult | typeof nothing {
    if (!this.hass || !this.config) return nothing;
    if (!this.texts) return this.renderReserved();
    if (!this.device) {
      const key = this.config.device_id ? "not_found" : "no_meter";
      return html`<ha-card><p class="missing" role="status">${this.text(key)}</p></ha-card>`;
    }
    const { entities, reading } = this;
    const values = { ...entities, ...this.live.message?.values };
    // A meter whose entry was never set up has no entities.
    if (entities && this.live.settled && Object.keys(values).length === 0) {
      return html`<ha-card><p class="missing">${this.text("unavailable")}</p></ha-card>`;
    }
    if (!reading) return this.renderReserved();
    return html`<ha-card>${this.renderReading(this.hass, this.device, reading)}</ha-card>`;
  }

  /** Render an empty card as high as a drawn one, so that what is below it stays in its place. */
  private renderReserved(): TemplateResult {
    return html`<ha-card><div class="reserved"></div></ha-card>`;
  }

  protected abstract renderReading(
    hass: HomeAssistant,
    device: DeviceEntry,
    reading: Reading,
  ): TemplateResult;

  static override styles: CSSResultGroup = baseStyles;
}
