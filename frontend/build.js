// Build custom_components/dts307/www from src: the main module, which Home Assistant loads on every
// page, and the chunks that it downloads when they are used. With --check, only report whether the
// files that are there are what the source gives, and within their budgets.
import { build } from "esbuild";
import { minifyHTMLLiterals } from "minify-literals";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { REGISTRATION_KEYS } from "./src/registration/text-keys.ts";

const WWW = fileURLToPath(new URL("../custom_components/dts307/www/", import.meta.url));

/** The oldest browsers that the cards work in, as in docs/card.md and test/browsers.test.ts. */
const BROWSERS = ["chrome78", "firefox98", "safari15"];

/** Each file of the build by a source in it, and the most bytes that it may have. */
const BUDGETS = [
  ["src/main.ts", 7_600],
  ["src/cards/meter/meter-card.ts", 18_000],
  ["src/cards/phasor/phasor-card.ts", 7_000],
  ["src/cards/intervals/intervals-card.ts", 28_500],
  // Lit, and what the cards share: the readings of a meter and the form, too.
  ["src/cards/shared/base-card.ts", 29_500],
  ["src/dashboard/strategy.ts", 6_700],
  // English, and what else the cards and the dashboard share.
  ["src/i18n/localize.ts", 6_200],
  ["src/i18n/translations/de.json", 4_600],
  ["src/i18n/translations/es.json", 4_600],
  ["src/i18n/translations/fr.json", 4_600],
  ["src/i18n/translations/nl.json", 4_600],
  ["src/i18n/translations/pt-BR.json", 4_600],
];

const CHUNKS = {
  "meter-card": "src/cards/meter/meter-card.ts",
  "intervals-card": "src/cards/intervals/intervals-card.ts",
  "phasor-card": "src/cards/phasor/phasor-card.ts",
  dashboard: "src/dashboard/dashboard.ts",
};

/** Remove the white space of templates and style sheets. */
const minifyTemplates = {
  name: "minify-templates",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.+\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const minified = await minifyHTMLLiterals(source, { fileName: path });
      return { contents: minified?.code ?? source, loader: "ts" };
    });
  },
};

/** Keep only those texts in the main module that it shows itself. */
const keepRegistrationTexts = {
  name: "keep-registration-texts",
  setup({ onLoad }) {
    onLoad({ filter: /\/translations\/.+\.json$/ }, async ({ path }) => {
      const texts = JSON.parse(await readFile(path, "utf8"));
      const kept = REGISTRATION_KEYS.map((key) => texts[key]);
      return {
        contents: `import { withKeys } from "../../registration/text-keys.ts";
          export default withKeys(${JSON.stringify(kept)});`,
        loader: "js",
      };
    });
  },
};

/** Let the main module import chunks, which are built before it, by their names with the hash. */
const linkChunks = (chunks) => ({
  name: "link-chunks",
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ kind, path, importer }) => {
      if (kind !== "dynamic-import") return undefined;
      const source = resolve(dirname(importer), path);
      const chunk = chunks.find(({ entry }) => entry === source);
      if (!chunk) return { errors: [{ text: `${path} is not among CHUNKS` }] };
      return { path: `./${chunk.name}`, external: true };
    });
  },
});

/** Lit's licence asks for this note where Lit is. */
const LICENCE =
  "/*! With Lit, Copyright 2017-2022 Google LLC, SPDX-License-Identifier: BSD-3-Clause */\n";

function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}

async function bundle(options) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: import.meta.dirname,
    outdir: WWW,
    bundle: true,
    format: "esm",
    // Home Assistant's page loads modules in its build for older browsers, too.
    target: BROWSERS,
    minify: true,
    legalComments: "none",
    charset: "utf8",
    metafile: true,
    write: false,
    ...options,
  });
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [
      resolve(import.meta.dirname, path),
      output,
    ]),
  );
  return outputFiles.map(({ path, text }) => {
    const { entryPoint, inputs } = outputs.get(path);
    const sources = Object.keys(inputs);
    const withLit = sources.some((source) => source.startsWith("node_modules/"));
    return {
      name: relative(WWW, path),
      entry: entryPoint && resolve(import.meta.dirname, entryPoint),
      sources,
      text: withLit ? LICENCE + text : text,
    };
  });
}

async function bundleAll() {
  const chunks = await bundle({
    entryPoints: CHUNKS,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true,
    plugins: [minifyTemplates],
  });
  // A build of its own: code shared with chunks would be another file for every page to download.
  const main = await bundle({
    entryPoints: { dts307: "src/main.ts" },
    plugins: [minifyTemplates, keepRegistrationTexts, linkChunks(chunks)],
  });
  return [...main, ...chunks];
}

const files = await bundleAll();
for (const { name, sources, text } of files) {
  const [source, budget] = BUDGETS.find(([source]) => sources.includes(source)) ?? [];
  if (!source) fail(`${name} has no budget; it is made of ${sources.join(", ")}`);
  const size = Buffer.byteLength(text);
  if (size > budget) fail(`${name} (${source}) has ${size} bytes; its budget is ${budget}`);
  console.log(`build: ${name}, ${size} bytes`);
}

const present = await readdir(WWW).catch(() => []);
const obsolete = present.filter((name) => !files.some((file) => file.name === name));
if (process.argv.includes("--check")) {
  const wrong = [...obsolete];
  for (const { name, text } of files) {
    if ((await readFile(join(WWW, name), "utf8").catch(() => "")) !== text) wrong.push(name);
  }
  if (wrong.length > 0) {
    fail(`not what the source gives: ${wrong.join(", ")}. Run scripts/frontend build.`);
  }
} else {
  await mkdir(WWW, { recursive: true });
  for (const name of obsolete) await rm(join(WWW, name));
  for (const { name, text } of files) await writeFile(join(WWW, name), text);
}
