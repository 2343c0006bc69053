import type { VSwitchError } from "../../index.js";
import { printable, type Style } from "../style.js";
import { columns } from "../table.js";

/** What one check has found. `warning`: it works, but perhaps not as wished; `broken`: something cannot work. */
export interface Finding {
  /** What was checked, in a word. */
  readonly check: string;
  readonly status: "ok" | "warning" | "broken";
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** An error of a call as a finding: what happened apart from what to do. */
export function failure(check: string, error: VSwitchError): Finding {
  if (error.kind !== "unreachable") return { check, status: "broken", found: error.message };
  const found = error.message.replace(`; ${error.hint}`, "");
  return { check, status: "broken", found, remedy: error.hint };
}

const formats = { ok: "green", warning: "yellow", broken: "red" } as const;

/** Findings as lines, each remedy below its own. */
export function findingLines(findings: readonly Finding[], style: Style): string {
  const rows = findings.flatMap(({ check, status, found, remedy }) => [
    [style(formats[status], status), check, printable(found)],
    ...(remedy === undefined ? [] : [["", "", `-> ${printable(remedy)}`]]),
  ]);
  return columns(rows);
}
