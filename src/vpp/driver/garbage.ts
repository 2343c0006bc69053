import type { VSwitchError } from "../../core/errors.js";
import { Err, type Result } from "../../core/result.js";
import type { Collected } from "../../core/vswitch.js";
import { sweepDomains } from "./bridges.js";
import { keyForms } from "./marks.js";
import { removeFound } from "./remove.js";
import type { Change } from "./verb.js";
import { readWorld } from "./world.js";

/** `collectGarbage`: what carries our mark and no valid key goes, one by one; then our domains that are empty. */
export async function collect(
  change: Change,
  valid: ReadonlySet<string>,
): Promise<Result<Collected, VSwitchError>> {
  const { context } = change;
  const { deadline, owner } = context;
  const world = await readWorld(context);
  if (world.isErr()) return world;
  const keys = keyForms(valid);
  const deleted: string[] = [];
  const kept: string[] = [];
  const failed: { name: string; error: VSwitchError }[] = [];
  for (const found of world.value.interfaces) {
    const { mark, name } = found;
    if (mark?.owner !== owner) continue;
    if (keys.has(mark.key)) {
      kept.push(name);
      continue;
    }
    if (deadline.signal.aborted)
      return Err(deadline.failure(`deleting ${name}`, "not-sent", deletedSoFar(deleted)));
    const gone = await removeFound(change, found);
    if (gone.isErr()) failed.push({ name, error: gone.error });
    else if (gone.value.deleted) deleted.push(name);
  }
  const swept = await sweepDomains(context);
  return swept.map(() => ({ deleted, kept, failed }));
}

const deletedSoFar = (names: readonly string[]): readonly string[] =>
  names.map((name) => `${name} was deleted`);
