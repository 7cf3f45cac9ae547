import "./card.ts";
import "./dashboard.ts";
import "./phasor-card.ts";
import { offer } from "./offer.ts";

offer();
