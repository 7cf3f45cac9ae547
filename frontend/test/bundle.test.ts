import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const FRONTEND = new URL("..", import.meta.url);

test("the built files match the source and their budgets", () => {
  const { status, stderr } = spawnSync(process.execPath, ["build.js", "--check"], {
    cwd: FRONTEND,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});

test("the main module imports nothing before it is used", () => {
  const main = new URL("../custom_components/dts307/www/dts307.js", FRONTEND);
  const text = readFileSync(main, "utf8");
  assert.doesNotMatch(text, /\bfrom\s*"|\bimport\s*"/);
  assert.match(text, /\bimport\("\.\/meter-card-\w{8}\.js"\)/);
});

test("the lock file pins packages by hash, and names no registry", () => {
  const text = readFileSync(new URL("package-lock.json", FRONTEND), "utf8");
  assert.ok(!text.includes('"resolved"'));
  const { packages } = JSON.parse(text) as { packages: Record<string, { integrity?: string }> };
  for (const [name, { integrity }] of Object.entries(packages)) {
    if (name) assert.match(integrity ?? "", /^sha512-/, name);
  }
});
