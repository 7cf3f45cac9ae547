import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf } from "../src/i18n/language.ts";
import { localize, textsIn } from "../src/i18n/localize.ts";
import en from "../src/i18n/translations/en.json" with { type: "json" };

test("each language of Home Assistant maps to one of ours", () => {
  assert.equal(languageOf("de-CH"), "de");
  assert.equal(languageOf("pt"), "pt");
  assert.equal(languageOf("pt-BR"), "pt");
  assert.equal(languageOf("en-GB"), "en");
  assert.equal(languageOf("fi"), "en");
  assert.equal(languageOf(""), "en");
});

test("each of our languages can be loaded", async () => {
  for (const language of ["de", "es", "fr", "nl", "pt-BR"]) {
    assert.notEqual((await textsIn(language)).house, en.house, language);
  }
  assert.equal(await textsIn("fi"), en);
});

test("placeholders are replaced", async () => {
  const texts = await textsIn("de");
  assert.match(localize(texts, "phase", { phase: "A" }), /^\S+ A$/);
  assert.doesNotMatch(localize(texts, "service"), /[{}]/);
});
