// The few texts that the main module needs before anything else is downloaded. The build leaves
// the others out of it.
import failures from "../i18n/download-failed.json" with { type: "json" };
import { languageOf, pageLanguage } from "../i18n/language.ts";
import type { Language } from "../i18n/language.ts";
import de from "../i18n/translations/de.json" with { type: "json" };
import en from "../i18n/translations/en.json" with { type: "json" };
import es from "../i18n/translations/es.json" with { type: "json" };
import fr from "../i18n/translations/fr.json" with { type: "json" };
import nl from "../i18n/translations/nl.json" with { type: "json" };
import ptBR from "../i18n/translations/pt-BR.json" with { type: "json" };
import type { REGISTRATION_KEYS } from "./text-keys.ts";

export type RegistrationKey = (typeof REGISTRATION_KEYS)[number];

const TEXTS: Readonly<Record<Language, Record<RegistrationKey, string>>> = {
  de,
  en,
  es,
  fr,
  nl,
  pt: ptBR,
};

/** Return a text in the language of the page. */
export function registrationText(key: RegistrationKey): string {
  return TEXTS[languageOf(pageLanguage())][key];
}

/** Return what to say when a chunk cannot be downloaded. */
export function downloadFailed(): string {
  return failures[languageOf(pageLanguage())];
}
