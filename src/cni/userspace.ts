#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { main } from "./main.js";

const interrupted = new AbortController();
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
  process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));

function stdin(): string {
  try {
    return readFileSync(0, "utf8");
  } catch {
    // Closed, or a terminal that has nothing to say.
    return "";
  }
}

async function run(): Promise<void> {
  const { stdout, exitCode } = await main({
    args: process.argv.slice(2),
    env: process.env,
    stdin,
    stderr: (line) => void process.stderr.write(`${line}\n`),
    signal: interrupted.signal,
  });
  process.exitCode = exitCode;
  process.stdout.write(stdout);
}

void run();
