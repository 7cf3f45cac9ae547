// The texts in the main module. build.js reads this list, too.
export const REGISTRATION_KEYS = [
  "card_name",
  "card_description",
  "phasor_name",
  "phasor_description",
  "intervals_name",
  "intervals_description",
  "dashboard_name",
  "dashboard_description",
] as const;

/** The build writes a language as the list of these texts, and this call: that is shorter. */
export function withKeys(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(REGISTRATION_KEYS.map((key, index) => [key, texts[index] ?? ""]));
}
