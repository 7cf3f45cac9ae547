// The dashboard strategy as Home Assistant finds it. It waits five seconds for this element, so the
// element is registered on every page, and downloads what makes the dashboard when it is asked to.
import { define } from "../define.ts";
import type { Dashboard, StrategyConfig } from "../dashboard/strategy.ts";
import type { HomeAssistant } from "../home-assistant.ts";
import { downloadFailed, registrationText } from "./texts.ts";

async function download(): Promise<typeof import("../dashboard/dashboard.ts")> {
  try {
    return await import("../dashboard/dashboard.ts");
  } catch (cause) {
    // Home Assistant shows this message in the place of the dashboard.
    throw new Error(downloadFailed(), { cause });
  }
}

class LazyStrategy extends HTMLElement {
  static async generate(config: StrategyConfig, hass: HomeAssistant): Promise<Dashboard> {
    const { dashboardOf } = await download();
    return dashboardOf(config, hass);
  }

  static getCreateSuggestions(): { title: string; icon: string } {
    return { title: registrationText("dashboard_name"), icon: "mdi:meter-electric" };
  }

  static async getConfigElement(): Promise<HTMLElement> {
    const { dashboardEditor } = await download();
    return dashboardEditor();
  }
}

export function defineLazyStrategy(): void {
  define("ll-strategy-dashboard-dts307", LazyStrategy);
}
