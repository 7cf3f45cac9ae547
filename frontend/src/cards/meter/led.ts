import { LitElement, css, html } from "lit";
import type { TemplateResult } from "lit";
import { define } from "../../define.ts";
import { ReducedMotion } from "./reduced-motion.ts";
import type { Flash } from "../../meter/status-light.ts";

const differs = (value: unknown, old: unknown): boolean =>
  JSON.stringify(value) !== JSON.stringify(old);

/** The colours of the lights, by class. */
export const colours = css`
  .green {
    --lit: #35e07a;
  }
  .orange {
    --lit: #ff8a1f;
  }
  .red {
    --lit: #ff3b3b;
  }
  .amber {
    --lit: #ffc233;
  }
`;

/**
 * A light that repeats its flashes. Each is a layer whose opacity the browser animates. With reduced
 * motion, the light is steady in the colour of the first flash.
 */
export class Led extends LitElement {
  static override properties = {
    flashes: { hasChanged: differs },
    period: {},
    beat: {},
  };

  flashes: Flash[] = [];
  /** Seconds after which the flashes repeat; without it, they run once per new `beat`. */
  period?: number;
  beat?: unknown;

  private readonly reducedMotion = new ReducedMotion(this);
  private animations: Animation[] = [];

  static override styles = [
    colours,
    css`
      :host {
        position: relative;
        display: inline-block;
        width: 13px;
        height: 13px;
        border-radius: 50%;
        background: radial-gradient(circle at 35% 30%, #6d7478, #4a5055 70%);
        box-shadow:
          0 0 0 2px #1f2225,
          0 0 0 3px #5d6469;
      }
      i {
        position: absolute;
        top: 0;
        left: 0;
        width: 100%;
        height: 100%;
        border-radius: 50%;
        opacity: 0;
        background: radial-gradient(circle at 40% 35%, #fff, var(--lit) 55%);
        box-shadow: 0 0 14px 4px var(--lit);
        will-change: opacity;
      }
      i.steady {
        opacity: 0.9;
      }
    `,
  ];

  override render(): TemplateResult[] {
    const steady = this.reducedMotion.wanted;
    return this.flashes.map(
      ({ colour }, index) =>
        html`<i class="${colour} ${steady && index === 0 ? "steady" : ""}"></i>`,
    );
  }

  override updated(): void {
    this.stop();
    if (this.isConnected && !this.reducedMotion.wanted) this.start();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  private start(): void {
    const layers = this.renderRoot.querySelectorAll("i");
    this.animations = this.flashes.flatMap(({ start, duration }, index) => {
      const length = this.period ?? start + duration;
      const [begin, end] = [start / length, Math.min(1, (start + duration) / length)];
      const frames = [
        { opacity: 0, offset: 0 },
        { opacity: 1, offset: begin },
        { opacity: 0, offset: end },
        { opacity: 0, offset: 1 },
      ];
      const animation = layers[index]?.animate(
        frames.map((frame) => ({ ...frame, easing: "step-end" })),
        { duration: length * 1000, iterations: this.period ? Infinity : 1 },
      );
      // With one start time, all lights of a page are in step, and readings do not restart them.
      if (animation && this.period) animation.startTime = 0;
      return animation ?? [];
    });
  }

  private stop(): void {
    for (const animation of this.animations) animation.cancel();
    this.animations = [];
  }
}

define("dts307-led", Led);
