import { appendFileSync } from "node:fs";

/** The levels of the old plugin, most urgent first. */
export const levels = ["panic", "error", "warning", "info", "debug", "verbose"] as const;
export type Level = (typeof levels)[number];

/** Where a command writes what it does: never to standard output, which is the answer's. */
export interface Log {
  (level: Level, message: string): void;
}

export interface LogOptions {
  readonly file: string | undefined;
  readonly level: string | undefined;
  /** Writes a line to standard error. */
  readonly stderr: (line: string) => void;
}

/** On one line, whatever a container, a switch or a server has said: nobody adds a line of their own. */
const onOneLine = (message: string): string =>
  message.replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (each) => `\\u${(each.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );

/**
 * Warnings and worse go to standard error, which runtimes keep; all that the level asks for goes to the file. A file
 * or level that cannot be used is told there, and stops nothing.
 */
export function openLog({ file = "", level = "", stderr }: LogOptions): Log {
  const chosen = levels.find((known) => known === level.toLowerCase());
  if (level !== "" && chosen === undefined)
    stderr(`userspace: logLevel ${JSON.stringify(level)} is none of ${levels.join(", ")}: warning is used`);
  const threshold = levels.indexOf(chosen ?? "warning");
  let usable = file !== "";
  return (of, text) => {
    if (levels.indexOf(of) > threshold) return;
    const message = onOneLine(text);
    if (levels.indexOf(of) <= levels.indexOf("warning")) stderr(`userspace: ${of}: ${message}`);
    if (!usable) return;
    try {
      appendFileSync(file, `${new Date().toISOString()} [${process.pid}] ${of}: ${message}\n`, {
        mode: 0o644,
      });
    } catch (error) {
      usable = false;
      stderr(
        `userspace: cannot write logFile ${file}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
}
