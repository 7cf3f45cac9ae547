// Meters as devices of Home Assistant.
import type { DeviceEntry, HomeAssistant } from "../home-assistant.ts";

export const DOMAIN = "dts307";

/** Return all meters, sorted by name. */
export function metersOf(hass: HomeAssistant): DeviceEntry[] {
  const devices = Object.values(hass.devices).filter((device) => device !== undefined);
  return devices
    .filter((device) => serialOf(device) !== undefined)
    .sort((one, other) => nameOf(one).localeCompare(nameOf(other), hass.locale.language));
}

/** Return the meter with this device ID; without an ID, the first meter. */
export function meterOf(hass: HomeAssistant, deviceId?: string): DeviceEntry | undefined {
  return metersOf(hass).find((device) => !deviceId || device.id === deviceId);
}

export function nameOf(device: DeviceEntry): string {
  return device.name_by_user ?? device.name ?? device.model ?? "DTS 307";
}

export function serialOf(device: DeviceEntry): string | undefined {
  return device.identifiers.find(([domain]) => domain === DOMAIN)?.[1];
}

/** Return what a meter prints on its front: the maker's accuracy class only on the maker's meter. */
export function kindOf({ manufacturer, model }: DeviceEntry): string {
  const isDts307 = /^measurlogic/i.test(manufacturer ?? "") && /dts ?307/i.test(model ?? "");
  return isDts307 ? "Energy meter, class 0.5" : "Energy meter";
}
