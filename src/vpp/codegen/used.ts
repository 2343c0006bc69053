import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { generatedMark } from "./generate.js";
import { pascal } from "./names.js";

const source = /\.[cm]?[jt]sx?$/;
const skipped = /(^|[\\/])(node_modules|\.git)([\\/]|$)/;

/**
 * The messages that a source tree uses: those whose generated name it imports, and those that it names in quotes.
 * Generated files themselves do not count.
 *
 * @param names - all messages that there are
 */
export function usedMessages(directory: string, names: Iterable<string>): ReadonlySet<string> {
  const imported = new Set<string>();
  const quoted = new Set<string>();
  for (const file of sourceFiles(directory)) {
    const text = readFileSync(file, "utf8");
    if (text.startsWith(generatedMark)) continue;
    for (const [, list = ""] of text.matchAll(/\bimport\s+(?:type\s+)?\{([^}]*)\}/g)) {
      for (const [word] of list.matchAll(/\w+/g)) imported.add(word);
    }
    for (const [, word = ""] of text.matchAll(/["'`]([a-z][a-z0-9_]*)["'`]/g)) quoted.add(word);
  }
  const used = new Set<string>();
  for (const name of names) if (quoted.has(name) || imported.has(pascal(name))) used.add(name);
  return used;
}

function sourceFiles(directory: string): readonly string[] {
  if (!statSync(directory).isDirectory()) return [directory];
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => source.test(name) && !skipped.test(name))
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}
