/** The TypeScript of the README and of a guide that is no program of its own compiles, as strict as this project. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { diagnosticsOf } from "../support/compiler.js";
import { readGuide } from "../support/guide.js";

const sources = join(import.meta.dirname, "../../src");

test.each([
  ["README.md", "vswitch-drivers", "./index.js"],
  ["doc/cni.md", "vswitch-drivers/cni", "./cni/index.js"],
])("what is in %s compiles", { timeout: 60_000 }, (file, name, module) => {
  const code = readGuide(file).program({ [name]: module });
  expect(code).toContain(module);
  expect(diagnosticsOf(new Map([[join(sources, "snippet.ts"), code]]))).toEqual([]);
});
