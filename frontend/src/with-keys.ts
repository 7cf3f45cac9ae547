// What the build makes of every language but English: the texts in the order of its keys.
import en from "./translations/en.json" with { type: "json" };

export function withKeys(texts: string[]): Record<string, string> {
  return Object.fromEntries(Object.keys(en).map((key, index) => [key, texts[index] ?? ""]));
}
