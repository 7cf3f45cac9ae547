// A form of Home Assistant's in which the owner chooses a meter.

export interface MeterForm {
  schema: { name: string; selector: { device: { integration: string } } }[];
  computeLabel: () => string;
}

export const METER_SCHEMA: MeterForm["schema"] = [
  { name: "device_id", selector: { device: { integration: "dts307" } } },
];
