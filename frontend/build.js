// Bundle src/main.ts into the one file that Home Assistant serves; with --check, only see whether
// the file that is there is what the source gives.
import { build } from "esbuild";
import { minifyHTMLLiterals } from "minify-literals";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BUNDLE = fileURLToPath(new URL("../custom_components/dts307/www/dts307.js", import.meta.url));
const LARGEST = 60_000;

/** Take the white space out of templates and style sheets. */
const minifyTemplates = {
  name: "minify-templates",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/[\w-]+\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const minified = await minifyHTMLLiterals(source, { fileName: path });
      return { contents: minified?.code ?? source, loader: "ts" };
    });
  },
};

/** Write the keys of the texts down once, for all languages: they are a tenth of the bundle. */
const shareKeys = {
  name: "share-keys",
  setup({ onLoad }) {
    onLoad({ filter: /\/translations\/[\w-]+\.json$/ }, async ({ path }) => {
      if (path.endsWith("/en.json")) return undefined;
      const english = JSON.parse(await readFile(join(dirname(path), "en.json"), "utf8"));
      const texts = JSON.parse(await readFile(path, "utf8"));
      const joined = Object.keys(english)
        .map((key) => texts[key])
        .join("|");
      return {
        contents: `import { withKeys } from "../with-keys.ts";
          export default withKeys(${JSON.stringify(joined)}.split("|"));`,
        loader: "js",
      };
    });
  },
};

const { outputFiles } = await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: ["src/main.ts"],
  bundle: true,
  format: "esm",
  // What Home Assistant's own modern build asks of a browser.
  target: "es2022",
  minify: true,
  legalComments: "none",
  banner: {
    js: "/*! With Lit, Copyright 2017-2022 Google LLC, SPDX-License-Identifier: BSD-3-Clause */",
  },
  charset: "utf8",
  plugins: [minifyTemplates, shareKeys],
  write: false,
});
const [{ contents, text }] = outputFiles;

if (contents.length > LARGEST) {
  console.error(`build: the bundle has ${contents.length} bytes, and may have ${LARGEST}`);
  process.exit(1);
}
if (process.argv.includes("--check")) {
  if ((await readFile(BUNDLE, "utf8").catch(() => "")) !== text) {
    console.error(`build: ${BUNDLE} is not what the source gives; scripts/frontend build`);
    process.exit(1);
  }
} else {
  await writeFile(BUNDLE, text);
  console.log(`build: ${BUNDLE}, ${contents.length} bytes`);
}
