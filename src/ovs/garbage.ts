import type { VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { withLeftBehind } from "../core/retold.js";
import type { Collected } from "../core/vswitch.js";
import { sweepBridges } from "./bridges.js";
import { commit, committedApplied, notApplied, type Context } from "./context.js";
import { select } from "./database.js";
import { lifetimeOf, markOf, ownerPair } from "./marks.js";
import { remove } from "./remove.js";
import type { Uuid } from "./rows.js";

/** `collectGarbage`: what carries our mark and no valid key goes, one by one; then our bridges that are empty. */
export async function collect(
  context: Context,
  valid: ReadonlySet<string>,
): Promise<Result<Collected, VSwitchError>> {
  const { session, deadline, owner } = context;
  const root = await session.rootId(deadline);
  if (root.isErr()) return root;
  const read = await session.read(
    [select("Interface", [["external_ids", "includes", ownerPair(owner)]], ["name", "external_ids"])],
    deadline,
  );
  if (read.isErr()) return read;
  // A bridge's own interface carries the bridge's mark: it goes with the bridge.
  const own = read.value[0].rows.filter((row) => lifetimeOf(row.external_ids) === null);
  const quick: Context = { ...context, wait: false };
  const deleted: string[] = [];
  const kept: string[] = [];
  const failed: { name: string; error: VSwitchError }[] = [];
  for (const { _uuid: id, name, external_ids: ids } of own.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (valid.has(markOf(ids)?.key ?? name)) {
      kept.push(name);
      continue;
    }
    if (deadline.hasPassed)
      return Err(deadline.failure(`deleting ${name}`, "not-sent", deletedSoFar(deleted)));
    // Only this very one: its name may be in use again, under a key that is valid.
    const gone = await remove(quick, name, id);
    if (gone.isErr()) failed.push({ name, error: gone.error });
    else if (gone.value.deleted) deleted.push(name);
  }
  const finished = await finish(context, root.value, deleted.length > 0);
  return finished.isErr()
    ? Err(withLeftBehind(finished.error, deletedSoFar(deleted)))
    : Ok({ deleted, kept, failed });
}

/** What comes after the interfaces: the bridges that are empty now, and one wait for all that was deleted. */
async function finish(
  context: Context,
  root: Uuid,
  hasDeleted: boolean,
): Promise<Result<void, VSwitchError>> {
  const swept = await sweepBridges({ ...context, wait: false }, root);
  if (swept.isErr() || !context.wait || !hasDeleted) return swept;
  const numbered = await commit(context, root, []);
  if (numbered.isErr()) return numbered;
  const done = await committedApplied(context, numbered.value);
  if (done?.isErr() !== true) return Ok(undefined);
  const doing = "waiting for ovs-vswitchd to let go of what was deleted (is ovs-vswitchd running?)";
  return Err(notApplied(context, doing, done.error));
}

const deletedSoFar = (names: readonly string[]): readonly string[] =>
  names.map((name) => `${name} was deleted`);
