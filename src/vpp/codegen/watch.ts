import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How a directory is watched. */
export interface WatchOptions {
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** How often to look, in milliseconds; the default is 500. */
  readonly intervalMs?: number | undefined;
}

/**
 * Tells each time that an API file under one of the paths has come, gone or changed.
 *
 * It looks at sizes and times at intervals: package managers replace whole directories, which ends the operating
 * system's own notifications, and looking at 150 files costs a millisecond.
 */
export async function* watchSources(
  paths: readonly string[],
  { signal, intervalMs = 500 }: WatchOptions,
): AsyncGenerator<void, void, undefined> {
  let known = stateOf(paths);
  while (!signal.aborted) {
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    const now = stateOf(paths);
    if (signal.aborted || now === known) continue;
    known = now;
    yield;
  }
}

/** Every API file with its size and time, as text; nothing for a path that is not there. */
function stateOf(paths: readonly string[]): string {
  return paths.flatMap((path) => filesUnder(path).map(fileState)).join("\n");
}

function filesUnder(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".api.json"))
      .toSorted()
      .map((name) => join(path, name));
  } catch {
    return [];
  }
}

function fileState(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? file : `${file} ${stat.size} ${stat.mtimeMs} ${stat.ino}`;
}
