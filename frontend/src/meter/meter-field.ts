// The field of Home Assistant's forms in which the owner chooses a meter.
import { DOMAIN } from "./devices.ts";

/** A field of a form; the selector is one of Home Assistant's. */
export interface FormField {
  name: string;
  selector: Readonly<Record<string, object>>;
}

export const METER_FIELD: FormField = {
  name: "device_id",
  selector: { device: { integration: DOMAIN } },
};
