/** Bindings generated for a test, in a directory of its own, and loaded. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type GenerateOptions, generateBindings } from "../../../src/vpp/codegen/index.js";
import type { MessageTable } from "../../../src/vpp/wire/index.js";
import { asRecord } from "../schema/narrow.js";
import { modelOf } from "../schema/api-files.js";

/** The project's own directory. */
export const repository: string = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Where generated code finds the runtime of this checkout. */
const runtime: string = join(repository, "src/vpp/wire/index.js");

/** A directory that is gone after the test. */
export class TemporaryDirectory implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "vpp-bindgen-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Generates the bindings of some releases, every message of them. */
export function generate(
  releases: readonly string[],
  options: GenerateOptions = {},
): ReadonlyMap<string, string> {
  const inputs = releases.map((release) => ({ release, model: modelOf(release) }));
  return generateBindings(inputs, { unsafe: true, runtime, ...options }).unwrap().files;
}

/** Writes generated files to a directory. */
export function writeFiles(directory: string, files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) writeFileSync(join(directory, name), text);
}

/** The table of all messages of bindings in a directory. */
export async function loadTable(directory: string): Promise<MessageTable> {
  const module: unknown = await import(join(directory, "registry.ts"));
  const { messageTable } = asRecord(module);
  if (typeof messageTable !== "function") throw new TypeError("registry.ts has no messageTable");
  const table: unknown = Reflect.apply(messageTable, undefined, []);
  if (!isTable(table)) throw new TypeError("messageTable gives no table");
  return table;
}

function isTable(value: unknown): value is MessageTable {
  return typeof value === "object" && value !== null && "find" in value;
}
