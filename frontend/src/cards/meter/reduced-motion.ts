import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Tells whether the viewer asks for less motion, and updates its host when that changes. */
export class ReducedMotion implements ReactiveController {
  private readonly query = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  get wanted(): boolean {
    return this.query.matches;
  }

  hostConnected(): void {
    this.query.addEventListener("change", this.changed);
  }

  hostDisconnected(): void {
    this.query.removeEventListener("change", this.changed);
  }

  private readonly changed = (): void => {
    this.host.requestUpdate();
  };
}
