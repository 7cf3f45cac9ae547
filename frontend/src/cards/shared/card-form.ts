// The visual editor of a card: Home Assistant's own form.
import { pageLanguage } from "../../i18n/language.ts";
import { localize, textsIn } from "../../i18n/localize.ts";
import type { TextKey } from "../../i18n/localize.ts";
import { METER_FIELD } from "../../meter/meter-field.ts";
import type { FormField } from "../../meter/meter-field.ts";
import { PHASE_NAMES } from "../../meter/phases.ts";

/** What Home Assistant asks a card for. */
export interface CardForm {
  schema: FormField[];
  computeLabel: (field: FormField, localize: (key: string) => string) => string;
}

export const NAME: FormField = { name: "name", selector: { text: {} } };
/** Off as long as nothing was chosen, as a switch of the form is then. */
export const COMPACT: FormField = { name: "compact", selector: { boolean: {} } };
export const HIDE_FACEPLATE: FormField = { name: "hide_faceplate", selector: { boolean: {} } };
export const SHOWN_PHASES: FormField = {
  name: "phases",
  selector: { select: { multiple: true, mode: "list", options: PHASE_NAMES } },
};

const LABELS: Readonly<Record<string, TextKey | undefined>> = {
  device_id: "meter",
  compact: "compact",
  hide_faceplate: "hide_faceplate",
  phases: "phases",
};

/** Return a form for a meter and these fields, in the language of the page. */
export async function cardForm(...fields: FormField[]): Promise<CardForm> {
  const texts = await textsIn(pageLanguage());
  return {
    schema: [METER_FIELD, ...fields],
    computeLabel: ({ name }, ofHomeAssistant) => {
      const own = LABELS[name];
      if (own) return localize(texts, own);
      return ofHomeAssistant(`ui.panel.lovelace.editor.card.generic.${name}`);
    },
  };
}
