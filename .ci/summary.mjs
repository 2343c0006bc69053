// Adds up the steps of .ci/run and prints the result as the last line; the exit code says whether all is well.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const folder = process.argv[2];
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

for (const line of readFileSync(join(folder, "steps"), "utf8").trim().split("\n")) {
  const [outcome, name] = line.split(" ");
  const own = join(folder, `${name}.json`);
  // In the words of vitest's JSON report.
  const {
    numPassedTests = 0,
    numFailedTests = 0,
    numPendingTests = 0,
    numTodoTests = 0,
  } = existsSync(own)
    ? JSON.parse(readFileSync(own, "utf8"))
    : { [outcome === "passed" ? "numPassedTests" : "numFailedTests"]: 1 };
  counts.passed += numPassedTests;
  counts.skipped += numPendingTests + numTodoTests;
  // A step can fail with no failed test to show for it, such as when a test file does not load.
  counts.failed += outcome === "failed" ? Math.max(1, numFailedTests) : numFailedTests;
  if (outcome === "failed") failures.push(name);
}

if (failures.length > 0) console.log(`\nfailed: ${failures.join(", ")}`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
