// Where Home Assistant looks for cards and dashboards that it does not bring along.
import type { CardConfig, HomeAssistant } from "./home-assistant.ts";
import { localize, pageLanguage } from "./localize.ts";
import type { TextKey } from "./localize.ts";

interface Offer {
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
    customCards?: Offer[];
    customStrategies?: Offer[];
  }
}

const DOCUMENTATION = "https://github.com/dts307/dts307/blob/main/docs/card.md";

export function offer(): void {
  window.customCards ??= [];
  if (window.customCards.some(({ type }) => type === "dts307-card")) return;
  window.customCards.push(
    offeredCard("dts307-card", "card_name", "card_description"),
    offeredCard("dts307-phasor-card", "phasor_name", "phasor_description"),
  );
  window.customStrategies ??= [];
  window.customStrategies.push(
    offered("dts307", "dashboard_name", "dashboard_description", { strategyType: "dashboard" }),
  );
}

function offeredCard(type: string, name: TextKey, description: TextKey): Offer {
  return offered(type, name, description, { preview: true, getEntitySuggestion: suggestion });
}

/** Whoever looks for a card for an entity of a meter is offered those of its meter. */
function suggestion(
  this: Offer,
  hass: HomeAssistant,
  entityId: string,
): { config: CardConfig } | null {
  const { platform, device_id } = hass.entities[entityId] ?? {};
  if (platform !== "dts307" || !device_id) return null;
  return { config: { type: `custom:${this.type}`, device_id } };
}

/** The language of the page is known only when the offer is looked at. */
function offered(type: string, name: TextKey, description: TextKey, more: Partial<Offer>): Offer {
  return {
    type,
    get name() {
      return localize(pageLanguage(), name);
    },
    get description() {
      return localize(pageLanguage(), description);
    },
    documentationURL: DOCUMENTATION,
    ...more,
  };
}
