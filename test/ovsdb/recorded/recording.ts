import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What happened next in a session. */
export type Entry =
  /** One side sent this before the other one did anything, on one of the session's connections. */
  | { readonly connection: number; readonly from: Side; readonly text: string }
  /** One side ended a connection. */
  | { readonly connection: number; readonly from: Side; readonly end: true }
  /** What comes now is of what others did then. */
  | { readonly others: true }
  /** All that the client's user saw of it. */
  | { readonly seen: string };

export type Side = "client" | "server";

/** Where a session is kept, one entry a line. */
export function recordingFile(name: string): string {
  return fileURLToPath(new URL(`${name}.jsonl`, import.meta.url));
}

/** A recorded session. */
export function readRecording(name: string): readonly Entry[] {
  const file = recordingFile(name);
  if (!existsSync(file)) throw new Error(`${file} is missing: npx tsx test/ovsdb/recorded/record.ts`);
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map(entryOf);
}

function entryOf(line: string): Entry {
  const entry: unknown = JSON.parse(line);
  if (!isEntry(entry)) throw new TypeError(`${line} is no entry of a recording`);
  return entry;
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  if ("others" in value) return value.others === true;
  if ("seen" in value) return typeof value.seen === "string";
  const has = { connection: undefined, from: undefined, text: undefined, end: undefined, ...value };
  const isSide = has.from === "client" || has.from === "server";
  return typeof has.connection === "number" && isSide && (typeof has.text === "string" || has.end === true);
}
