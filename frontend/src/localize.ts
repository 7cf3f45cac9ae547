// The cards' own words. What entities and their states are called, Home Assistant says itself.
import de from "./translations/de.json" with { type: "json" };
import en from "./translations/en.json" with { type: "json" };
import es from "./translations/es.json" with { type: "json" };
import fr from "./translations/fr.json" with { type: "json" };
import nl from "./translations/nl.json" with { type: "json" };
import ptBR from "./translations/pt-BR.json" with { type: "json" };

export type TextKey = keyof typeof en;

const LANGUAGES: Readonly<Record<string, Record<TextKey, string> | undefined>> = {
  de,
  en,
  es,
  fr,
  nl,
  pt: ptBR,
};

/** Return a text in a language such as "pt-BR"; in English if that is not among ours. */
export function localize(
  language: string,
  key: TextKey,
  values: Readonly<Record<string, string>> = {},
): string {
  const texts = LANGUAGES[language.split("-")[0] ?? ""] ?? en;
  return texts[key].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}

/** Return the language of the page, for what is asked of us without a Home Assistant at hand. */
export function pageLanguage(): string {
  return document.documentElement.lang || "en";
}
