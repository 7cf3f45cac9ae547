// Files of a month, which the server makes for those who are signed in.
import type { DeviceEntry, HomeAssistant } from "../../home-assistant.ts";
import { DOMAIN } from "../../meter/devices.ts";

export const FORMATS = {
  csv: "CSV",
  green_button: "Green Button",
  nem12: "NEM12",
} as const;

export type Format = keyof typeof FORMATS;

/** Between two instants in ms since 1970, with intervals of so many minutes. */
interface Span {
  start: number;
  end: number;
  minutes: number;
}

/** Let the browser save intervals as a file. */
export async function download(
  hass: HomeAssistant,
  { primary_config_entry }: DeviceEntry,
  format: Format,
  { start, end, minutes }: Span,
): Promise<void> {
  const query = new URLSearchParams({
    format,
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    minutes: `${minutes}`,
  });
  const { path } = await hass.callWS<{ path: string }>({
    type: "auth/sign_path",
    path: `/api/${DOMAIN}/intervals/${primary_config_entry ?? ""}?${query.toString()}`,
  });
  const url = hass.hassUrl(path);
  // Of a failed download, browsers do not say why.
  const response = await fetch(url);
  if (!response.ok) throw (await response.json()) as Error;
  await response.body?.cancel();
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  // Home Assistant's router follows links within the page.
  link.target = "_blank";
  document.body.append(link);
  link.click();
  link.remove();
}
