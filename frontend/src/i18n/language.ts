/** All Portuguese is that of Brazil. */
const LANGUAGES = ["de", "en", "es", "fr", "nl", "pt"] as const;

export type Language = (typeof LANGUAGES)[number];

/** Return our language for one of Home Assistant's, such as "de-CH"; English if we have none. */
export function languageOf(tag: string): Language {
  const [base] = tag.split("-");
  return LANGUAGES.find((language) => language === base) ?? "en";
}

/** Return the language of the page, for texts that are needed without a `hass` at hand. */
export function pageLanguage(): string {
  return document.documentElement.lang || "en";
}
