import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Follow the system setting for reduced motion, and update the host when it changes. */
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
