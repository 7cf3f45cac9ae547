import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { transformSync } from "esbuild";

/** The oldest browsers that docs/card.md names. */
const BROWSERS = ["chrome78", "firefox98", "safari15"];
const WWW = new URL("../../custom_components/dts307/www/", import.meta.url);
const FILES = readdirSync(WWW).map((name) => [name, readFileSync(new URL(name, WWW), "utf8")]) as [
  name: string,
  code: string,
][];

/** Functions that one of these browsers lacks; tsconfig.json leaves out those of the language. */
const NEWER_FUNCTIONS =
  /\b(?:reportError|structuredClone)\(|\.(?:at|findLast|hasOwn|replaceAll|replaceChildren|toSorted)\(/;
/** Properties of style sheets that do without a fallback. */
const NEWER_STYLES = /[;{](?:inset|inset-block|padding-block|overflow-wrap):/;

/** Return whether esbuild has to rewrite syntax for these browsers. Minifying may do so, too. */
function isNewer(code: string): boolean {
  const [newest, oldest] = ["esnext", BROWSERS].map(
    (target) => transformSync(code, { target, charset: "utf8" }).code,
  );
  return newest !== oldest;
}

test("newer syntax is recognised", () => {
  for (const code of ["class A { static { b(); } }", "a?.b", "a ??= b", "class A { #a = 1; }"]) {
    assert.ok(isNewer(code), code);
  }
  assert.ok(!isNewer("const a = async () => import('./b.js');"));
});

for (const [name, code] of FILES) {
  test(`the oldest browsers understand ${name.replace(/-\w{8}\./, ".")}`, () => {
    assert.ok(!isNewer(code));
    assert.doesNotMatch(code, NEWER_FUNCTIONS);
    assert.doesNotMatch(code, NEWER_STYLES);
    // Mixed colours are only in variables that have another value, too.
    for (const [, before] of code.matchAll(/(.{0,20})color-mix\(/g)) {
      assert.match(before ?? "", /--dts-[\w-]+:\s?$|\(color:\s?$/);
    }
  });
}

test("the documents name these browsers", () => {
  const text = readFileSync(new URL("../../docs/card.md", import.meta.url), "utf8");
  for (const browser of BROWSERS) {
    const [, name, version] = /([a-z]+)(\d+)/.exec(browser) ?? [];
    assert.match(text, new RegExp(`${name ?? ""}[\\w ]* ${version ?? ""}\\b`, "i"), browser);
  }
});
