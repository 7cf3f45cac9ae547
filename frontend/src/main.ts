// Home Assistant loads this module on every page. So it only registers the cards and the
// dashboard; each downloads what it needs when it is first used.
import { defineLazyCard } from "./registration/lazy-card.ts";
import { defineLazyStrategy } from "./registration/lazy-strategy.ts";
import { addToPickers } from "./registration/picker.ts";

// Heights in px with three phases: in a column of a dashboard, and with the parts side by side.
defineLazyCard(
  "dts307-card",
  { narrow: 639, wide: 476, compact: 275 },
  () => import("./cards/meter/meter-card.ts"),
);
defineLazyCard(
  "dts307-phasor-card",
  { narrow: 540, wide: 316 },
  () => import("./cards/phasor/phasor-card.ts"),
);
defineLazyCard(
  "dts307-intervals-card",
  { narrow: 988, wide: 1015 },
  () => import("./cards/intervals/intervals-card.ts"),
);
defineLazyStrategy();
addToPickers();
