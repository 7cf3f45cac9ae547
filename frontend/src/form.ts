// The visual editor: Home Assistant's own form, with the meter as its only field.
import { localize, pageLanguage } from "./localize.ts";

export interface DeviceForm {
  schema: { name: string; selector: { device: { integration: string } } }[];
  computeLabel: () => string;
}

export function deviceForm(): DeviceForm {
  return {
    schema: [{ name: "device_id", selector: { device: { integration: "dts307" } } }],
    computeLabel: () => localize(pageLanguage(), "meter"),
  };
}
