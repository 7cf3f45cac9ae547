// The element that Home Assistant creates for a card. It is registered on every page, because
// Home Assistant shows an error card for an element that is not defined yet. The element that draws
// the card, `<type>-content`, is downloaded when a card is first shown.
import { define } from "../define.ts";
import type { CardConfig, GridOptions, HomeAssistant } from "../home-assistant.ts";
import type { CardForm } from "../cards/shared/card-form.ts";
import { downloadFailed } from "./texts.ts";

interface CardContent extends HTMLElement {
  hass?: HomeAssistant | undefined;
  config?: CardConfig | undefined;
}

interface CardModule {
  stubConfig: (hass: HomeAssistant) => Omit<CardConfig, "type">;
  configForm: () => Promise<CardForm>;
}

/** The typical height of a card in px, which is reserved until the card is drawn. */
interface Heights {
  narrow: number;
  wide: number;
  /** In either form. */
  compact?: number;
}

/** The build minifies templates with this tag. */
const css = String.raw;

export function defineLazyCard(
  type: string,
  { narrow, wide, compact = narrow }: Heights,
  download: () => Promise<CardModule>,
): void {
  // The content reserves the same height until it knows its meter (cards/shared/base-card.ts).
  const styles = css`
    :host {
      display: block;
      --dts-narrow-height: ${narrow}px;
      --dts-wide-height: ${wide}px;
    }
    :host([faceless]) {
      --dts-narrow-height: ${wide}px;
    }
    :host([compact]) {
      --dts-narrow-height: ${compact}px;
      --dts-wide-height: ${compact}px;
    }
    /* Where a layout sets the height, what is reserved beyond it is cut off. */
    ha-card {
      height: 100%;
      overflow: hidden;
      container-type: inline-size;
    }
    .reserved {
      min-height: var(--dts-narrow-height);
    }
    @container (min-width: 560px) {
      .reserved {
        min-height: var(--dts-wide-height);
      }
    }
  `;

  class LazyCard extends HTMLElement {
    private latestHass?: HomeAssistant | undefined;
    private cardConfig?: CardConfig;
    private content?: CardContent;
    private downloading = false;
    private failures = 0;

    /** Without a form, Home Assistant shows its text editor. */
    static async getConfigForm(): Promise<CardForm | undefined> {
      try {
        return await (await download()).configForm();
      } catch {
        return undefined;
      }
    }

    /** Without a stub, the card picker goes on: the preview then shows that the download failed. */
    static async getStubConfig(hass: HomeAssistant): Promise<Omit<CardConfig, "type">> {
      try {
        return (await download()).stubConfig(hass);
      } catch {
        return {};
      }
    }

    constructor() {
      super();
      this.attachShadow({ mode: "open" });
      this.show("ha-card", "<div class=reserved></div>");
    }

    get hass(): HomeAssistant | undefined {
      return this.latestHass;
    }

    set hass(hass: HomeAssistant | undefined) {
      const reconnected = hass?.connected && this.latestHass?.connected === false;
      this.latestHass = hass;
      if (this.content) this.content.hass = hass;
      else if (reconnected && this.failures > 0) void this.load();
    }

    setConfig(config: CardConfig): void {
      if (config.device_id && typeof config.device_id !== "string") {
        throw new Error("device_id must be a device ID");
      }
      if (config.phases && !Array.isArray(config.phases)) {
        throw new Error("phases must be a list");
      }
      this.toggleAttribute("faceless", config.hide_faceplate === true);
      this.toggleAttribute("compact", config.compact === true);
      this.cardConfig = config;
      if (this.content) this.content.config = config;
    }

    getCardSize(): number {
      return this.cardConfig?.compact ? 4 : 8;
    }

    getGridOptions(): GridOptions {
      return { columns: 12, rows: "auto", min_columns: 9 };
    }

    connectedCallback(): void {
      if (this.failures === 0) void this.load();
    }

    private async load(): Promise<void> {
      if (this.content || this.downloading) return;
      this.downloading = true;
      try {
        await download();
      } catch (error) {
        this.failures += 1;
        this.showFailure();
        // Home Assistant logs what nothing catches.
        setTimeout(() => {
          throw error as Error;
        });
        return;
      } finally {
        this.downloading = false;
      }
      this.content = this.show(`${type}-content`);
      this.content.hass = this.latestHass;
      this.content.config = this.cardConfig;
    }

    /** Older browsers remember the failure: there, only reloading the page helps. */
    private showFailure(): void {
      const alert = this.show("ha-alert", "<span></span><ha-button slot=action></ha-button>");
      alert.setAttribute("alert-type", "error");
      const [message, button] = alert.children;
      if (!message || !button) return;
      const again = this.failures === 1;
      message.textContent = downloadFailed();
      button.textContent =
        this.latestHass?.localize(`ui.common.${again ? "retry" : "refresh"}`) ?? "↻";
      button.addEventListener("click", () => {
        if (again) void this.load();
        else location.reload();
      });
    }

    /** Replace what is in the shadow root by one element. */
    private show(tag: string, inside = ""): CardContent {
      const element = document.createElement(tag);
      element.innerHTML = inside;
      const style = document.createElement("style");
      style.textContent = styles;
      if (this.shadowRoot) this.shadowRoot.textContent = "";
      this.shadowRoot?.append(style, element);
      return element;
    }
  }

  define(type, LazyCard);
}
