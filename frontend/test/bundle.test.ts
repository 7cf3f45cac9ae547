import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const FRONTEND = new URL("..", import.meta.url);

test("the bundle that is checked in is what the source gives", () => {
  const { status, stderr } = spawnSync(process.execPath, ["build.js", "--check"], {
    cwd: FRONTEND,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});

test("the lock file pins packages by their hashes, and names no place to get them from", () => {
  const text = readFileSync(new URL("package-lock.json", FRONTEND), "utf8");
  assert.ok(!text.includes('"resolved"'));
  const { packages } = JSON.parse(text) as { packages: Record<string, { integrity?: string }> };
  for (const [name, { integrity }] of Object.entries(packages)) {
    if (name) assert.match(integrity ?? "", /^sha512-/, name);
  }
});
