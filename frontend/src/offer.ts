// Where Home Assistant looks for cards and dashboards that it does not bring along.
import { localize, pageLanguage } from "./localize.ts";
import type { TextKey } from "./localize.ts";

interface Offer {
  type: string;
  name: string;
  description: string;
  preview?: boolean;
  strategyType?: string;
  documentationURL: string;
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
  window.customCards.push(
    offered("dts307-card", "card_name", "card_description", { preview: true }),
    offered("dts307-phasor-card", "phasor_name", "phasor_description", { preview: true }),
  );
  window.customStrategies ??= [];
  window.customStrategies.push(
    offered("dts307", "dashboard_name", "dashboard_description", { strategyType: "dashboard" }),
  );
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
