import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { languageOf } from "../src/i18n/language.ts";
import failures from "../src/i18n/download-failed.json" with { type: "json" };

const FOLDER = new URL("../src/i18n/translations/", import.meta.url);
const LANGUAGES = ["de", "en", "es", "fr", "nl", "pt-BR"];

/** Texts that may be the same in two languages. */
const MAY_BE_THE_SAME = new Set([
  ...["dashboard_name", "phase", "solar", "power_factor_short", "meter", "angle"],
]);

function textsOf(language: string): Record<string, string> {
  return JSON.parse(readFileSync(new URL(`${language}.json`, FOLDER), "utf8")) as Record<
    string,
    string
  >;
}

const english = textsOf("en");
const placeholders = (text: string | undefined): string[] =>
  [...(text ?? "").matchAll(/\{\w+\}/g)].map(String).sort();

test("there is a file for each language", () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), LANGUAGES.map((name) => `${name}.json`).sort());
});

for (const language of LANGUAGES) {
  test(`${language} has all texts`, () => {
    const texts = textsOf(language);
    assert.deepEqual(Object.keys(texts), Object.keys(english));
    for (const [key, text] of Object.entries(texts)) {
      assert.deepEqual(placeholders(text), placeholders(english[key]), key);
      assert.equal(text.trim(), text, key);
      assert.notEqual(text, "", key);
      if (language !== "en" && !MAY_BE_THE_SAME.has(key)) {
        assert.notEqual(text, english[key], key);
      }
    }
  });
}

test("the message of a failed download is translated", () => {
  const texts = Object.entries(failures);
  assert.deepEqual(
    texts.map(([language]) => languageOf(language)),
    LANGUAGES.map((language) => languageOf(language)),
  );
  assert.equal(new Set(texts.map(([, text]) => text)).size, LANGUAGES.length);
});

test("each text is used", () => {
  const source = new URL("../src/", import.meta.url);
  const code = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(name, source), "utf8"))
    .join("\n");
  const composed = (key: string): boolean => key.startsWith("view_") || key.endsWith("porting");
  for (const key of Object.keys(english)) {
    assert.ok(composed(key) || code.includes(`"${key}"`), key);
  }
});
