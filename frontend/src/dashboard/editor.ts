// The visual editor of the strategy: Home Assistant's own form, with the meter as its only field.
// It does without Lit, which is larger than all of the dashboard.
import { define } from "../define.ts";
import type { HomeAssistant } from "../home-assistant.ts";
import { pageLanguage } from "../i18n/language.ts";
import { localize, textsIn } from "../i18n/localize.ts";
import type { Texts } from "../i18n/localize.ts";
import { METER_FIELD } from "../meter/meter-field.ts";
import type { FormField } from "../meter/meter-field.ts";
import type { StrategyConfig } from "./strategy.ts";

interface FormElement extends HTMLElement {
  schema?: FormField[];
  computeLabel?: () => string;
  hass?: HomeAssistant;
  data?: StrategyConfig;
  computeHelper?: () => string;
}

const TAG = "dts307-dashboard-editor";

export class DashboardEditor extends HTMLElement {
  private readonly form: FormElement = document.createElement("ha-form");

  constructor() {
    super();
    this.form.schema = [METER_FIELD];
    this.form.addEventListener("value-changed", this.changed);
    this.attachShadow({ mode: "open" }).append(this.form);
  }

  set texts(texts: Texts) {
    this.form.computeLabel = () => localize(texts, "meter");
    this.form.computeHelper = () => localize(texts, "all_meters");
  }

  set hass(hass: HomeAssistant) {
    this.form.hass = hass;
  }

  setConfig(config: StrategyConfig): void {
    this.form.data = config;
  }

  private readonly changed = (event: Event): void => {
    event.stopPropagation();
    const { device_id, ...rest } = (event as CustomEvent<{ value: StrategyConfig }>).detail.value;
    const config = device_id ? { ...rest, device_id } : rest;
    this.dispatchEvent(
      new CustomEvent("config-changed", { bubbles: true, composed: true, detail: { config } }),
    );
  };
}

define(TAG, DashboardEditor);

export async function dashboardEditor(): Promise<HTMLElement> {
  const texts = await textsIn(pageLanguage());
  return Object.assign(document.createElement(TAG), { texts });
}
