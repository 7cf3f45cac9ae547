// The texts of the cards and the dashboard. Home Assistant translates entities and their states.
import type { Language } from "./language.ts";
import { languageOf } from "./language.ts";
import en from "./translations/en.json" with { type: "json" };

export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;

/** English is at hand for a language that we do not have, or that cannot be downloaded. */
const DOWNLOADS: Readonly<Record<Exclude<Language, "en">, () => Promise<{ default: Texts }>>> = {
  de: () => import("./translations/de.json", { with: { type: "json" } }),
  es: () => import("./translations/es.json", { with: { type: "json" } }),
  fr: () => import("./translations/fr.json", { with: { type: "json" } }),
  nl: () => import("./translations/nl.json", { with: { type: "json" } }),
  pt: () => import("./translations/pt-BR.json", { with: { type: "json" } }),
};

/** Return the texts in a language such as "pt-BR". */
export async function textsIn(tag: string): Promise<Texts> {
  const language = languageOf(tag);
  if (language === "en") return en;
  try {
    return (await DOWNLOADS[language]()).default;
  } catch {
    return en;
  }
}

/** Return a text with values in the place of its `{placeholders}`. */
export function localize(
  texts: Texts,
  key: TextKey,
  values: Readonly<Record<string, string>> = {},
): string {
  return texts[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}
