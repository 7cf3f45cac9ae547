import type { HomeAssistant } from "../../home-assistant.ts";

/** What Home Assistant answers instead of a result. */
interface Failure {
  message?: string;
  translation_key?: string;
  translation_domain?: string;
  translation_placeholders?: Record<string, string>;
}

/** Return why a request failed, in the owner's language if Home Assistant knows it. */
export async function reasonOf(hass: HomeAssistant, failure: unknown): Promise<string> {
  const { message, translation_key, translation_domain, translation_placeholders } =
    // An answer, or an error of the connection.
    (failure ?? {}) as Failure;
  if (translation_key && translation_domain) {
    try {
      const localize = await hass.loadBackendTranslation("exceptions", translation_domain);
      const key = `component.${translation_domain}.exceptions.${translation_key}.message`;
      const text = localize(key, translation_placeholders);
      if (text) return text;
    } catch {
      // The message will do.
    }
  }
  return message ?? "";
}
