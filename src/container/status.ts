import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { statusFile, type ContainerStatus } from "../handover/index.js";
import type { Found } from "./found.js";

/** What became of an interface. */
export type Outcome = Pick<ContainerStatus, "state" | "message">;

/** Whether the file says this already: then it is not written, so that nobody is woken for nothing. */
function says(file: string, outcome: Outcome): boolean {
  try {
    const old: unknown = JSON.parse(readFileSync(file, "utf8"));
    return (
      typeof old === "object" &&
      old !== null &&
      "state" in old &&
      "message" in old &&
      old.state === outcome.state &&
      old.message === outcome.message
    );
  } catch {
    return false;
  }
}

/**
 * Tells the host what became of an interface: `status-<ifname>.json` beside the file that told of it, whole or not at all.
 * Gives why it could not be written, which is no failure: the interface works without.
 */
export function acknowledge({ handover, folder }: Found, outcome: Outcome): string | undefined {
  if (folder === undefined) return undefined;
  const file = join(folder, statusFile(handover.ifName));
  if (says(file, outcome)) return undefined;
  const status: ContainerStatus = {
    version: 1,
    ifName: handover.ifName,
    ...outcome,
    at: new Date().toISOString(),
  };
  const passing = join(dirname(file), `.${statusFile(handover.ifName)}.${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(passing, `${JSON.stringify(status)}\n`, { mode: 0o644, flag: "wx" });
    renameSync(passing, file);
    return undefined;
  } catch (error) {
    rmSync(passing, { force: true });
    return `${file} could not be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}
