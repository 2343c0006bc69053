/// <reference types="node" />
// Adds up the steps of .ci/run and prints the result as the last line; the exit code says whether all is well.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/**
 * What a step counted itself, in the words of vitest's JSON report.
 * @type {(text: string) => Partial<Record<"numPassedTests" | "numFailedTests" | "numPendingTests" | "numTodoTests", number>>}
 */
const parseCounts = JSON.parse;

const [folder = "."] = process.argv.slice(2);
let [passed, failed, skipped] = [0, 0, 0];
const failures = [];

for (const line of readFileSync(join(folder, "steps"), "utf8").trim().split("\n")) {
  const [outcome, name] = line.split(" ");
  const file = join(folder, `${name}.json`);
  const own = existsSync(file) ? parseCounts(readFileSync(file, "utf8")) : undefined;
  passed += own?.numPassedTests ?? (outcome === "passed" ? 1 : 0);
  skipped += (own?.numPendingTests ?? 0) + (own?.numTodoTests ?? 0);
  // A step can fail with no failed test to show for it, such as when a test file does not load.
  failed += Math.max(own?.numFailedTests ?? 0, outcome === "failed" ? 1 : 0);
  if (outcome === "failed") failures.push(name);
}

if (failures.length > 0) process.stdout.write(`\nfailed: ${failures.join(", ")}\n`);
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
