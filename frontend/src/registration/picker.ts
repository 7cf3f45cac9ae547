// Where Home Assistant looks for the cards and dashboards of integrations.
import type { CardConfig, HomeAssistant } from "../home-assistant.ts";
import type { RegistrationKey } from "./texts.ts";
import { registrationText } from "./texts.ts";

interface PickerEntry {
  type: string;
  name: string;
  description: string;
  preview?: boolean;
  strategyType?: string;
  documentationURL: string;
  getEntitySuggestion?: typeof suggestion;
}

declare global {
  interface Window {
    customCards?: PickerEntry[];
    customStrategies?: PickerEntry[];
  }
}

const DOCUMENTATION = "https://github.com/dts307/dts307/blob/main/docs/card.md";

export function addToPickers(): void {
  window.customCards ??= [];
  if (window.customCards.some(({ type }) => type === "dts307-card")) return;
  window.customCards.push(
    cardEntry("dts307-card", "card_name", "card_description"),
    cardEntry("dts307-phasor-card", "phasor_name", "phasor_description"),
    cardEntry("dts307-intervals-card", "intervals_name", "intervals_description"),
  );
  window.customStrategies ??= [];
  window.customStrategies.push(
    entry("dts307", "dashboard_name", "dashboard_description", { strategyType: "dashboard" }),
  );
}

function cardEntry(type: string, name: RegistrationKey, description: RegistrationKey): PickerEntry {
  return entry(type, name, description, { preview: true, getEntitySuggestion: suggestion });
}

/** For an entity of a meter, suggest the card of that meter. */
function suggestion(
  this: PickerEntry,
  hass: HomeAssistant,
  entityId: string,
): { config: CardConfig } | null {
  const { platform, device_id } = hass.entities[entityId] ?? {};
  if (platform !== "dts307" || !device_id) return null;
  return { config: { type: `custom:${this.type}`, device_id } };
}

/** The page gets its language after this module has run, so the texts are read late. */
function entry(
  type: string,
  name: RegistrationKey,
  description: RegistrationKey,
  more: Partial<PickerEntry>,
): PickerEntry {
  return {
    type,
    get name() {
      return registrationText(name);
    },
    get description() {
      return registrationText(description);
    },
    documentationURL: DOCUMENTATION,
    ...more,
  };
}
